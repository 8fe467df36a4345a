"""What samples show to be wrong with a mapping."""

import pytest

from mlbgen import infer, lower, sample, source
from mlbgen.diagnostics import Diagnostic
from mlbgen.errors import MlbgenError
from mlbgen.stubs import Stub

MAPPING = """\
version: 1
source:
  endpoint: game
  method: test
  url: /{{game_pk}}
  raw_table: game.test
  document: {{game_pk: {{type: bigint, path: $.gamePk}}}}
tables:
  - name: game.plays
    description: One row for each play.
    duplicates: {duplicates}
    rows: {{play: "$.plays[*]"}}
    primary_key: [game_pk, n]
    columns:
      - {{name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: Game.}}
      - {{name: n, type: smallint, path: play.n, nullable: false, description: Number.}}
      - {{name: speed, type: "numeric(4,1)", path: play.speed, description: Speed.}}
      - {{name: outs, type: smallint, path: play.innings, convert: innings_to_outs, description: Outs.}}
      - {{name: era, type: "numeric(4,2)", path: play.era, null_if: ["-.--"], description: Average.}}
"""
GOOD = {"gamePk": 1, "plays": [{"n": 1, "speed": 93.4, "innings": "7.2", "era": "2.50"}, {"n": 2}]}


def check(*documents: object, duplicates: str = "error", shown: object = GOOD) -> list[Diagnostic]:
    """`shown` gives the shape that the mapping is made for, `documents` are what it is checked by."""
    stubs = [Stub(f"/stubs/game_{number}.json.gz", "game.test", each) for number, each in enumerate(documents, 1)]
    shape = infer.infer([Stub("shown", "game.test", shown)])["game.test"]
    read = source.parse(MAPPING.format(duplicates=duplicates), "test.yaml")
    return sample.check(lower.lower(read, shape), [*stubs, Stub("other", "game.other", None)])


def play(**members: object) -> dict[str, object]:
    return {"gamePk": 1, "plays": [GOOD["plays"][0], {"n": 2, **members}]}  # type: ignore[index]


def texts(found: list[Diagnostic]) -> list[tuple[int, str, str, str]]:
    return [(each.position.line, each.code, each.message, each.help) for each in found]


def test_a_mapping_that_fits_its_samples() -> None:
    assert check(GOOD, {"gamePk": 2}, play(speed=93, innings=None)) == []


def test_mg101_a_column_that_no_sample_fills() -> None:
    only_placeholder = {"gamePk": 1, "plays": [{"n": 1, "speed": 93.4, "innings": "7.2", "era": "-.--"}]}
    assert texts(check(only_placeholder)) == [
        (
            19,
            "MG101",
            'column "era" of game.plays is NULL in every sample',
            "none of 1 rows has a value at $.plays[*].era: mend the path, or leave the column out",
        )
    ]


ASKED = """\
version: 1
source:
  endpoint: game
  method: test
  url: /{level}
  raw_table: game.test
  query: [day]
  document: {day: {type: date, parameter: day}, level: {type: smallint, parameter: level}}
tables:
  - name: game.plays
    description: One row for each play.
    rows: {play: "$.plays[*]"}
    primary_key: [day, level, n]
    columns:
      - {name: day, type: date, parameter: day, nullable: false, description: Day.}
      - {name: level, type: smallint, parameter: level, nullable: false, description: Level.}
      - {name: n, type: smallint, path: play.n, nullable: false, description: Number.}
"""
TWICE = {"plays": [{"n": 1}, {"n": 1}]}


@pytest.mark.parametrize(
    ("asked", "document", "codes"),
    [
        ({"day": "2024-07-01", "level": "1"}, GOOD, []),
        ({"level": "1"}, GOOD, ["MG101"]),
        ({"level": "1"}, TWICE, ["MG101"]),  # what is never captured may repeat: it can be of several days
        ({"day": "2024-07-01", "level": "1"}, TWICE, ["MG103"]),
        ({"day": "today", "level": "1"}, GOOD, ["MG104"]),
    ],
)
def test_keys_that_are_asked_for(asked: dict[str, str], document: object, codes: list[str]) -> None:
    shape = infer.infer([Stub("shown", "game.test", GOOD)])["game.test"]
    method = lower.lower(source.parse(ASKED, "test.yaml"), shape)
    assert [each.code for each in sample.check(method, [Stub("1.json", "game.test", document, asked)])] == codes


def test_mg102_a_key_without_a_value() -> None:
    assert texts(check(GOOD, play(n=None))) == [
        (16, "MG102", 'key column "n" of game.plays is NULL in a sample', "game_2.json.gz has null at $.plays[*].n")
    ]


def test_mg103_a_key_that_repeats() -> None:
    repeated = play(n=1)
    assert texts(check(repeated)) == [
        (
            9,
            "MG103",
            "the key (game_pk, n) of game.plays repeats in a sample",
            "game_1.json.gz has [1, 1] twice: add a column to primary_key, or say duplicates: first, or last",
        )
    ]
    assert check(repeated, duplicates="first") == []
    assert check(GOOD, GOOD) == []  # in two samples it is the same document seen twice


@pytest.mark.parametrize(
    ("members", "line", "message", "help_"),
    [
        (
            {"speed": 93.45},
            17,
            'column "speed" of game.plays: numeric(4,1) would round 2 decimals to 1',
            "93.45 at $.plays[*].speed",
        ),
        ({"speed": 1000}, 17, "has no room for 4 digits before the point", "1000 at $.plays[*].speed"),
        ({"n": 40000}, 16, "the integer does not fit 2 bytes", "40000 at $.plays[*].n"),
        ({"n": "2"}, 16, "integer is expected, not string", '"2" at $.plays[*].n'),
        ({"speed": "93.4"}, 17, "number is expected, not string", '"93.4" at $.plays[*].speed'),
        ({"n": {}}, 16, "integer is expected, not object", "{} at $.plays[*].n"),
        ({"n": 2.5}, 16, "integer is expected, not number", "2.5 at $.plays[*].n"),
        ({"innings": "7.4"}, 18, "innings are expected", '"7.4" at $.plays[*].innings'),
        ({"era": "x" * 100}, 19, "a number is expected", f'"{"x" * 58}… at $.plays[*].era'),
        ({"era": {"deep": 1}}, 19, "string is expected, not object", '{"deep": 1} at $.plays[*].era'),
    ],
)
def test_mg104_a_value_that_does_not_fit(members: dict[str, object], line: int, message: str, help_: str) -> None:
    ((at, code, told, advice),) = texts(check(GOOD, play(**members)))
    assert (at, code) == (line, "MG104")
    assert message in told
    assert advice == f"game_2.json.gz has {help_}"


def test_mg104_is_told_once_for_a_column() -> None:
    assert len(check(GOOD, play(speed=93.45), play(speed=93.46))) == 1


def test_mg105_a_table_that_no_sample_fills() -> None:
    assert texts(check({"gamePk": 1, "plays": []})) == [
        (9, "MG105", "game.plays is filled by no sample", "nothing that passes was found at $.plays")
    ]


def test_without_a_sample_nothing_can_be_checked() -> None:
    with pytest.raises(MlbgenError, match=r"no sample response of game\.test"):
        check()
