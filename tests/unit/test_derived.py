"""`derive`: which expressions can be derived into which types, checked on a server where they are all created."""

from collections.abc import Iterator

import psycopg
import pytest
from conftest import create_database
from lowering import DEFAULTS, HEAD, errors, method, table

from mlbgen import ir
from mlbgen.postgres import migrations
from mlbgen.postgres.relation import table_relation

PLAYS = """\
  - name: league.plays
    description: One row for each play.
    rows: {play: "$.plays[*]"}
    primary_key: [game_pk, at_bat_index]
    columns:
      - {name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.}
      - {name: inning, type: smallint, path: play.about.inning, description: The inning.}
      - {name: rbi, type: integer, path: play.result.rbi, description: Runs batted in.}
      - {name: rate, type: "numeric(5,2)", path: play.result.rbi, description: A number.}
      - {name: speed, type: double precision, path: play.result.rbi, description: A number.}
      - {name: start_time, type: timestamptz, path: play.about.startTime, description: When it started.}
      - {name: game_date, type: date, path: $.game.date, description: Day of the game.}
      - {name: event_type, type: text, path: play.result.eventType, description: What happened.}
      - {name: is_out, type: boolean, path: play.result.isOut, description: Whether it was an out.}
"""


def plays(*derived: tuple[str, str]) -> str:
    lines = (
        f'      - {{name: derived_{number}, type: "{kind}", derive: "{expression}", description: Derived.}}\n'
        for number, (kind, expression) in enumerate(derived)
    )
    return PLAYS + "".join(lines)


GOOD = [
    ("smallint", "inning + 1"),
    ("integer", "inning * rbi - 2"),
    ("bigint", "-rbi"),
    ("integer", "abs(rbi) % 3"),
    ("integer", "rbi / 2"),
    ("numeric(6,3)", "1.0 * rbi / nullif(inning, 0)"),
    ("double precision", "speed * 1.609"),
    ("numeric", "speed / 2"),
    ("numeric(5,1)", "round(rate, 1)"),
    ("integer", "round(rate * 10)"),
    ("integer", "greatest(inning, rbi, 0)"),
    ("smallint", "coalesce(inning, 0)"),
    ("text", "upper(event_type) || '!'"),
    ("text", "CASE WHEN is_out THEN 'out' WHEN rbi > 0 THEN event_type END"),
    ("text", "CASE rbi WHEN 0 THEN 'none' ELSE 'some' END"),
    ("text", "nullif(trim(event_type), '')"),
    ("integer", "length(event_type)"),
    ("boolean", "rbi > 0 AND NOT is_out"),
    ("boolean", "event_type IN ('single', 'double') OR event_type LIKE 'home%'"),
    ("boolean", "inning BETWEEN 1 AND 9"),
    ("boolean", "speed IS NULL"),
    ("boolean", "rbi IS DISTINCT FROM inning"),
    ("boolean", "start_time = start_time"),
    ("timestamptz", "start_time"),
    ("date", "game_date + 1"),
    ("integer", "game_date - coalesce(game_date, '2024-01-01')"),
]
BAD = [
    ("smallint", "event_type || rbi", "event_type || rbi takes text, not an integer"),
    ("integer", "rbi / inning", "inning can be zero"),
    ("integer", "rbi % (inning - 1)", "inning - 1 can be zero"),
    ("integer", "rbi / 0", "0 can be zero"),
    ("integer", "rate", "this is a number, which a column of type integer does not hold"),
    ("numeric(3,1)", "round(speed, 1)", "ROUND(speed, 1): PostgreSQL rounds double precision to integers only"),
    ("double precision", "speed % 2", "speed % 2: % does not take double precision"),
    ("boolean", "start_time > game_date", "start_time > game_date takes a timestamptz and a date together"),
    ("boolean", "start_time > '2024-01-01'", "start_time > '2024-01-01' takes a timestamptz and a text together"),
    ("boolean", "rbi > '1'", "rbi > '1' takes an integer and a text together"),
    ("boolean", "rbi AND is_out", "rbi AND is_out takes conditions, not an integer"),
    ("boolean", "rbi LIKE '1%'", "rbi LIKE '1%' takes text, not an integer"),
    ("integer", "CASE WHEN rbi THEN 1 END", "CASE WHEN rbi THEN 1 END takes conditions, not an integer"),
    ("text", "CASE WHEN is_out THEN rbi ELSE event_type END", "takes an integer and a text together"),
    ("text", "CASE WHEN is_out THEN NULL END", "this is NULL, which a column of type text does not hold"),
    ("text", "start_time", "this is a timestamptz, which a column of type text does not hold"),
    ("integer", "start_time - start_time", "start_time - start_time calculates with a timestamptz"),
    ("text", "lower(is_out)", "LOWER(is_out) takes text, not a boolean"),
    ("date", "start_time", "this is a timestamptz, which a column of type date does not hold"),
]


