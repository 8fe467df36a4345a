"""Answers that hold several documents: a schedule of a range of days, each day kept right by itself."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from checks import some
from databases import temporary_database
from samples import connect
from schedules import METHOD, PACKAGE

from mlb_contracts.response import Response
from mlb_etl import api
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.errors import CorruptResponse
from mlb_etl.http import answers
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

NOON = datetime(2024, 7, 10, 12, tzinfo=UTC)
DAYS = [date(2024, 7, day) for day in (1, 2, 3)]
SHOWN = "SELECT schedule_date, game_pk, coded_game_state FROM schedule.schedule_games ORDER BY 1, 2"
TOTALS = "SELECT schedule_date, total_games FROM schedule.schedule_dates ORDER BY 1"
HELD = "SELECT schedule_date, places FROM schedule.schedule_documents ORDER BY captured_at, 1"


def game(game_pk: int, state: str = "S", **more: object) -> dict[str, Any]:
    return {"gamePk": game_pk, "season": "2024", "status": {"codedGameState": state}, **more}


def day(number: int, *games: dict[str, Any]) -> dict[str, Any]:
    return {"date": f"2024-07-0{number}", "totalGames": len(games), "games": list(games)}


def answer(minute: int, asked: dict[str, str], *days: dict[str, Any]) -> Response:
    """An answer to a request with these parameters, so many minutes after noon."""
    body = json.dumps({"dates": days}).encode()
    at = NOON + timedelta(minutes=minute)
    return Response("schedule", "schedule", {}, {"sportId": "1", **asked}, "/api/v1/schedule", 200, at, body)


RANGE = {"startDate": "2024-07-01", "endDate": "2024-07-03"}


@contextmanager
def tables(server: Server, template: str) -> Iterator[Connection]:
    with temporary_database(server, template) as dsn, connect(dsn) as connection:
        yield connection


def store(connection: Connection, *responses: Response) -> None:
    raw = RawWriter(connection, METHOD)
    for each in some(responses):
        raw.store(each, answers.read_documents(METHOD, each))


def transform(connection: Connection) -> Counts:
    return Pipeline(METHOD, api.database(Settings(connection.info.dsn, Path(), PACKAGE))).run({})


def rows(connection: Connection, query: str = SHOWN) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def games(connection: Connection) -> list[tuple[int, int, str]]:
    return [(at.day, game_pk, state) for at, game_pk, state in rows(connection)]


@pytest.fixture
def connection(database: str) -> Iterator[Connection]:
    with connect(database) as connection:
        yield connection


def test_each_day_of_a_range_is_a_document(connection: Connection) -> None:
    """One that was asked for and is not listed has no games, and says so."""
    store(connection, answer(0, RANGE, day(1, game(1)), day(3, game(3), game(4))))
    done = transform(connection)
    assert (done.documents.applied, done.documents.quarantined) == (3, 0)
    assert games(connection) == [(1, 1, "S"), (3, 3, "S"), (3, 4, "S")]
    assert rows(connection, TOTALS) == list(zip(DAYS, (1, 0, 2), strict=True))
    assert rows(connection, HELD) == list(zip(DAYS, ([0], [], [1]), strict=True))
    again = transform(connection)
    assert (again.documents.same, again.documents.applied) == (3, 0)


def test_no_day_holds_back_another(connection: Connection) -> None:
    """A game without number spoils its day only, which waits with its exact place."""
    broken = day(2, game(2))
    broken["games"][0]["gamePk"] = "second"
    store(connection, answer(0, RANGE, day(1, game(1)), broken, day(3, game(3))))
    done = transform(connection)
    assert (done.documents.applied, done.documents.quarantined) == (2, 1)
    assert games(connection) == [(1, 1, "S"), (3, 3, "S")]
    [put_aside] = done.quarantined
    assert json.loads(put_aside.document) == {"schedule_date": "2024-07-02", "sport_id": 1}
    assert put_aside.why.path == "$.dates[1].games[0].gamePk"


def test_an_item_that_does_not_say_what_it_is_about_makes_nothing_absent(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be any of the days that were asked for."""
    store(connection, answer(0, RANGE, day(1, game(1)), day(2, game(2))))
    transform(connection)
    nameless = day(2, game(9)) | {"date": None}
    store(connection, answer(1, RANGE, day(1, game(1, "F")), nameless))
    assert "skipped an item" in caplog.text
    assert transform(connection).documents.applied == 1
    assert games(connection) == [(1, 1, "F"), (2, 2, "S")]


