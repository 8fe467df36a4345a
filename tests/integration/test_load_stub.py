"""Captured responses from files into the raw table: byte for byte, once, and only what the pipeline can read."""

import gzip
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bodies import whole
from samples import NOON, PACKAGE, at, connect, load, response, stores, stub, write

from mlb_etl.capture import loader
from mlb_etl.capture.loader import BareDefaults

RAW = """
SELECT (path_params ->> 'game_pk')::bigint, captured_at, endpoint, method, path_params, status_code, encoding, body
FROM sample.raw_game
"""


def raw_rows(dsn: str) -> list[Any]:
    with connect(dsn) as connection:
        return [(*facts, whole(encoding, body)) for *facts, encoding, body in connection.execute(RAW)]


def test_a_stub_is_stored_byte_for_byte(sample_database: str, tmp_path: Path) -> None:
    body = '{ "gamePk" : 1,\n"season":2024, "plays": [], "é": "\\u00e9" }'
    wrapped = json.dumps(stub(None)).replace('"response": null', f'"response": {body}')
    path = tmp_path / "stub.json.gz"
    path.write_bytes(gzip.compress(wrapped.encode()))
    with connect(sample_database) as connection:
        loaded = loader.load_files(stores(connection), [path], package=PACKAGE)
    assert (loaded.stored, loaded.already, loaded.refused) == ((path,), (), ())
    assert raw_rows(sample_database) == [(1, NOON, "sample", "game", {"game_pk": "1"}, 200, body.encode())]


def test_the_same_capture_is_stored_once(sample_database: str, tmp_path: Path) -> None:
    with connect(sample_database) as connection:
        first = load(connection, tmp_path, stub(response()))
        again = load(connection, tmp_path, stub(response()))
        other_time = load(connection, tmp_path, stub(response(), at(1)))
        other_content = load(connection, tmp_path, stub(response(score=9)))
    assert [len(each.stored) for each in (first, again, other_time, other_content)] == [1, 0, 0, 1]
    assert again.already == first.stored
    assert len(raw_rows(sample_database)) == 2


def test_a_bare_response_is_of_the_files_time_unless_told(sample_database: str, tmp_path: Path) -> None:
    path = write(tmp_path / "bare.json", response(7))
    os.utime(path, (0, NOON.timestamp()))
    with connect(sample_database) as connection:
        loader.load_files(stores(connection), [path], package=PACKAGE)
        loader.load_files(stores(connection), [path], package=PACKAGE, bare=BareDefaults("sample.game", at(-5)))
        urls = connection.execute("SELECT DISTINCT url FROM sample.raw_game").fetchall()
    assert [row[:5] for row in sorted(raw_rows(sample_database))] == [
        (7, at(-5), "sample", "game", {"game_pk": "7"}),
        (7, NOON, "sample", "game", {"game_pk": "7"}),
    ]
    assert urls == [("/api/v1/sample/7",)]


def test_partitions_are_made_for_the_months_at_hand(sample_database: str, tmp_path: Path) -> None:
    times = [datetime(2015, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2016, 1, 1, tzinfo=UTC)]
    with connect(sample_database) as connection:
        load(connection, tmp_path, *(stub(response(score=n), time) for n, time in enumerate(times)))
        query = "SELECT tableoid::regclass::text, captured_at FROM sample.raw_game ORDER BY captured_at"
        assert connection.execute(query).fetchall() == [
            ("sample.raw_game_2015_12", times[0]),
            ("sample.raw_game_2016_01", times[1]),
        ]


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


def why_of(file: loader.LoadedFile) -> tuple[object, ...]:
    assert file.why is not None
    return file.why.table, file.why.path, file.why.value, file.why.reason


