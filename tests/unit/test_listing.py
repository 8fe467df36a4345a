"""Jobs that expand the rows of any listing into requests of any method."""

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.baseball.listings import LISTINGS
from mlb_etl.errors import CorruptResponse, EtlError, Rejected
from mlb_etl.extract.request_keys import requested_keys
from mlb_etl.jobs import job_files, listing
from mlb_etl.jobs.expansion import Expansion, Settled
from mlb_etl.jobs.listing import ListedItem, TableListing
from mlb_etl.jobs.worker import IngestOrder
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres

FEED = registry.method("mlb_tables", "game.liveGameV1")
SCHEDULE = registry.method("mlb_tables", "schedule.schedule")
JOB = """\
name: mine
source: {endpoint: schedule, method: schedule}
parameters:
  - {name: date, type: "list[date]"}
expand:
  by: schedule.schedule
  table: schedule.schedule_games
  query: {sportId: "1", date: "${date}"}
  parameters: {date: official_date, sportId: sport_id}
  leave_out: {coded_game_state: [S, D]}
storage: {raw: true}
"""
MAPPED = Expansion(by="schedule.schedule", table="schedule.schedule_games", query={})


def game(number: int, state: str = "F", **members: Any) -> dict[str, Any]:
    sides = {"home": {"score": 3}, "away": {"score": 0}}
    return {"gamePk": number, "season": "2024", "status": {"codedGameState": state}, "teams": sides, **members}


def day(*games: dict[str, Any]) -> Response:
    dates = [{"date": "2024-07-01", "games": games}] if games else []
    query = {"sportId": "1", "date": "2024-07-01"}
    return Response(
        endpoint="schedule",
        method="schedule",
        path_params={},
        query_params=query,
        url="https://api/api/v1/schedule",
        status_code=200,
        captured_at=datetime(2024, 7, 2, tzinfo=UTC),
        data=json.dumps({"dates": dates}).encode(),
    )


def asked(expand: Expansion, *items: ListedItem) -> list[str]:
    return [each.request.target for each in listing.item_targets(FEED, expand, items)]


def feed(number: int) -> str:
    return f"/api/v1.1/game/{number}/feed/live"


def load(folder: Path, text: str) -> Any:
    file = folder / "mine.yaml"
    file.write_text(text)
    return job_files.load_job(str(file), "mlb_tables")


def test_rows_of_a_mapped_listing() -> None:
    items = TableListing(SCHEDULE, "schedule.schedule_games").read(
        day(game(1), game(2, "S", officialDate="2024-07-01"))
    )
    assert [each.columns["game_pk"] for each in items] == [1, 2]
    assert items[1].columns["official_date"] == date(2024, 7, 1)
    assert asked(MAPPED, *items) == [feed(1), feed(2)]
    assert asked(MAPPED.model_copy(update={"leave_out": {"coded_game_state": ("S",)}}), *items) == [feed(1)]
    assert all(each.settled is None for each in items), "the mapping does not say what ends"


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (
            b'{"dates": [{"date": "2024-07-02", "games": []}]}',
            CorruptResponse,
            r"\$\.dates\[0\] is 'schedule_date 2024-07-02, sport_id 1': this doc",
        ),
        (b'{"dates": [', CorruptResponse, "incomplete"),  # asked for again, the whole answer may come
    ],
)
def test_an_answer_that_is_not_a_listing(data: bytes, error: type[Rejected], reason: str) -> None:
    with pytest.raises(error, match=reason):
        TableListing(SCHEDULE, "schedule.schedule_games").read(replace(day(), data=data))


def test_both_listings_lead_to_the_same_requests() -> None:
    answer = day(game(1), game(2, "S"), game(3, "I"))
    [special, mapped] = [
        LISTINGS["schedule"].read(answer),
        TableListing(SCHEDULE, "schedule.schedule_games").read(answer),
    ]
    assert asked(Expansion(by="schedule", query={}), *special) == asked(MAPPED, *mapped) == [feed(1), feed(2), feed(3)]
    query = {"sportId": "1", "date": "2024-07-01"}
    requests = [LISTINGS["schedule"].request(query), TableListing(SCHEDULE, "schedule.schedule_games").request(query)]
    assert len({each.target for each in requests}) == 1
    assert [each.settled is not None for each in special] == [True, False, False], "only what is over can't change"


SETTLED = Settled(
    when={"coded_game_state": ("F", "D")},
    shown={"coded_game_state": "$.status.codedGameState", "home_score": "$.teams['home'].runs[0]"},  # type: ignore[dict-item]
)


def settled(rule: Settled, item: ListedItem) -> Callable[[bytes], bool] | None:
    expand = MAPPED.model_copy(update={"settled": rule})
    [target] = listing.item_targets(FEED, expand, [item])
    return target.settled


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (b'{"status": {"codedGameState": "F"}, "teams": {"home": {"runs": [3, 1]}}}', True),
        (b'{"status": {"codedGameState": "I"}, "teams": {"home": {"runs": [3, 1]}}}', False),
        (b'{"status": {"codedGameState": "F"}, "teams": {"home": {"runs": [2]}}}', False),
        (b'{"status": {"codedGameState": "F"}}', False),  # says nothing of the score
        (b'{"status": [', False),
        (b"[]", False),
    ],
)
def test_a_row_is_settled_when_a_capture_shows_its_last_values(shown: bytes, expected: bool) -> None:  # noqa: FBT001 - a parameter of the test
    tells = settled(SETTLED, ListedItem({"game_pk": 1, "coded_game_state": "F", "home_score": 3}))
    assert tells is not None
    assert tells(shown) is expected
    assert pickle.loads(pickle.dumps(tells))(shown) is expected, "workers get it"  # noqa: S301 - our own


