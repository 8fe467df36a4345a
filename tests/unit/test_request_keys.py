"""The documents that requests ask for, with limits on numbers and names from requests and answers."""

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from mlb_contracts import ByValues, Capture, Method, limits, requests
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.baseball.conventions import hydration_names
from mlb_etl.errors import Rejected
from mlb_etl.extract import request_keys
from mlb_etl.http import answers
from mlb_etl.http.request import build_request

PEOPLE = registry.method("mlb_tables", "person.person")
SCHEDULE = registry.method("mlb_tables", "schedule.schedule")


def test_an_item_whose_key_fits_no_column_is_skipped() -> None:
    """A number beyond the key's type must not stop the whole answer at the database."""
    people = [{"id": 1, "fullName": "Ann"}, {"id": 10**30}, {"id": "many"}, {"id": 1.5}]
    body = json.dumps({"people": people}).encode()
    asked_for = {"personIds": "1,2"}
    answer = Response("person", "person", {}, asked_for, "", 200, datetime(2024, 7, 1, tzinfo=UTC), body)
    assert [(held.keys, held.places) for held in answers.read_documents(PEOPLE, answer)] == [({"person_id": 1}, (0,))]


def by_name() -> Method:
    """People, by a key that is text."""
    (key,) = PEOPLE.document
    name = replace(
        key,
        type="text",
        path="$.people[*].fullName",
        read=lambda document, _: document.full_name,
        asked_by=(ByValues("names"),),
    )
    return replace(PEOPLE, document=(name,))


