"""Samples in which each item of a response is a document: items are checked independently."""

import pytest
from checked import check_samples

from mlbgen import lower
from mlbgen.language import source
from mlbgen.samples import infer, sample
from mlbgen.samples.stubs import Stub

MAPPING = """\
version: 1
source:
  endpoint: game
  method: test
  url: /days
  query: [days]
  raw_table: game.test
  items: {day: "$.days[*]"}
  document: {day: {type: date, path: day.date, asked_by: [days]}}
  absent: {date: "{day}"}
tables:
  - name: game.plays
    description: One row for each play.
    rows: {play: "day.plays[*]"}
    primary_key: [day, n]
    columns:
      - {name: day, type: date, path: day.date, nullable: false, description: Day.}
      - {name: n, type: smallint, path: play.n, nullable: false, description: Number.}
  - name: game.days
    description: One row for each day.
    primary_key: [day]
    columns:
      - {name: day, type: date, path: day.date, nullable: false, description: Day.}
      - {name: total, type: smallint, path: day.total, description: Plays of the day.}
"""
DAY, NEXT = "2024-07-01", "2024-07-02"


def day(date: str, *numbers: int | None) -> dict[str, object]:
    return {"date": date, "total": len(numbers), "plays": [{"n": each} for each in numbers]}


def check(
    *days: object, asked: str | None = "days", absent: str | None = None, mapping: str = MAPPING
) -> sample.SampleReport:
    text = mapping if absent is None else mapping.replace('absent: {date: "{day}"}', f"absent: {absent}")
    shape = infer.infer([Stub("shown", "game.test", {"days": [day(DAY, 1, 2)]})])["game.test"]
    stub = Stub("/stubs/days.json", "game.test", {"days": list(days)}, {} if asked is None else {asked: DAY})
    return check_samples(lower.lower(source.parse(text, "test.yaml"), shape), [stub])


def told(checked: sample.SampleReport) -> list[tuple[str, str]]:
    return [(each.code, each.help) for each in checked.diagnostics]


def test_items_may_share_a_key() -> None:
    assert told(check(day(DAY, 1, 2), day(NEXT, 1, 2))) == []


def test_a_key_that_repeats_in_one_item_is_reported() -> None:
    [(code, help_)] = told(check(day(DAY, 1), day(NEXT, 2, 2)))
    assert code == "MG103"
    assert help_.startswith(f'days.json has ["{NEXT}", 2] twice')


def test_a_part_of_the_documents_fills_columns_and_shows_no_mistakes() -> None:
    checked = check(day(DAY, 2, 2, None), asked="team")
    assert [code for code, _ in told(checked)] == ["MG106"]
    assert checked.others == {"requested with parameter team": 1}


def test_an_item_without_its_key_is_set_aside_as_the_runtime_skips_it() -> None:
    lacking: dict[str, object] = {"total": 1, "plays": [{"n": 1}, {"n": 1}]}
    checked = check(day(DAY, 1), lacking)
    assert [code for code, _ in told(checked)] == ["MG106"], "no other sample is whole, and no key is NULL"
    assert checked.others == {"with items that lack their key day": 1}


def test_a_sample_that_does_not_name_its_documents_is_set_aside_as_the_runtime_refuses_it() -> None:
    checked = check(day(DAY, 2, 2), asked=None)
    assert checked.others == {"requested without parameter days": 1}
    assert [code for code, _ in told(checked)] == ["MG106"]


def test_a_response_without_items_fills_nothing() -> None:
    assert {code for code, _ in told(check())} == {"MG105"}


@pytest.mark.parametrize(
    ("absent", "wrong"),
    [
        ('{date: "{day}", total: 0}', []),
        ('{date: "{day}", total: 70000}', [("MG104", "absent has 70000 at $.days[*].total")]),
        ('{date: "{day}", plays: [{}]}', [("MG102", "absent has null at $.days[*].plays[*].n")]),
    ],
)
def test_the_json_of_an_absent_document_is_checked_too(absent: str, wrong: list[tuple[str, str]]) -> None:
    assert told(check(day(DAY, 1), absent=absent)) == wrong


def test_which_documents_a_request_could_have_named_goes_by_the_form_that_the_runtime_finds() -> None:
    forms = 'query: [team]\n  forms:\n    - {url: "/teams/{team}/days", query: [days]}'
    checked = check(day(DAY, 1), asked="team", mapping=MAPPING.replace("query: [days]", forms))
    assert (told(checked), checked.others) == ([], {})