PLAYS = [{"index": 0}, {"index": "1"}]
BROKEN = {
    "a string where a number belongs": (
        stub(response(plays=PLAYS)),
        ("sample.plays", "$.plays[1].index", "1", "Expected `int | null`, got `str`"),
    ),
    "a string where a number belongs, in a map": (
        stub(response(players={"ID1": {"id": 1}, "ID 2": {"id": "x"}, "ID3": {}})),
        ("sample.raw_game", "$.players['ID 2'].id", "x", "Expected `int | null`, got `str`"),
    ),
    "a number too large for its column": (
        stub(response(season=32768)),
        ("sample.games", "$.season", 32768, "Expected `int` <= 32767"),
    ),
    "a list where an object belongs": (
        stub(response(plays={})),
        ("sample.plays", "$.plays", "object with 0 members", "Expected `array | null`, got `object`"),
    ),
    "no key": (
        stub(response(plays=[{"index": 0}, {"rbi": 1}])),
        ("sample.plays", "$.plays[1].index", None, "a key column needs a value"),
    ),
    "another game": (stub(response(2)), ("sample.raw_game", "$.gamePk", 2, "gamePk is the one asked for")),
    "an error body": (
        stub({"messageNumber": 10, "message": "Object not found"}),
        ("sample.raw_game", "$.gamePk", None, "gamePk is the one asked for"),
    ),
    "another shape: the broken rule says more than a wrong type": (
        stub(without(response(score="3"), "plays")),
        ("sample.raw_game", "$.plays", None, "has plays"),
    ),
    "a list": (stub([response()]), ("sample.raw_game", "$", "array of 1 items", "Expected `object`, got `array`")),
    "no document": (
        without(response(), "gamePk"),
        ("sample.raw_game", "$.gamePk", None, "gamePk is the one asked for"),
    ),
    "an error answer": (
        stub(response(), status_code=404),
        (None, "$.status_code", 404, "an error answer, not a response"),
    ),
    "a method without mapping": (
        stub(response(), method="other"),
        (None, "$.method", "sample.other", "sample_tables has no mapping for this method"),
    ),
    "a stub without its time": (
        without(stub(response()), "captured_at"),
        (None, "$", "object with 7 members", "Object missing required field `captured_at`"),
    ),
    "a stub whose time has no zone": (
        stub(response()) | {"captured_at": "2024-07-01T12:00:00"},
        (None, "$.captured_at", "2024-07-01T12:00:00", "Expected `datetime` with a timezone component"),
    ),
}


