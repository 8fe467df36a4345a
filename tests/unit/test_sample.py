"""Mistakes of a mapping that its samples show."""

import pytest
from checked import check_samples

from mlbgen import lower
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic
from mlbgen.samples import infer, sample
from mlbgen.samples.stubs import Stub

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
    """Check a mapping for the shape of `shown` with samples of `documents`."""
    stubs = [Stub(f"/stubs/game_{number}.json.gz", "game.test", each) for number, each in enumerate(documents, 1)]
    shape = infer.infer([Stub("shown", "game.test", shown)])["game.test"]
    read = source.parse(MAPPING.format(duplicates=duplicates), "test.yaml")
    return list(check_samples(lower.lower(read, shape), [*stubs, Stub("other", "game.other", None)]).diagnostics)


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
            "none of 1 rows has a value at $.plays[*].era: correct the path, or remove the column",
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
  accept:
    - {rule: "must have plays", path: $.plays, present: true}
    - {rule: "must be no error", path: $.message, absent: true}
    - {rule: "must have a number", path: $.gamePk, type: integer}
    - {rule: "must be of the day", path: "$.plays[*].day", equals_parameter: day}
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
DAY = "2024-07-01"
OF_DAY = {"gamePk": 1, "plays": [{"n": 1, "day": DAY}, {"n": 2}]}
TWICE = {"gamePk": 1, "plays": [{"n": 1}, {"n": 1}]}
WITHOUT_KEY = {"gamePk": 1, "plays": [{"n": None}]}
WHOLE = Stub("whole.json", "game.test", OF_DAY, {"day": DAY, "level": "1"})


def check_asked(*stubs: Stub) -> sample.SampleReport:
    shape = infer.infer([WHOLE])["game.test"]
    return check_samples(lower.lower(source.parse(ASKED, "test.yaml"), shape), stubs)


def codes(checked: sample.SampleReport) -> list[str]:
    return [each.code for each in checked.diagnostics]


@pytest.mark.parametrize(
    ("asked", "document", "told"),
    [
        ({"day": DAY, "level": "1"}, OF_DAY, []),
        ({"level": "1"}, OF_DAY, ["MG106", "MG101"]),
        ({"level": "1"}, TWICE, ["MG106", "MG101"]),  # what is never captured may repeat: it can be of several days
        ({"day": DAY, "level": "1"}, TWICE, ["MG103"]),
        ({"day": "today", "level": "1"}, OF_DAY, ["MG106", "MG101"]),
    ],
)
def test_keys_from_request_parameters(asked: dict[str, str], document: object, told: list[str]) -> None:
    assert codes(check_asked(Stub("1.json", "game.test", document, asked))) == told


@pytest.mark.parametrize("document", [TWICE, WITHOUT_KEY, {"gamePk": 1, "plays": [{"n": "x"}]}])
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ({"level": "1"}, "requested without parameter day"),
        ({"day": DAY, "level": "1,2"}, "parameter level is not a single smallint"),
        ({"day": DAY, "level": "1", "team": "7"}, "requested with parameter team"),
    ],
)
def test_a_part_of_a_document_is_counted_with_its_reason(asked: dict[str, str], reason: str, document: object) -> None:
    found = check_asked(WHOLE, Stub("part.json", "game.test", document, asked))
    assert found == sample.SampleReport("game.test", 1, {reason: 1}, ())
    assert (
        found.text() == f"game.test: checked with 1 sample; set aside because they are not whole documents: 1 {reason}"
    )


