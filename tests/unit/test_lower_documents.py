"""Several documents in one response: their items, keys, requests, and the JSON for absent ones.

The document is a play of the made-up game.
"""

import pytest
from lowering import shape

from mlbgen import ir
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.lower import lower

HEAD = """\
version: 1
source:
  endpoint: league
  method: gameV1
  url: /api/v1/game/{game_pk}
  query: [plays, day, firstDay, lastDay]
  raw_table: league.game_v1
  items: {play: "$.plays[*]"}
  document:
    at_bat_index: {type: integer, path: play.about.atBatIndex, asked_by: [plays]}
    game_pk: {type: bigint, parameter: game_pk}
"""
DEFAULTS = """\
defaults:
  columns:
    - {name: at_bat_index, type: integer, path: play.about.atBatIndex, nullable: false, description: The play.}
    - {name: game_pk, type: bigint, parameter: game_pk, nullable: false, description: The game.}
"""
PLAYS = """\
  - name: league.plays
    description: One row for each play.
    primary_key: [at_bat_index, game_pk]
    columns:
      - {name: event, type: text, path: play.result.eventType, description: What happened.}
"""
RUNNERS = """\
  - name: league.runners
    description: One row for each runner of a play.
    rows: {runner: "play.runners[*]"}
    primary_key: [at_bat_index, game_pk, runner_id]
    foreign_keys: [{columns: [at_bat_index, game_pk], references: league.plays}]
    columns:
      - {name: runner_id, type: integer, path: runner.id, nullable: false, description: The runner.}
"""


def lowered(*edits: tuple[str, str], tail: str = "") -> ir.Method:
    """The method of the mapping with these edits; `tail` follows source."""
    text = f"{HEAD}{tail}{DEFAULTS}tables:\n{PLAYS}{RUNNERS}"
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    return lower(source.parse(text, "mapping.yaml"), shape())


def refused(*edits: tuple[str, str], tail: str = "") -> list[Diagnostic]:
    with pytest.raises(MappingErrors) as caught:
        lowered(*edits, tail=tail)
    return list(caught.value.diagnostics)


def test_each_item_is_a_document() -> None:
    found = lowered()
    assert found.items is not None
    assert (found.items.path, found.items.absent) == ("$.plays[*]", None)
    plays, runners = found.tables
    [level] = runners.levels
    assert plays.levels == ()
    assert level.source == ir.Reference("$", ("runners",), "$.plays[*].runners", "array")


def test_values_are_found_from_the_item_and_named_from_the_response() -> None:
    event = next(each for each in lowered().tables[0].columns if each.name == "event")
    wanted = ir.Reference("$", ("result", "eventType"), "$.plays[*].result.eventType", "string")
    assert event.value == ir.PathValue((wanted,))


def test_a_key_is_asked_for_by_its_values() -> None:
    at_bat, game = lowered().document
    assert at_bat.asked_by == (ir.ByValues("plays"),)
    assert game.asked_by == ()


def test_a_day_is_asked_for_by_a_range() -> None:
    dated = ("type: integer, path: play.about.atBatIndex", "type: date, path: play.about.startTime")
    asked = ("asked_by: [plays]", "asked_by: [day, firstDay..lastDay]")
    found = lowered(dated, asked)
    assert found.document[0].asked_by == (ir.ByValues("day"), ir.ByRange("firstDay", "lastDay"))


@pytest.mark.parametrize(
    ("asked", "code", "column", "words"),
    [
        ("playz", "MG080", 75, 'no parameter "playz"'),
        ("firstDay..lastDax", "MG080", 85, 'no parameter "lastDax"'),
        ("firstDay...lastDay", "MG080", 75, "neither a parameter nor a range of two"),
        ("firstDay..lastDay", "MG040", 75, "a range needs a key of type date, not integer"),
    ],
)
def test_an_invalid_asked_by_is_refused(asked: str, code: str, column: int, words: str) -> None:
    [found] = refused(("asked_by: [plays]", f"asked_by: [{asked}]"))
    assert (found.code, found.position.column) == (code, column)
    assert words in found.message


def test_the_same_parameter_twice_is_refused() -> None:
    [found] = refused(("asked_by: [plays]", "asked_by: [plays, plays]"))
    assert found.code == "MG023"


def test_asked_by_has_no_effect_on_a_key_from_a_parameter() -> None:
    [found] = refused(("parameter: game_pk}\ndef", "parameter: game_pk, asked_by: [plays]}\ndef"))
    assert (found.code, found.position.column) == ("MG044", 49)
    assert "no effect without path" in found.message