@pytest.mark.parametrize(("content", "why"), BROKEN.values(), ids=BROKEN)
def test_a_broken_response_is_refused(
    sample_database: str, tmp_path: Path, content: object, why: tuple[object, ...]
) -> None:
    with connect(sample_database) as connection:
        loaded = load(connection, tmp_path, content, stub(response(), at(1)))
    [refused] = loaded.refused
    assert refused.path == tmp_path / "0.json"
    assert why_of(refused) == why
    assert [row[1] for row in raw_rows(sample_database)] == [at(1)], "the other file is stored"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>502</html>", "not JSON: JSON is malformed"),
        (b"", "not JSON: Input data was truncated"),
        (b'{"gamePk": 1', "not JSON: Input data was truncated"),
        (b"[" * 100_000, "nested too deeply"),
        (b"\x1f\x8bno gzip", "can't be decompressed: "),
        (b'{"gamePk": 1, "season": 2024, "plays": [], "venue": "\xff"}', "not UTF-8: invalid start byte"),
    ],
)
def test_what_is_no_json_is_refused(sample_database: str, tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with connect(sample_database) as connection:
        loaded = loader.load_files(stores(connection), [path], package=PACKAGE)
    assert [str(why_of(refused)[3]).startswith(reason) for refused in loaded.refused] == [True]
    assert raw_rows(sample_database) == []


def test_stubs_are_chosen_by_what_was_asked_for(tmp_path: Path) -> None:
    wanted = write(tmp_path / "b.json.gz", stub(response(2), game_pk=2))
    write(tmp_path / "a.json", stub(response()))
    write(tmp_path / "c.json", stub(response(2), game_pk=2, method="other"))
    write(tmp_path / "d.json", response(2))
    (tmp_path / "e.json").write_text("broken")
    assert loader.select_stubs(PACKAGE, tmp_path, {"game_pk": "2"}) == [wanted]


FEED = "747175_20240713T041909Z.json.gz"
PLAYS_PATH = "$.liveData.plays.allPlays"


def legacy(feed: dict[str, Any]) -> None:
    """As v1/game/{pk}/feed/live has it: pitchEvents, and numbers as text."""
    for play in feed["liveData"]["plays"]["allPlays"]:
        play["pitchEvents"] = play.pop("playEvents")
        play["about"]["atBatIndex"] = str(play["about"]["atBatIndex"])


def put(value: object, *path: str | int) -> Callable[[dict[str, Any]], None]:
    def change(feed: Any) -> None:
        for key in path[:-1]:
            feed = feed[key]
        feed[path[-1]] = value

    return change


BROKEN_FEEDS = {
    "a string where a number belongs": (
        put("1", "liveData", "plays", "allPlays", 3, "about", "atBatIndex"),
        ("game.live_game_plays", f"{PLAYS_PATH}[3].about.atBatIndex", "1"),
    ),
    "text that is no number": (
        put("once", "gameData", "game", "season"),
        ("game.live_game_metadata", "$.gameData.game.season", "once"),
    ),
    "a play without its key": (
        put(None, "liveData", "plays", "allPlays", 3, "about", "atBatIndex"),
        ("game.live_game_plays", f"{PLAYS_PATH}[3].about.atBatIndex", None),
    ),
    "a play twice": (
        put(2, "liveData", "plays", "allPlays", 3, "about", "atBatIndex"),
        ("game.live_game_plays", f"{PLAYS_PATH}[*]", 2),
    ),
    "another game": (put(1, "gamePk"), ("game.live_game_v1", "$.gamePk", 1)),
    "the legacy shape": (legacy, ("game.live_game_v1", f"{PLAYS_PATH}[0].pitchEvents", "array of 6 items")),
    "no plays": (put({}, "liveData", "plays"), ("game.live_game_v1", PLAYS_PATH, None)),
}


@pytest.mark.parametrize(("change", "why"), BROKEN_FEEDS.values(), ids=BROKEN_FEEDS)
def test_a_broken_feed_is_refused(
    database: str,
    stubs_dir: Path,
    tmp_path: Path,
    change: Callable[[dict[str, Any]], None],
    why: tuple[object, ...],
) -> None:
    content = json.loads(gzip.decompress((stubs_dir / "game" / "liveGameV1" / FEED).read_bytes()))
    change(content["response"])
    with connect(database) as connection:
        loaded = loader.load_files(stores(connection), [write(tmp_path / "feed.json", content)], package="mlb_tables")
        assert connection.execute("SELECT count(*) FROM game.live_game_v1").fetchone() == (0,)
    [refused] = loaded.refused
    assert why_of(refused)[:3] == why


@pytest.mark.parametrize(
    ("response", "path"),
    [
        ({"messageNumber": 10, "message": "Object not found"}, "$.messageNumber"),
        ([{"diff": []}], "$"),
        ("<html>", "$"),
    ],
)
def test_what_is_no_feed_is_refused(database: str, tmp_path: Path, response: object, path: str) -> None:
    wrapped = stub(response, endpoint="game", method="liveGameV1")
    with connect(database) as connection:
        loaded = loader.load_files(stores(connection), [write(tmp_path / "feed.json", wrapped)], package="mlb_tables")
    assert [why_of(refused)[1] for refused in loaded.refused] == [path]


def test_every_live_feed_is_stored_byte_for_byte(database: str, stubs_dir: Path) -> None:
    files = sorted((stubs_dir / "game" / "liveGameV1").glob("*.json.gz"))
    with connect(database) as connection:
        loaded = loader.load_files(stores(connection), files, package="mlb_tables")
        bodies = {whole(*kept) for kept in connection.execute("SELECT encoding, body FROM game.live_game_v1")}
    assert loaded.stored == tuple(files)
    for file in files:
        text = gzip.decompress(file.read_bytes())
        assert sum(body in text for body in bodies) == 1, file