def test_an_item_whose_key_no_index_holds_is_skipped() -> None:
    """An index refuses an entry of more than about 2,700 bytes, and PostgreSQL a text with U+0000."""
    longest = "é" * (limits.KEY_BYTES // 2)
    names = ["Ann", longest, f"{longest}e", "x" * 3000, "An\0n"]
    body = json.dumps({"people": [{"id": number, "fullName": name} for number, name in enumerate(names)]}).encode()
    answer = Response("person", "person", {}, {"personIds": "1"}, "", 200, datetime(2024, 7, 1, tzinfo=UTC), body)
    assert [held.places for held in answers.read_documents(by_name(), answer)] == [(0,), (1,)]


def test_a_request_for_a_key_that_no_index_holds_is_refused() -> None:
    with pytest.raises(Rejected, match=f"at most {limits.KEY_BYTES} bytes"):
        request_keys.requested_documents(by_name(), {"names": "x" * 3000})


def test_the_number_of_documents_in_a_request_is_limited() -> None:
    many = ",".join(map(str, range(request_keys.MOST + 1)))
    with pytest.raises(Rejected):
        request_keys.requested_documents(PEOPLE, {"personIds": many})
    day, sport = SCHEDULE.document
    by_sports = replace(SCHEDULE, document=(day, replace(sport, parameter=None, asked_by=(ByValues("sports"),))))
    years = {"startDate": "2000-01-01", "endDate": "2020-01-01", "sports": ",".join(map(str, range(9000)))}
    with pytest.raises(Rejected, match="at most 10000 documents"):
        request_keys.requested_documents(by_sports, years)


def test_a_long_request_fits_an_index_key() -> None:
    one, other = (requests.normal_form("person", {"personIds": ",".join(["12345"] * n)}) for n in (2000, 2001))
    assert one != other
    assert max(len(one), len(other)) < 200


def test_names_of_hydrations() -> None:
    assert hydration_names("team,stats(group=[a,b],type=[c(d,e)]), education,") == [
        "education",
        "stats",
        "team",
    ]
    assert hydration_names("") == []


def test_nested_hydrations_have_the_outer_name() -> None:
    text = "game(content( media(epg),summary),tickets),seriesStatus(useOverride=true),stats(type=[a(b,c)],person)"
    assert hydration_names(text) == [
        "game", "game.content", "game.content.media", "game.content.media.epg", "game.content.summary", "game.tickets",
        "seriesStatus", "stats", "stats.person",
    ]  # fmt: skip
    assert hydration_names("a),b") == ["a", "b"]
    assert len(hydration_names("a(" * 10_000)) == 8


def test_a_hydration_is_nested_by_parentheses_alone() -> None:
    """The API does not know dots, by which mappings name nested ones: such an answer lacks what a table needs."""
    assert hydration_names("game.content.media,person") == ["person"]
    assert requests.required_hydrations("game.content.media") == ["game.content.media"]
    assert requests.required_hydrations("location,fieldInfo") == ["fieldInfo", "location"]


def test_names_of_hydrations_are_limited() -> None:
    found = hydration_names(f"{'x' * 10_000}({','.join(f'b{number}' for number in range(100))})")
    assert len(found) == 101
    assert max(map(len, found)) < 200


@pytest.mark.parametrize("parameter", ["date", "season"])
def test_a_key_in_the_request_is_read_even_if_another_is_not_named(parameter: str) -> None:
    """Otherwise each item of the answer would be skipped, and an empty capture stored."""
    standings = registry.method("mlb_tables", "standings.standings")
    asked_for = {"leagueId": "103", "date": "2024-07-01", "season": "2024"}
    assert request_keys.requested_documents(standings, asked_for) is None
    with pytest.raises(Rejected):
        request_keys.requested_documents(standings, asked_for | {parameter: "07/01/2024"})


def test_a_range_has_as_many_days_as_a_request_may_ask_for() -> None:
    first = date(2000, 1, 1)
    for days, fits in ((request_keys.MOST, True), (request_keys.MOST + 1, False)):
        given = {"startDate": f"{first}", "endDate": f"{first + timedelta(days - 1)}"}
        with nullcontext() if fits else pytest.raises(Rejected, match="a range of 1 to 10000 days"):
            assert len(request_keys.requested_keys(SCHEDULE, given)["schedule_date"]) == days


def test_an_answer_settles_no_request_for_other_documents() -> None:
    """`…/roster` answers with one type of roster, `…/roster/40Man` with another."""
    roster, live = (registry.method("mlb_tables", name) for name in ("team.roster", "game.liveGameV1"))
    assert build_request(roster, {"teamId": "147"}).settles is None
    assert build_request(live, {"game_pk": "1"}).settles == "/api/v1.1/game/1/feed/live/"


def test_a_request_without_its_day_is_named_by_that_of_the_capture() -> None:
    roster = registry.method("mlb_tables", "team.roster")
    capture = Capture(datetime(2024, 7, 1, 3, tzinfo=UTC), {"teamId": "147", "rosterType": "active"})
    assert "date=2024-06-30" in roster.request_name("roster", capture), "it is still June in New York"


LINES = registry.method("mlb_tables", "person.personStats")
ASKED = {"personId": "7", "stats": "season,career,zones", "group": "hitting", "season": "2024"}


def of_lines(parameters: dict[str, str]) -> list[tuple[object, ...]] | None:
    completed = LINES.complete(Capture(datetime(2024, 7, 1, tzinfo=UTC), parameters)).parameters
    found = request_keys.requested_documents(LINES, completed)
    return None if found is None else [tuple(keys.values()) for keys in found]


def test_what_is_asked_for_in_addition_to_documents_is_left_out() -> None:
    """And a parameter is a key only of those documents that it concerns."""
    assert of_lines(ASKED) == [(7, "season", "hitting", 2024, "R", 1, ""), (7, "career", "hitting", 0, "R", 1, "")]
    splits = of_lines(ASKED | {"stats": "statSplits", "sitCodes": "vr,vl"})
    assert splits == [(7, "statSplits", "hitting", 2024, "R", 1, "vl,vr")]


def test_a_request_for_no_document_is_refused() -> None:
    with pytest.raises(Rejected, match="stat_type is season or career or yearByYear or gameLog or statSplits"):
        of_lines(ASKED | {"stats": "zones"})


def test_requests_name_documents_that_a_parameter_does_not_concern_too() -> None:
    """The transform after an ingest looks for all documents of its requests."""
    found = request_keys.requested_keys(LINES, ASKED | {"sitCodes": "vr,vl"})
    assert (found["asked_season"], found["asked_sit_codes"]) == ([2024, 0], ["vl,vr", ""])


def test_an_item_with_another_value_is_left_out_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    """So documents that were asked for and are absent are known."""
    blocks = [{"type": {"displayName": name}, "splits": []} for name in ("zones", "career")]
    blocks[1]["group"] = {"displayName": "hitting"}
    body = json.dumps({"stats": blocks}).encode()
    answer = Response("person", "personStats", {}, ASKED, "", 200, datetime(2024, 7, 1, tzinfo=UTC), body)
    held = answers.read_documents(LINES, answer)
    assert [(each.keys["stat_type"], each.places) for each in held] == [("career", (1,)), ("season", ())]
    assert caplog.records == []