def test_a_day_twice_with_different_content_waits(connection: Connection) -> None:
    twice = (day(2, game(2)), day(2, game(22)))
    store(connection, answer(0, RANGE, day(1, game(1)), *twice, day(3)), answer(1, RANGE, day(1), day(3), day(3)))
    done = transform(connection)
    [put_aside] = done.quarantined
    assert (put_aside.why.path, "several times" in put_aside.why.reason) == ("$.dates[2]", True)
    assert rows(connection, TOTALS) == list(zip(DAYS, (0, 0, 0), strict=True)), "the same twice is the same"


def test_a_day_that_vanished_is_empty_under_the_shrink_guard(connection: Connection) -> None:
    few, many = [game(1)], [game(number) for number in range(10, 16)]
    store(connection, answer(0, RANGE, day(1, *few), day(2, *many), day(3)))
    transform(connection)
    store(connection, answer(1, RANGE, day(3)))
    done = transform(connection)
    assert (done.documents.applied, done.documents.quarantined) == (1, 1)
    assert [row[0] for row in games(connection)] == [2] * 6, "a postponed game goes, six that vanish are suspicious"
    [waiting] = done.quarantined
    Pipeline(METHOD, api.database(Settings(connection.info.dsn, Path(), PACKAGE))).settle([waiting.number], "accept")
    assert games(connection) == []
    assert rows(connection, TOTALS) == list(zip(DAYS, (0, 0, 0), strict=True))


def test_an_answer_with_a_day_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(CorruptResponse, match="schedule_date 2024-07-04, sport_id 1': this document was not asked"):
        answers.read_documents(METHOD, answer(0, RANGE, {"date": "2024-07-04", "games": []}))


def test_a_day_is_the_same_document_by_either_request(connection: Connection) -> None:
    """Captures of one request are counted together, and watermarks go by the day's own bytes."""
    one = {"date": "2024-07-02"}
    store(connection, answer(0, RANGE, day(1), day(2, game(2)), day(3)), answer(1, one, day(2, game(2))))
    assert transform(connection).documents.applied == 3
    store(connection, answer(2, one, day(2, game(2, "F"))), answer(3, RANGE, day(1), day(2, game(2)), day(3)))
    transform(connection)
    assert games(connection) == [(2, 2, "S")], "the last answer of any request counts"
    store(connection, answer(3, one, day(2, game(2, "F"))))
    [conflict] = transform(connection).quarantined
    assert "same time" in conflict.why.reason
    assert rows(connection, "SELECT request, seen FROM schedule.schedule ORDER BY captured_at, request") == [
        ("schedule?endDate=2024-07-03&sportId=1&startDate=2024-07-01", 2),
        ("schedule?date=2024-07-02&sportId=1", 1),
        ("schedule?date=2024-07-02&sportId=1", 2),
    ]


def captures() -> Sequence[Response]:
    one = {"date": "2024-07-02"}
    return (
        answer(0, RANGE, day(1, game(1)), day(2, game(2)), day(3, game(3))),
        answer(1, one, day(2, game(2, "F"))),
        answer(2, RANGE, day(1, game(1, "F")), day(2, game(2)), day(3, game(3))),
        answer(3, one, day(2, game(2, "F"), game(22))),
    )


def test_any_order_ends_in_the_same_tables(server: Server, template: str) -> None:
    found = set()
    for order in permutations(captures()):
        with tables(server, template) as connection:
            for each in order:
                store(connection, each)
                transform(connection)
            found.add((tuple(rows(connection)), tuple(rows(connection, TOTALS))))
    with tables(server, template) as connection:
        store(connection, *captures())
        transform(connection)
        assert found == {(tuple(rows(connection)), tuple(rows(connection, TOTALS)))}
    [(shown, _)] = found
    assert [row[1:] for row in shown] == [(1, "F"), (2, "F"), (22, "S"), (3, "S")]