def test_settled_is_built_in_for_a_schedule() -> None:
    with pytest.raises(ValidationError, match="schedule is a listing of a plug-in, which has table"):
        Expansion(by="schedule", query={}, settled=Settled())


def test_a_row_that_may_change_is_never_settled() -> None:
    assert settled(SETTLED, ListedItem({"game_pk": 1, "coded_game_state": "I", "home_score": 3})) is None


def test_without_shown_any_capture_settles_a_row() -> None:
    tells = settled(Settled(), ListedItem({"game_pk": 1}))
    assert tells is not None
    assert tells(b"{}")


def test_a_listing_can_decide_what_is_settled() -> None:
    item = LISTINGS["schedule"].read(day(game(1)))[0]
    [target] = listing.item_targets(FEED, MAPPED, [item])
    assert target.settled == item.settled


def test_the_last_of_several_rows_for_one_request_counts() -> None:
    rows = [ListedItem({"game_pk": 1, "coded_game_state": state}) for state in "DF"]
    without = Expansion(by="schedule", query={}, leave_out={"coded_game_state": ("D",)})
    assert asked(without, *rows) == [feed(1)]
    assert asked(without, *reversed(rows)) == []


def test_a_row_without_a_value_is_not_requested() -> None:
    assert asked(MAPPED, ListedItem({"game_pk": None}), ListedItem({"game_pk": 2})) == [feed(2)]


def test_a_listing_without_the_column() -> None:
    with pytest.raises(EtlError, match=r"schedule\.schedule has no column game_pk; it has id"):
        asked(MAPPED, ListedItem({"id": 1}))


def test_parameters_of_another_method(tmp_path: Path) -> None:
    """The document of a request comes from the method's keys, here day and sport; no code assumes a game_pk."""
    job = load(tmp_path, JOB)
    days = TableListing(SCHEDULE, "schedule.schedule_games").read(
        day(game(1, officialDate="2024-07-01"), game(2, officialDate="2024-07-05"),
            game(3, "D", officialDate="2024-07-09"))
    )  # fmt: skip
    targets = listing.item_targets(SCHEDULE, job.expand, days)
    assert [each.request.query_params for each in targets] == [
        {"date": "2024-07-01", "sportId": "1"},
        {"date": "2024-07-05", "sportId": "1"},
    ]


def test_document_keys_in_a_request() -> None:
    assert requested_keys(FEED, {"game_pk": "1", "timecode": "20240701_120000"}) == {"game_pk": [1]}
    assert requested_keys(SCHEDULE, {"date": "2024-07-01", "sportId": "1"}) == {
        "schedule_date": [date(2024, 7, 1)],
        "sport_id": [1],
    }
    assert requested_keys(SCHEDULE, {"sportId": "1"}) == {"sport_id": [1]}, "and not all"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("by: schedule.schedule", "by: people.person", ":6:7: no mapping for people.person"),
        ("schedule.schedule_games", "schedule.games", ":7:10: schedule.schedule has no such table; its tables are "),
        ("official_date, sport", "day, sport", ":6:3: schedule.schedule_games has no column day"),
        ("{date: official_date, sportId: sport_id}", "{}", ":6:3: schedule.schedule_games has no column sportId"),
        ("coded_game_state:", "state:", ":6:3: schedule.schedule_games has no column state"),
        ("  table: schedule.schedule_games\n", "", ":6:3: expand: a method needs a table"),
        ("by: schedule.schedule", "by: schedule", ":6:3: expand: schedule is a listing of a plug-in, which has table"),
        ("leave_out:", "settled: {when: {state: [F]}}\n  leave_out:", "schedule.schedule_games has no column state"),
        ("leave_out:", "settled: {shown: {score: $.a}}\n  leave_out:", "schedule.schedule_games has no column score"),
        ("leave_out:", "settled: {shown: {season: a}}\n  leave_out:", ":10:29: expand.settled.shown.season: a single"),
        ("leave_out:", "settled: {shown: {season: '$[*]'}}\n  leave_out:", ":10:29: expand.settled.shown.season: a"),
    ],
)  # fmt: skip
def test_a_bad_expansion(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(EtlError) as caught:
        load(tmp_path, JOB.replace(old, new))
    assert message in str(caught.value)


def test_a_listing_that_was_not_passed_in(tmp_path: Path) -> None:
    settings = Settings(dsn=None, data=tmp_path, tables="mlb_tables")
    job = job_files.load_job("game_live_date", "mlb_tables")
    assert (
        IngestOrder(job, settings, {"postgres": Postgres(settings)}, listings=LISTINGS).listing is LISTINGS["schedule"]
    )
    with pytest.raises(EtlError, match="job game_live_date expands by schedule, which is not a known listing"):
        _ = IngestOrder(job, settings, {"postgres": Postgres(settings)}).listing
