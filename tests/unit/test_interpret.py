"""Mappings interpreted over plain JSON."""

import textwrap

import pytest

from mlbgen import ir, lower
from mlbgen.language import paths, source
from mlbgen.samples import infer, interpret, sample
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import Misfit

DOCUMENT = {
    "gamePk": 7,
    "season": "2024",
    "at": {"second": "2024-07-13"},
    "plays": [
        {"n": 10, "events": [{"i": 1, "isPitch": True}, {"i": 2, "isPitch": False}, {"i": 3, "isPitch": True}]},
        {"n": 11},
        {"n": 12, "events": []},
        {"n": 13, "events": [{"i": 4, "isPitch": True}]},
    ],
    "players": {"ID5": {"id": 5, "name": "E", "era": "-.--"}, "ID6": {"id": 6, "era": "2.50"}},
    "order": [6, 9, 5, 6],
    "scored": [13, 10, 99],
    "indexes": [3, 0, 4, -1],
}
HEAD = """
version: 1
source:
  endpoint: game
  method: test
  url: /{game_pk}
  raw_table: game.test
  document: {game_pk: {type: bigint, path: $.gamePk}}
defaults:
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: Game.}
tables:
"""


def rows(table: str, document: object = DOCUMENT) -> list[dict[str, object]]:
    """The rows of a table, given as the YAML below `- name: game.t`, without game_pk."""
    found = sample.sample_rows(lowered(table).tables[0], Stub("test.json", "game.test", document))
    return [{name: value for name, value in row.items() if name != "game_pk"} for row in found]


def lowered(table: str) -> ir.Method:
    lines = "\n".join(f"    {line}" for line in textwrap.dedent(table).strip().splitlines())
    text = f"{HEAD}  - name: game.t\n    description: Test.\n{lines}\n"
    seen = [DOCUMENT, {"at": {"first": "2024-07-12"}}]
    shape = infer.infer(Stub("test.json", "game.test", each) for each in seen)["game.test"]
    return lower.lower(source.parse(text, "test.yaml"), shape)


def test_one_row_per_document_with_conversions() -> None:
    found = rows(
        """
primary_key: [game_pk]
columns:
  - {name: season, type: smallint, path: $.season, description: Text to number.}
  - {name: day, type: date, path: [$.at.first, $.at.second], description: The first that is there.}
  - {name: source, type: text, constant: feed, description: Constant.}
  - {name: first, type: text, path: $.at.second, null_if: ["2024-07-13"], default: none, description: Default.}
"""
    )
    (row,) = found
    assert {name: str(value) for name, value in row.items()} == {
        "season": "2024",
        "day": "2024-07-13",
        "source": "feed",
        "first": "none",
    }


def test_nested_levels_with_a_filter_keep_the_index_in_the_whole_list() -> None:
    found = rows(
        """
rows: {play: "$.plays[*]", event: "play.events[?@.isPitch == true]"}
primary_key: [game_pk, n, event_index]
columns:
  - {name: n, type: smallint, path: play.n, nullable: false, description: Number.}
  - {name: play_index, type: smallint, index_of: play, start: 1, description: From 1.}
  - {name: event_index, type: smallint, index_of: event, nullable: false, description: From 0.}
  - {name: i, type: smallint, path: event.i, description: Number.}
"""
    )
    assert [tuple(row.values()) for row in found] == [(10, 1, 0, 1), (10, 1, 2, 3), (13, 4, 0, 4)]


def test_an_object_keyed_by_id_with_its_keys() -> None:
    found = rows(
        """
rows: {player: "$.players.*"}
primary_key: [game_pk, player_id]
columns:
  - {name: player_id, type: integer, path: player.id, nullable: false, description: Person.}
  - {name: api_key, type: text, key_of: player, description: Key.}
  - {name: era, type: "numeric(4,2)", path: player.era, null_if: ["-.--"], description: Average.}
"""
    )
    assert [{name: str(value) for name, value in row.items()} for row in found] == [
        {"player_id": "5", "api_key": "ID5", "era": "None"},
        {"player_id": "6", "api_key": "ID6", "era": "2.50"},
    ]


@pytest.mark.parametrize(
    ("duplicates", "expected"),
    [("first", [(6, 0, None), (9, 1, None), (5, 2, "E")]), ("last", [(6, 3, None), (9, 1, None), (5, 2, "E")])],
)
def test_a_list_of_ids_with_a_look_up_by_key(duplicates: str, expected: list[tuple[object, ...]]) -> None:
    found = rows(
        f"""
rows: {{id: "$.order[*]"}}
let: {{player: {{in: $.players, key: "ID{{id}}"}}}}
duplicates: {duplicates}
primary_key: [game_pk, player_id]
columns:
  - {{name: player_id, type: integer, item_of: id, nullable: false, description: Person.}}
  - {{name: slot, type: smallint, index_of: id, description: Ordinal.}}
  - {{name: name, type: text, path: player.name, description: Name.}}
"""
    )
    assert [tuple(row.values()) for row in found] == expected


