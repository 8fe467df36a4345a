"""Nothing that a mapping says becomes code: it is refused, or stays a text that emitters quote."""

import json

import pytest
import sqlglot
from lowering import DEFAULTS, GAMES, HEAD, errors, method
from sqlglot import exp

from mlbgen import ir
from mlbgen.language import paths
from mlbgen.language.names import is_sql_name

HOSTILE = [
    "x'; DROP TABLE games; --",
    'x"; DROP TABLE games; --',
    'x"""; import os  # ',
    "x{{ 7 * 7 }}",
    "x{% raw %}",
    "x\nimport os",
    "x\\",
    "x$$; SELECT 1; $$",
    "x\r\n-- ",
    "x\u202e",
    "x) OR (true",
    "__import__('os')",
]
VISIBLE = [each for each in HOSTILE if each.replace("\n", "").isprintable()]

MAPPING = {
    "version": 1,
    "source": {
        "endpoint": "league",
        "method": "gameV1",
        "url": "/api/v1/game/{game_pk}",
        "raw_table": "league.game_v1",
        "query": ["day"],
        "document": {
            "game_pk": {"type": "bigint", "path": "$.gamePk"},
            "day": {"type": "date", "parameter": "day"},
        },
    },
    "tables": [
        {
            "name": "league.batters",
            "description": "One row for each batter.",
            "rows": {"id": "$.teams.home.batters[*]"},
            "let": {"line": {"in": "$.teams.home.players", "key": "ID{id}"}},
            "primary_key": ["game_pk", "person_id", "day"],
            "columns": [
                {"name": "game_pk", "type": "bigint", "path": "$.gamePk", "nullable": False, "description": "Game."},
                {"name": "person_id", "type": "integer", "item_of": "id", "nullable": False, "description": "Person."},
                {"name": "era", "type": "numeric", "path": "line.stats.era", "description": "Earned run average."},
                {"name": "day", "type": "date", "parameter": "day", "nullable": False, "description": "Day."},
            ],
            "checks": [{"name": "era", "expression": "era >= 0", "severity": "warn"}],
            "indexes": [{"expression": "abs(era)", "where": "era > 1"}],
        }
    ],
}
# Where a name or a path stands that can only be one of the few that are right.
CLOSED = [
    ("source", "endpoint"),
    ("source", "method"),
    ("source", "url"),
    ("source", "raw_table"),
    ("source", "document", "game_pk", "type"),
    ("source", "document", "game_pk", "path"),
    ("source", "query", 0),
    ("source", "document", "day", "parameter"),
    ("tables", 0, "name"),
    ("tables", 0, "rows", "id"),
    ("tables", 0, "let", "line", "in"),
    ("tables", 0, "primary_key", 1),
    ("tables", 0, "columns", 1, "name"),
    ("tables", 0, "columns", 1, "type"),
    ("tables", 0, "columns", 1, "item_of"),
    ("tables", 0, "columns", 2, "path"),
    ("tables", 0, "columns", 3, "parameter"),
    ("tables", 0, "checks", 0, "name"),
    ("tables", 0, "checks", 0, "expression"),
    ("tables", 0, "indexes", 0, "expression"),
    ("tables", 0, "indexes", 0, "where"),
]


def lowered(mapping: object) -> ir.Method:
    # JSON is YAML, but for escapes that YAML does not have
    text = json.dumps(mapping, ensure_ascii=True)
    return method("", head=f"{text}\n#", defaults="", tail="")


def with_value(location: tuple[str | int, ...], value: object) -> object:
    copy = json.loads(json.dumps(MAPPING))
    at = copy
    for part in location[:-1]:
        at = at[part]
    at[location[-1]] = value
    return copy


def codes(mapping: object) -> list[str]:
    return [each.code for each in errors("", head=f"{json.dumps(mapping)}\n#", defaults="", tail="")]


def test_the_mapping_has_no_error_without_an_attempt() -> None:
    assert lowered(MAPPING).tables[0].name == "batters"


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("location", CLOSED, ids=lambda location: ".".join(map(str, location)))
def test_names_types_paths_and_expressions_are_refused(location: tuple[str | int, ...], hostile: str) -> None:
    assert codes(with_value(location, hostile))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("location", [("source", "document"), ("tables", 0, "rows"), ("tables", 0, "let")])
def test_keys_that_are_names_are_refused(location: tuple[str | int, ...], hostile: str) -> None:
    at = MAPPING
    for part in location:
        at = at[part]
    value = next(iter(at.values()))

    assert codes(with_value(location, {hostile: value}))


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("for_each", ["variable", "value"])
def test_for_each_only_takes_words(for_each: str, hostile: str) -> None:
    variable, value = (hostile, "home") if for_each == "variable" else ("side", hostile)
    mapping = with_value(("tables", 0, "for_each"), {variable: [value]})
    mapping["tables"][0]["name"] = f"league.{{{variable}}}_batters"

    assert codes(mapping)