@pytest.fixture(scope="module")
def connection(request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(create_database(request.getfixturevalue("server15")), autocommit=True) as connected:
        yield connected


def test_all_that_is_accepted_is_accepted_by_the_server(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    lowered = method(plays(*GOOD), head=HEAD, defaults=DEFAULTS)
    connection.execute(migrations.tables_ddl([lowered]).encode())
    found = connection.execute(
        "SELECT count(*) FROM pg_attribute WHERE attrelid = 'league.plays'::regclass AND attgenerated = 's'"
    ).fetchone()
    assert found == (len(GOOD),)


@pytest.mark.parametrize(("kind", "expression", "why"), BAD)
def test_what_the_server_would_refuse_or_read_by_the_session(kind: str, expression: str, why: str) -> None:
    (found,) = errors(plays((kind, expression)))
    assert found.code == "MG072"
    assert why in found.message


def test_a_derived_column_is_beside_the_others() -> None:
    of = table(plays(("integer", "rbi + 1")), "plays")
    assert [each.name for each in of.derived] == ["derived_0"]
    assert of.derived[0].expression == ir.Expression('"rbi" + 1', (of.columns[4].name,))
    assert "derived_0" not in {each.name for each in of.columns}
    names = [each.name for each in table_relation(of).fields]
    assert names[-3:] == ["derived_0", "captured_at", "ingested_at"]


def test_the_fingerprint_changes_with_the_expression_only_where_there_is_one() -> None:
    one, other = (method(plays(("integer", f"rbi + {number}"))).fingerprint for number in (1, 2))
    assert len({one, other, method(PLAYS).fingerprint}) == 3


def test_long_expressions_are_read_in_time() -> None:
    terms = " + ".join(["rbi"] * 50)
    assert errors(plays(("integer", terms), ("integer", "nullif(" * 20 + "rbi" + ", 1)" * 20))) == ()
    nested = errors(plays(("integer", " + ".join(["rbi"] * 500)), ("boolean", " AND ".join(["is_out"] * 500))))
    assert {(each.code, each.message) for each in nested} == {("MG070", "the expression is nested too deeply")}
    assert len(nested) == 2


@pytest.mark.parametrize("expression", ["if(rbi > 1, inning, rbi)", "CASE if(is_out, 1, 2) WHEN 1 THEN 2 END"])
def test_what_only_other_servers_have_is_refused(expression: str) -> None:
    (found,) = errors(plays(("integer", expression)))
    assert (found.code, found.message) == ("MG070", "if() is not allowed in an expression")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("derive: rbi + 1, nullable: false", "MG052"),
        ("derive: rbi + 1, default: 0", "MG044"),
        ("derive: rbi + 1, path: play.result.rbi", "MG014"),
        ("derive: rbi + nothing", "MG050"),
        ("derive: now()", "MG070"),
        ("derive: ingested_at", "MG072"),
    ],
)
def test_settings_that_a_derived_column_can_not_have(settings: str, code: str) -> None:
    text = PLAYS + f"      - {{name: more, type: integer, {settings}, description: Derived.}}\n"
    assert [each.code for each in errors(text)] == [code]