@pytest.mark.parametrize(
    ("items", "by", "expected"),
    [
        ("scored", "where: {n: item}", [(13, 13), (10, 10), (99, None)]),
        ("indexes", "index: item", [(3, 13), (0, 10), (4, None), (-1, None)]),
    ],
)
def test_look_ups_in_a_list(items: str, by: str, expected: list[tuple[object, ...]]) -> None:
    found = rows(
        f"""
rows: {{item: "$.{items}[*]"}}
let: {{play: {{in: $.plays, {by}}}}}
primary_key: [game_pk, item]
columns:
  - {{name: item, type: smallint, item_of: item, nullable: false, description: Item.}}
  - {{name: n, type: smallint, path: play.n, description: Number.}}
"""
    )
    assert [tuple(row.values()) for row in found] == expected


def test_a_value_that_does_not_fit_is_refused() -> None:
    table = """
primary_key: [game_pk]
columns:
  - {name: season, type: smallint, path: $.season, description: Text to number.}
"""
    with pytest.raises(Misfit, match="an integer is expected"):
        rows(table, {"gamePk": 7, "season": "20x4"})


@pytest.mark.parametrize("document", [{}, [], None, {"plays": {}}, {"plays": [None, 1, {"events": "x"}]}])
def test_an_absent_list_gives_no_rows(document: object) -> None:
    table = """
rows: {play: "$.plays[*]", event: "play.events[*]"}
primary_key: [game_pk, i]
columns:
  - {name: i, type: smallint, path: event.i, nullable: false, description: Number.}
"""
    assert rows(table, document) == []


@pytest.mark.parametrize(
    ("condition", "item", "expected"),
    [
        ("@.a == 1", {"a": 1}, True),
        ("@.a == 1", {"a": 1.0}, True),
        ("@.a == 1", {"a": True}, False),
        ("@.a == true", {"a": 1}, False),
        ("@.a == true", {"a": True}, True),
        ("@.a == '1'", {"a": 1}, False),
        ("@.a == null", {"a": None}, True),
        ("@.a == null", {}, False),
        ("@.a != null", {}, True),
        ("@.a != 1", {}, True),
        ("@.a", {"a": None}, True),
        ("@.a", {}, False),
        ("!@.a", {}, True),
        ("@.a.b", {"a": [1]}, False),
        ("@.a < 2", {"a": 1.5}, True),
        ("@.a < 2", {"a": "1"}, False),
        ("@.a < 2", {"a": True}, False),
        ("@.a <= 2", {"a": 2}, True),
        ("@.a >= 2", {}, False),
        ("@.a > 'B'", {"a": "C"}, True),
        ("@.a > 'B'", {"a": "A"}, False),
        ("@.a == 1 && @.b == 2", {"a": 1, "b": 3}, False),
        ("@.a == 1 || @.b == 2", {"a": 1, "b": 3}, True),
        ("!(@.a == 1)", {"a": 1}, False),
        ("@ == 5", 5, True),
        ("@ > 5", 5, False),
    ],
)
def test_conditions_are_those_of_rfc_9535(condition: str, item: object, expected: bool) -> None:  # noqa: FBT001
    (each,) = paths.parse(f"$[?{condition}]").segments
    assert isinstance(each, paths.Each)
    assert each.where is not None
    assert interpret._holds(each.where, item) is expected


def test_what_is_carried_passes_filtered_items_and_is_kept_by_group() -> None:
    document = {
        "gamePk": 7,
        "plays": [
            {"n": 10, "events": [{"i": 1, "isPitch": True}, {"i": 2, "isPitch": False}, {"i": 3, "isPitch": True}]},
            {"n": 11, "events": [{"i": 4, "isPitch": True}]},
            {"n": 10, "events": [{"i": 5, "isPitch": True}, {"i": None, "isPitch": False}, {"i": 6, "isPitch": True}]},
        ],
    }
    found = rows(
        """
rows: {play: "$.plays[*]", event: "play.events[?@.isPitch == true]"}
primary_key: [game_pk, i]
columns:
  - {name: i, type: smallint, path: event.i, nullable: false, description: Number.}
  - name: before
    type: smallint
    description: The event before, by the number of the play.
    carry: {start: 0, by: [play.n], rules: [{after: event, path: event.i}]}
  - name: first
    type: smallint
    description: The first event that is no pitch.
    carry: {rules: [{before: event, fills: true, where: event.isPitch == false, path: event.i}]}
  - name: replaced
    type: smallint
    description: "100 is not there to be replaced: nothing that is missing equals nothing."
    carry: {rules: [{before: event, replaces: play.n, path: event.i}, {after: play, path: play.n}]}
""",
        document,
    )
    assert [tuple(row.values()) for row in found] == [
        (1, 0, None, None),
        (3, 2, 2, None),
        (4, 0, 2, 10),
        (5, 3, 2, 11),
        (6, 5, 2, 11),
    ]


@pytest.mark.parametrize(
    ("text", "error", "offset"),
    [
        ("", "a condition looks at a level, as in event.done == true", 0),
        ("event.a == 1 and", "expected && or ||", 13),
        ("event.a ==", "expected a literal: a quoted string, a number, true, false or null", 10),
        ("(" * 10_000, "nested too deeply", 0),
    ],
)
def test_conditions_on_levels_that_cannot_be_read(text: str, error: str, offset: int) -> None:
    with pytest.raises(paths.PathError) as refused:
        paths.parse_condition(text)
    assert (str(refused.value), refused.value.offset) == (error, offset)