def test_a_part_of_a_document_fills_columns_and_tables() -> None:
    none, part = {**OF_DAY, "plays": []}, {"day": DAY, "level": "1", "team": "7"}
    empty = Stub("empty.json", "game.test", none, WHOLE.parameters)
    assert codes(check_asked(empty)) == ["MG105"]
    assert codes(check_asked(empty, Stub("part.json", "game.test", OF_DAY, part))) == []


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"gamePk": 1}, 'breaks "must have plays"'),
        ({**OF_DAY, "message": "no"}, 'breaks "must be no error"'),
        ({**OF_DAY, "gamePk": "1"}, 'breaks "must have a number"'),
        ({**OF_DAY, "plays": [{"n": 1, "day": "2024-07-02"}]}, 'breaks "must be of the day"'),
    ],
)
def test_a_sample_that_breaks_a_rule_is_set_aside(document: object, reason: str) -> None:
    refused = Stub("refused.json", "game.test", document, WHOLE.parameters)
    assert check_asked(WHOLE, refused) == sample.SampleReport("game.test", 1, {reason: 1}, ())
    assert codes(check_asked(refused)) == ["MG106"]


def test_a_sample_that_reports_an_error_is_set_aside() -> None:
    error = Stub("error.json", "game.test", OF_DAY, WHOLE.parameters, is_answer=False)
    assert check_asked(WHOLE, error) == sample.SampleReport("game.test", 1, {"reports an error": 1}, ())


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
            "game_1.json.gz has [1, 1] twice: add a column to primary_key, or set duplicates to first or last",
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
        ({"n": "2"}, 16, "expected integer, not string", '"2" at $.plays[*].n'),
        ({"speed": "93.4"}, 17, "expected number, not string", '"93.4" at $.plays[*].speed'),
        ({"n": {}}, 16, "expected integer, not object", "{} at $.plays[*].n"),
        ({"n": 2.5}, 16, "expected integer, not number", "2.5 at $.plays[*].n"),
        ({"innings": "7.4"}, 18, "innings are expected", '"7.4" at $.plays[*].innings'),
        ({"era": "x" * 100}, 19, "a number is expected", f'"{"x" * 58}… at $.plays[*].era'),
        ({"era": {"deep": 1}}, 19, "expected string, not object", '{"deep": 1} at $.plays[*].era'),
    ],
)
def test_mg104_a_value_that_does_not_fit(members: dict[str, object], line: int, message: str, help_: str) -> None:
    ((at, code, told, advice),) = texts(check(GOOD, play(**members)))
    assert (at, code) == (line, "MG104")
    assert message in told
    assert advice == f"game_2.json.gz has {help_}"


def test_mg104_is_reported_once_for_a_column() -> None:
    assert len(check(GOOD, play(speed=93.45), play(speed=93.46))) == 1


@pytest.mark.parametrize(("first", "second"), [(1, 40_000), (40_000, 1), (None, 40_000), (40_000, None)])
def test_each_of_several_paths_has_to_fit(first: int | None, second: int | None) -> None:
    """The decoder reads all of them, whichever one is taken."""
    mapping = MAPPING.format(duplicates="error").replace("path: play.n,", "path: [play.n, play.m],")
    document = {"gamePk": 1, "plays": [GOOD["plays"][0] | {"n": first, "m": second}]}  # type: ignore[index]
    shape = infer.infer([Stub("shown", "game.test", {"gamePk": 1, "plays": [{**GOOD["plays"][0], "m": 2}]})])  # type: ignore[index]
    method = lower.lower(source.parse(mapping, "test.yaml"), shape["game.test"])
    good = Stub("good.json", "game.test", GOOD)
    (found,) = check_samples(method, [good, Stub("bad.json", "game.test", document)]).diagnostics
    assert found.code == "MG104"
    values = ", ".join(str(each) for each in (first, second) if each is not None)
    assert found.help == f"bad.json has {values} at $.plays[*].n, $.plays[*].m"


def test_mg105_a_table_that_no_sample_fills() -> None:
    assert texts(check({"gamePk": 1, "plays": []})) == [
        (9, "MG105", "no sample fills game.plays", "no item at $.plays passes the filters")
    ]


def test_without_a_sample_nothing_can_be_checked() -> None:
    assert texts(check()) == [
        (
            4,
            "MG106",
            "no sample is a whole document of game.test",
            "there are no samples of this method: add a sample, or correct the source",
        )
    ]