@pytest.mark.parametrize("setting", ["absent: {about: {atBatIndex: 1}}", None])
def test_without_items_asked_by_and_absent_have_no_effect(setting: str | None) -> None:
    whole = [('  items: {play: "$.plays[*]"}\n', ""), ("play.about.atBatIndex", "$.gamePk")]
    whole += [("path: play.result.eventType", "path: $.link"), ("play.runners", "$.players"), ("[*]", ".*")]
    if setting is not None:
        whole.append((", asked_by: [plays]", ""))
    [found] = refused(*whole, tail="" if setting is None else f"  {setting}\n")
    assert found.code == "MG044"
    assert "no effect without source.items" in found.message


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("$.plays", "$.plays is a list; source.items needs its items"),
        ("$.game", "$.game is an object, but source.items needs a list"),
        ("$.players.*", "$.players is a map, but source.items needs a list"),
        ("$.scoringPlays[*]", "each item is an integer, but a document must be an object"),
        ("$.plays[?@.result.isOut == true]", "every item is a document, so a filter is not allowed"),
        ("$.playz[*]", "no sample response has $.playz"),
    ],
)
def test_invalid_items_are_refused(path: str, words: str) -> None:
    found = refused(("$.plays[*]", path))
    assert words in {each.message for each in found if each.position.line == 8}


def test_the_response_around_an_item_is_out_of_reach() -> None:
    [found] = refused(("path: play.result.eventType", "path: $.link"))
    assert found.code == "MG033"
    assert found.message == "paths can't start with $ here: each item is read without the response around it"
    assert found.help == "start the path with play, the item's name in source.items"


def test_the_help_for_an_unknown_variable_lists_what_a_path_starts_with() -> None:
    [found] = refused(("path: play.result.eventType", "path: xyz.result.eventType"))
    assert found.help == "a path starts with play, or with a level or a look-up of its table"


def test_a_level_must_not_have_the_name_of_the_item() -> None:
    found = refused(('rows: {runner: "play.runners[*]"}', 'rows: {play: "play.runners[*]"}'))
    assert '"play" already names the item in source.items' in {each.message for each in found}


def test_rules_test_the_response_and_not_its_items() -> None:
    [rule] = lowered(tail="  accept: [{rule: has plays, path: $.plays, present: true}]\n").rules
    assert rule.path == "$.plays"
    accept = '  accept: [{rule: no error, path: "$.plays[*].error", absent: true}]\n'
    [found] = refused(tail=accept)
    assert found.code == "MG032"
    assert "a rule can't test $.plays[*]" in found.message


def test_the_partition_column_is_taken_from_the_item() -> None:
    season = "      - {name: start_date, type: date, path: play.about.startTime, description: Day.}\n"
    by = "    partition_by: {column: start_date, of: league.plays, kind: month}\n"
    found = lowered((PLAYS, PLAYS + season), (RUNNERS, RUNNERS.replace("    foreign_keys", f"{by}    foreign_keys")))
    assert found.tables[1].partition == ir.MonthPartition("start_date", ())


@pytest.mark.parametrize(
    ("absent", "text"),
    [
        ('{about: {atBatIndex: "{at_bat_index}"}}', '{"about":{"atBatIndex":{at_bat_index}}}'),
        (
            '{about: {atBatIndex: "{at_bat_index}"}, result: {eventType: "no {at_bat_index}"}, runners: [{id: 1}]}',
            '{"about":{"atBatIndex":{at_bat_index}},"result":{"eventType":"no {at_bat_index}"},"runners":[{"id":1}]}',
        ),
    ],
)
def test_the_json_of_an_absent_document(absent: str, text: str) -> None:
    items = lowered(tail=f"  absent: {absent}\n").items
    assert items is not None
    assert items.absent == text


@pytest.mark.parametrize(
    ("absent", "code", "words"),
    [
        ("{}", "MG082", 'lacks the key "at_bat_index", which is read from about.atBatIndex'),
        ("{about: {atBatIndex: 1}}", "MG082", 'lacks the key "at_bat_index"'),
        ('{about: {atBatIndex: "{at_bat_index}", inning: first}}', "MG082", '"first" does not fit: in samples this is'),
        (
            '{about: {atBatIndex: "{at_bat_index}", inning: "{at_bat_index}th"}}',
            "MG082",
            "does not fit: in samples this is an",
        ),
        ('{about: {atBatIndex: "{at_bat_index}"}, result: 1}', "MG082", "1 does not fit: in samples this is an object"),
        ('{about: {atBatIndex: "{at_bat_index}", innning: 1}}', "MG031", 'has "innning" here'),
        (
            '{about: {atBatIndex: "{at_bat_index}"}, result: {eventType: "{play}"}}',
            "MG015",
            "unknown document key {play}",
        ),
    ],
)
def test_json_that_does_not_fit_an_absent_document_is_refused(absent: str, code: str, words: str) -> None:
    [found] = refused(tail=f"  absent: {absent}\n")
    assert (found.code, words in found.message) == (code, True), found


def test_absent_has_no_effect_without_asked_by() -> None:
    [found] = refused((", asked_by: [plays]", ""), tail='  absent: {about: {atBatIndex: "{at_bat_index}"}}\n')
    assert (found.code, "asked_by" in found.message) == ("MG044", True)


def test_asked_by_and_absent_change_the_fingerprint() -> None:
    one = lowered().fingerprint
    asked = lowered(("asked_by: [plays]", "asked_by: [day]")).fingerprint
    absent = lowered(tail='  absent: {about: {atBatIndex: "{at_bat_index}"}}\n').fingerprint
    assert len({one, asked, absent}) == 3