@pytest.mark.parametrize("hostile", VISIBLE)
def test_strings_and_literals_are_kept_verbatim(hostile: str) -> None:
    mapping = with_value(("tables", 0, "description"), hostile)
    table = mapping["tables"][0]
    table["columns"][2]["description"] = hostile
    table["columns"][2]["null_if"] = [hostile]
    table["columns"].append({"name": "c", "type": "text", "constant": hostile, "description": "Constant."})
    table["rows"] = {"name": f"$.players[?@.fullName != {json.dumps(hostile)}]"}
    table["let"] = {}
    table["columns"][1] |= {"item_of": None, "path": "name.id"}
    table["columns"][2]["path"] = "name.fullName"
    mapping["source"]["accept"] = [
        {"rule": hostile, "path": f"$[{json.dumps(hostile)}]", "absent": True},
    ]
    found = lowered(mapping)
    batters = found.tables[0]
    stripped = hostile.strip()

    assert batters.description == stripped
    (_, _, era, _, constant, *_) = batters.columns
    assert (era.description, era.null_if, constant.value) == (stripped, (hostile,), ir.ConstantValue(hostile))
    assert batters.levels[0].where == paths.Comparison(("fullName",), "!=", hostile)
    assert found.rules[0].text == stripped
    assert found.rules[0].steps == (hostile,)


@pytest.mark.parametrize("hostile", [each for each in VISIBLE if "{" not in each])
def test_the_key_of_a_look_up_is_kept_verbatim(hostile: str) -> None:
    found = lowered(with_value(("tables", 0, "let", "line", "key"), f"{hostile}{{id}}{hostile}"))

    assert found.tables[0].lookups[0].by == ir.KeyOf(hostile, "id", hostile.rstrip())


@pytest.mark.parametrize("hostile", VISIBLE)
def test_a_literal_in_an_expression_stays_one_literal(hostile: str) -> None:
    quoted = hostile.replace("'", "''")
    text = json.dumps(f"full_name <> '{quoted}'")
    column = "      - {name: full_name, type: text, path: $.teams.home.name, description: Name.}\n"
    check = f"    checks: [{{name: known, expression: {text}, severity: warn}}]\n"
    (found,) = method(GAMES + column + check).tables[0].checks
    (tree,) = sqlglot.parse(found.condition.sql, dialect="postgres")

    assert isinstance(tree, exp.NEQ)
    assert (tree.this.name, tree.this.this.quoted) == ("full_name", True)
    assert (tree.expression.is_string, tree.expression.name) == (True, hostile)


@pytest.mark.parametrize(
    "expression",
    [
        "game_pk > 0; DROP TABLE games",
        "game_pk > (SELECT 1)",
        "EXISTS (SELECT 1)",
        "game_pk IN (SELECT game_pk FROM league.games)",
        "game_pk = ANY(ARRAY[1])",
        "pg_sleep(1) IS NULL",
        "now() > captured_at",
        "current_user = 'x'",
        "random() > game_pk",
        "game_pk::text = '1'",
        "CAST(game_pk AS text) = '1'",
        "nextval('x') > game_pk",
        "games.game_pk > 0",
        "game_pk > :x",
        "game_pk > $1",
        "game_pk > %(x)s",
        "season = E'\\n'",
        "season = $$x$$",
        "game_pk > 0 -- comment\n; DROP TABLE x",
        "game_pk > 0) OR (1 = 1",
        "DELETE FROM games",
        "COPY games TO PROGRAM 'id'",
        "(SELECT 1) = game_pk",
        'game_pk > 0 COLLATE "C"',
        "season ~ '(a+)+$'",
        "*",
        "?",
        "(" * 3000 + "game_pk" + ")" * 3000,
    ],
)
def test_expressions_beyond_the_columns_are_refused(expression: str) -> None:
    text = json.dumps(expression)
    found = errors(f"{GAMES}    checks: [{{name: bad, expression: {text}, severity: error}}]\n")

    assert {each.code for each in found} <= {"MG070", "MG071"}
    assert len(found) == 1


def test_comments_of_an_expression_are_dropped() -> None:
    tables = f"{GAMES}    checks: [{{name: pk, expression: 'game_pk /* x */ > 0 -- y', severity: error}}]\n"

    assert method(tables).tables[0].checks[0].condition.sql == '"game_pk" > 0'


def test_every_name_of_the_ir_is_plain() -> None:
    found = method(GAMES, head=HEAD, defaults=DEFAULTS)
    (games,) = found.tables
    names = [games.schema, games.name, *games.primary_key, *(each.name for each in (*games.columns, *games.indexes))]

    assert [name for name in names if not is_sql_name(name)] == []
