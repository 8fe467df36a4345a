"""Captures in an object store, a folder and a real S3 server: it alone is enough to have everything again."""

import gzip
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import bodies
import pytest
import s3
import unmeasured
from click.testing import CliRunner, Result
from databases import temporary_database
from psycopg import sql
from samples import connect

from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import object_store, stub_files
from mlb_etl.capture.object_store import ObjectStore, object_name
from mlb_etl.cli import cli
from mlb_etl.stores.embedded.server import Server
from mlb_sim import Simulator
from mlb_sim import serve as simulate

ROOT = Path(__file__).parents[2]
JOB = str(ROOT / "config" / "jobs" / "game_live_date.yaml")
SPECIFIC = str(ROOT / "config" / "jobs" / "game_live_specific.yaml")
TRANSFORM = str(ROOT / "config" / "jobs" / "game_live_transform.yaml")
RAW = """
SELECT request, captured_at, as_of, last_seen_at, seen, endpoint, method, path_params, query_params, url, status_code,
    content_hash, encoding, body
FROM game.live_game_v1 ORDER BY request, captured_at, content_hash
"""


@pytest.fixture(scope="module")
def bucket() -> Iterator[s3.S3]:
    with s3.serve() as server:
        yield server


@pytest.fixture(autouse=True)
def environment(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store.cache_clear()
    for name in (*object_store.ENDPOINTS, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.setenv("MLB_ETL_DATA", str(tmp_path))


@pytest.fixture(params=["folder", "url of a folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "s3":
        for name, value in request.getfixturevalue("bucket").environment.items():
            monkeypatch.setenv(name, value)
        return f"s3://{s3.BUCKET}/{tmp_path.name}"
    folder = tmp_path / "the store"
    return "the store" if request.param == "folder" else folder.as_uri()


def keep(place: str, minutes: float, content: str, game_pk: int = 1, **query: str) -> Response:
    """A capture that is so late on the first of July, and kept."""
    path = {"game_pk": str(game_pk)}
    time_ = datetime(2024, 7, 1, 23, tzinfo=UTC) + timedelta(minutes=minutes)
    answer = Response("game", "liveGameV1", path, query, "http://api/x", 200, time_, feed(content, game_pk))
    store(place).put(answer)
    return answer


def feed(content: str, game_pk: int = 1) -> bytes:
    """As small as one may be; its whitespace is kept."""
    header = {"game": {"season": "2024"}, "status": {"codedGameState": "I", "detailedState": content}}
    live = {"plays": {"allPlays": []}, "linescore": {}}
    return f" {json.dumps({'gamePk': game_pk, 'gameData': header, 'liveData': live})}\n".encode()


@cache
def store(place: str) -> ObjectStore:
    return ObjectStore(place, make=True)


def names(place: str) -> list[str]:
    return sorted(name for day in store(place).days("game", "liveGameV1") for name in store(place).names(day))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("mlb-etl"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def last_line(text: str) -> str:
    return text.splitlines()[-1] if text else ""


def last(result: Result) -> str:
    return result.stdout.splitlines()[-1] if result.stdout else result.output


def raw(dsn: str) -> list[Any]:
    with connect(dsn) as connection:
        return connection.execute(RAW).fetchall()


def tables(dsn: str) -> dict[str, list[Any]]:
    """The rows of all tables, but for when they were written."""
    query = sql.SQL("SELECT to_jsonb(t) - 'ingested_at' FROM {} AS t ORDER BY 1")
    method = registry.method("mlb_tables", "game.liveGameV1")
    with connect(dsn) as connection:
        return {
            table.name: connection.execute(query.format(sql.Identifier(table.schema, table.name))).fetchall()
            for table in method.tables
        }


@pytest.mark.parametrize("place", ["folder", "s3"], indirect=True)
def test_a_day_is_rebuilt_from_the_store_alone(
    place: str, database: str, server: Server, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Captured while the games are on, when they are over, and once more: raw rows and tables come out equal."""
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", place)
    with simulate(Simulator(6, 2024)) as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        day = api.simulator.calendar.first_day + timedelta(days=4)
        clock = api.simulator.clock
        clock.set(min(slot.start for _, slot in api.simulator.calendar.by_day[day]))
        for hours in (2, 0, 24):
            clock.advance(hours * 3600)
            done = run("ingest", "--job", JOB, "--date", str(day), "--object-store", "--transform", "--again")
            assert done.exit_code == 0, done.output
    expected = raw(database)
    assert {row[4] for row in expected} == {1, 2}, "seen once, and seen again"
    with temporary_database(server, template) as fresh:
        monkeypatch.setenv("MLB_ETL_DSN", fresh)
        monkeypatch.setenv("MLB_ETL_BASE_URL", "http://127.0.0.1:1")
        done = run("replay", "--from", place)
        seen = sum(row[4] - 1 for row in expected)
        assert last(done) == f"stored {len(expected)}, unchanged {seen}, known 0, refused 0"
        assert f"{len(expected) + seen}/{len(expected) + seen}, " in done.stderr
        assert raw(fresh) == expected
        again = json.loads(run("replay", "--from", place, "--format", "json", "--quiet").stdout)
        assert again == {"stored": 0, "unchanged": 0, "known": len(expected) + seen, "refused": []}
        assert raw(fresh) == expected
        assert run("transform", "--job", TRANSFORM).exit_code == 0
        assert tables(fresh) == tables(database)


def test_each_object_is_read_once_whatever_its_method(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a form has a name of its own, and where hydrations share a method's captures."""
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", "store")
    with simulate(Simulator(6, 2024)) as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        for method, param in (("season.seasons", "sportId=1"), ("schedule.schedule", "date=2024-04-01")):
            sport = ("--param", "sportId=1") if method == "schedule.schedule" else ()
            done = run("ingest", "--method", method, "--param", param, *sport, "--object-store", "--quiet")
            assert done.exit_code == 0, done.output
    assert {each.parent.parent.parent.name for each in Path("store").rglob("*.json.gz")} >= {"method=allSeasons"}
    again = json.loads(run("replay", "--from", "store", "--format", "json", "--quiet").stdout)
    assert again == {"stored": 0, "unchanged": 0, "known": 2, "refused": []}


def test_what_stands_where(place: str) -> None:
    """By endpoint, method, day in UTC and document; a response that did not change is a note."""
    first = keep(place, 0, "one")
    keep(place, 59.5, "one")
    keep(place, 60, "two")
    keep(place, 60, "two", game_pk=2)
    folder = "endpoint=game/method=liveGameV1"
    assert [name.rpartition("_")[0] for name in names(place)] == [
        f"{folder}/date=2024-07-01/game_pk=1/captured_at=20240701T230000.000000Z",
        f"{folder}/date=2024-07-01/game_pk=1/captured_at=20240701T235930.000000Z",
        f"{folder}/date=2024-07-02/game_pk=1/captured_at=20240702T000000.000000Z",
        f"{folder}/date=2024-07-02/game_pk=2/captured_at=20240702T000000.000000Z",
    ]
    assert store(place).get(names(place)[0]) == first
    assert store(place).get(names(place)[1]) == replace(first, captured_at=first.captured_at + timedelta(minutes=59.5))


def test_no_note_names_a_note(place: str) -> None:
    """Not the second in a row, nor where another process puts again what is there as a note."""
    keep(place, 0, "one")
    note = keep(place, 1, "one")
    store.cache_clear()
    store(place).put(note)
    for minute in (2, 3, 4):
        keep(place, minute, "one")
    notes = [stub_files.parse_note(store(place)._read(name)) for name in names(place)]
    [first, _, second, *_] = names(place)
    assert [each and each[1] for each in notes] == [None, first, None, second, second]
    assert [store(place).get(name).captured_at.minute for name in names(place)] == [0, 1, 2, 3, 4]


def test_keys_of_any_kind_make_one_folder_each() -> None:
    about = {"season": "2024", "name": "../a b/c"}
    answer = Response("venue", "venues", {}, about, "", 200, datetime(2024, 7, 1, tzinfo=UTC), b"{}")
    name = object_name(answer)
    folder, _, file = name.rpartition("/")
    assert folder == "endpoint=venue/method=venues/date=2024-07-01/name=..%2Fa%20b%2Fc/season=2024"
    assert re.fullmatch(r"captured_at=20240701T000000\.000000Z_[0-9a-f]{16}\.json\.gz", file)


def test_two_of_one_time_are_kept_and_nothing_is_written_over(place: str, database: str) -> None:
    one, other = keep(place, 0, "one"), keep(place, 0, "other")
    [first, second] = names(place)
    ObjectStore(place).put(one)
    ObjectStore(place).put(replace(one, url="http://elsewhere"))
    assert {store(place).get(first).data, store(place).get(second).data} == {one.data, other.data}
    assert {store(place).get(name).url for name in (first, second)} == {"http://api/x"}
    assert last(run("replay", "--from", place)) == "stored 2, unchanged 0, known 0, refused 0"
    assert sorted(bodies.whole(*row[-2:]) for row in raw(database)) == sorted([one.data, other.data])


def test_past_states_and_what_comes_back(place: str, database: str) -> None:
    keep(place, 0, "one")
    keep(place, 5, "one")
    keep(place, 10, "old", timecode="20240701_120000")
    keep(place, 15, "two")
    keep(place, 20, "one")
    assert run("replay", "--from", place).exit_code == 0
    shown = [(row[2].strftime("%H:%M"), row[3].strftime("%H:%M"), row[4], row[8]) for row in raw(database)]
    assert shown == [
        ("23:00", "23:05", 2, {}),
        ("12:00", "12:00", 1, {"timecode": "20240701_120000"}),
        ("23:15", "23:15", 1, {}),
        ("23:20", "23:20", 1, {}),
    ]


def test_a_part_of_it(place: str, database: str) -> None:
    keep(place, 0, "one")
    keep(place, 90, "one")
    done = run("replay", "--from", place, "--since", "2024-07-02", "--method", "game.liveGameV1")
    assert last(done) == "stored 1, unchanged 0, known 0, refused 0", "a note finds what it names"
    assert [row[1].isoformat() for row in raw(database)] == ["2024-07-02T00:30:00+00:00"]
    unknown = run("replay", "--from", place, "--method", "game.boxscore")
    assert (unknown.exit_code, unknown.output[:34]) == (1, "Error: no mapping for game.boxscor")


def test_bad_objects_are_listed_and_do_not_stop_the_rest(database: str) -> None:
    good = keep("kept", 0, "one")
    keep("kept", 1, "one")
    keep("kept", 2, "lost")
    keep("kept", 3, "lost")
    folder = Path("kept") / Path(names("kept")[0]).parent
    Path("kept", names("kept")[2]).unlink()
    whole = Path("kept", names("kept")[0]).read_bytes()
    bad = {
        "captured_at=1.json.gz": (whole[:-9], "can't be decompressed"),
        "captured_at=2.json.gz": (b"{}", "not a stub"),
        "captured_at=3.json.gz": (b"\xff", "not UTF-8"),
        "captured_at=4.json.gz": (whole, "name does not match its content"),
        "captured_at=5.json.gz": (gzip.compress(b'{"endpoint": "game", "response": {}}'), "missing required field"),
    }
    for name, (content, _) in bad.items():
        (folder / name).write_bytes(content)
    (folder / "README").write_text("passed over")
    (folder / "captured_at=6.json.gz#1").write_text("what a killed writer leaves")
    done = run("replay", "--from", "kept")
    assert (done.exit_code, last(done)) == (1, "stored 1, unchanged 1, known 0, refused 6")
    for name, (_, reason) in bad.items():
        assert re.search(rf"refused .*/{re.escape(name)}\n(  .*\n)*  reason .*{reason}", done.stdout), reason
    assert "the store has no such object" in done.stdout
    assert [(row[4], bodies.whole(*row[-2:])) for row in raw(database)] == [(2, good.data)]


HOSTILE_NOTES = {
    "a folder above": {"same_as": "../x"},
    "out of the store": {"same_as": "endpoint=game/method=liveGameV1/../../../../etc/passwd.json.gz"},
    "nothing": {"same_as": ""},
    "too long": {"same_as": "x" * 5000},
    "a long name": {"same_as": f"endpoint=game/method=m/date=2024-07-01/game_pk={'1' * 5000}/x"},
    "no text": {"same_as": "a\0b"},
    "near year 1": {"captured_at": "0001-01-01T00:00:00+14:00"},
    "near year 10000": {"captured_at": "9999-12-31T23:59:59-14:00"},
}
ASTRAY = {
    "near year 1": '{"captured_at": "0001-01-01T00:00:00+14:00", "response": {}, "endpoint": "game", "method": "x"}',
    "many digits": '{"path_params": {"a": %s}, "response": {}}' % ("9" * 5000),
}


@pytest.mark.parametrize("place", ["folder", "s3"], indirect=True)
def test_bad_notes_do_not_stop_the_rest(place: str, database: str) -> None:
    """Whatever stands in them: each is refused with its name and the reason."""
    keep(place, 0, "one")
    keep(place, 1, "one")
    keep(place, 2, "two")
    request = {"endpoint": "game", "method": "liveGameV1", "captured_at": "2024-07-01T23:00:00Z", "same_as": "x"}
    bad = [json.dumps(request | members) for members in HOSTILE_NOTES.values()] + list(ASTRAY.values())
    folder = names(place)[0].rpartition("/")[0]
    for number, text in enumerate(bad):
        store(place)._store.put(f"{folder}/captured_at={number}.json.gz", gzip.compress(text.encode()))
    done = run("replay", "--from", place)
    assert (done.exit_code, last(done)) == (1, f"stored 2, unchanged 1, known 0, refused {len(bad)}"), done.output
    for number in range(len(bad)):
        assert f"refused {folder}/captured_at={number}.json.gz\n" in done.stdout
    assert done.stdout.count("  reason  this is not the name of an object\n") == 6
    assert done.stdout.count("the time of a capture must be in the years 2000 to 2099\n") == 3
    assert max(map(len, done.stdout.splitlines())) < 200
    assert len(raw(database)) == 2


@pytest.mark.usefixtures("database")
def test_what_is_no_file_is_refused_and_holds_up_nobody() -> None:
    """A FIFO has no writer, a socket can't be opened, links lead nowhere or round in a circle."""
    keep("kept", 0, "one")
    keep("kept", 1, "two", game_pk=2)
    folder = Path("kept") / Path(names("kept")[0]).parent
    os.mkfifo(folder / "captured_at=1.json.gz")
    (folder / "captured_at=2.json.gz").symlink_to("captured_at=2.json.gz")
    (folder / "captured_at=3.json.gz").symlink_to("nowhere")
    (folder / "captured_at=4.json.gz").mkdir()
    (folder / "captured_at=5\x1b[2J\n.json.gz").write_text("{}")
    (folder / os.fsdecode(b"captured_at=\xff.json.gz")).write_text("{}")
    (folder / "again").symlink_to("..")
    (folder.parent / "game_pk=3").symlink_to("game_pk=1/other")
    (folder / "other").mkdir()
    (folder / "other" / "back").symlink_to("../..")
    with socket.socket(socket.AF_UNIX) as listening, pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)  # the address of a socket may have 108 characters
        listening.bind("captured_at=6.json.gz")
    done = program("replay", "--from", "kept")
    assert (done.returncode, last_line(done.stdout)) == (1, "stored 2, unchanged 0, known 0, refused 6"), done.stderr
    assert "captured_at=1.json.gz\n  path    $\n  value   None\n  reason  not a regular file\n" in done.stdout
    assert "captured_at=5\\x1b[2J\\n.json.gz\n" in done.stdout
    assert "captured_at=\\udcff.json.gz\n" in done.stdout


@pytest.mark.usefixtures("database")
def test_many_bad_objects_are_counted_and_some_listed() -> None:
    keep("kept", 0, "one")
    folder = Path("kept") / Path(names("kept")[0]).parent
    for number in range(30):
        (folder / f"captured_at={number}.json.gz").write_bytes(b"{}")
    done = run("replay", "--from", "kept")
    assert done.exit_code == 1
    assert done.stdout.count("not a stub") == 20
    assert done.stdout.splitlines()[-2:] == [
        "and 10 more that were refused; --format json lists all",
        "stored 1, unchanged 0, known 0, refused 30",
    ]
    assert len(json.loads(run("replay", "--from", "kept", "--format", "json", "--quiet").stdout)["refused"]) == 30


@pytest.mark.parametrize("option", ["--object-store", "--record"])
def test_a_full_disk_leaves_nothing_half_written(database: str, option: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit of the size of files stands for it: the write ends half-way."""
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", "kept")
    with simulate(Simulator(6, 2024)) as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        game = str(api.simulator.calendar.fixtures[0].pk)
        arguments = (
            "ingest",
            "--job",
            SPECIFIC,
            "--game-pk",
            game,
            option,
            *(["kept"] if option == "--record" else []),
        )
        code = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (500, 500)); from mlb_etl.cli import main; main()"
        command, environment = [sys.executable, "-c", code, *arguments], unmeasured.environment()
        full = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (full.returncode, full.stderr.count("\n")) == (1, 1), full.stderr
        assert re.match(r"Error: .*kept.*: .*File too large", full.stderr)
        assert [file for file in Path("kept").rglob("*") if not file.is_dir()] == []
        assert raw(database) == []
        assert run(*arguments).exit_code == 0, "with room again"


@pytest.mark.parametrize(
    ("change", "place", "reason"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong-one"}, f"s3://{s3.BUCKET}/x", "SignatureDoesNotMatch"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, f"s3://{s3.BUCKET}/x", "InvalidAccessKeyId"),
        ({}, "s3://nowhere/x", "NoSuchBucket"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, f"s3://{s3.BUCKET}/x", "http://127.0.0.1:1/"),
        ({"AWS_ENDPOINT_URL": "localhost"}, f"s3://{s3.BUCKET}/x", "AWS_ENDPOINT_URL must be a URL"),
        ({}, f"s3://me:{s3.SECRET}@{s3.BUCKET}", "credentials of an object store belong in"),
        ({"AWS_ENDPOINT_URL": f"http://me:{s3.SECRET}@host"}, f"s3://{s3.BUCKET}", "AWS_ENDPOINT_URL must be"),
        ({}, f"s3://{s3.BUCKET}?key={s3.SECRET}", "s3://bucket/prefix, file:///folder or a folder"),
        ({}, "s3://", "s3://bucket/prefix, file:///folder or a folder"),
        ({}, "ftp://host/x", "s3://bucket/prefix, file:///folder or a folder"),
        ({}, f"a.file/me:{s3.SECRET}@host/x", "***@host/x"),
        ({}, "a.file", "a.file"),
    ],
)
def test_a_store_that_does_not_answer(  # noqa: PLR0917 - pytest names them
    bucket: s3.S3, database: str, change: dict[str, str], place: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says why, without secrets; nothing is half done."""
    monkeypatch.setattr(object_store, "_RETRIES", {"max_retries": 1, "retry_timeout": timedelta(seconds=5)})
    for name, value in (bucket.environment | change).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", place)
    Path("a.file").touch()
    with simulate(Simulator(6, 2024)) as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        api.simulator.clock.advance(30 * 3600)
        day = str(api.simulator.calendar.first_day)
        for arguments in (("ingest", "--job", JOB, "--date", day, "--object-store"), ("replay", "--from", place)):
            done = run(*arguments)
            assert done.exit_code == 1, done.output
            assert re.fullmatch(rf"Error: .*{re.escape(reason)}.*\n", done.output), done.output
            assert s3.SECRET not in done.output
            assert "wrong-one" not in done.output
    assert raw(database) == []


def test_no_store() -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("MLB_ETL_OBJECT_STORE", raising=False)
        patched.setenv("MLB_ETL_BASE_URL", "http://127.0.0.1:1")
        done = run("ingest", "--job", SPECIFIC, "--game-pk", "1", "--object-store")
    assert (done.exit_code, done.output[:45]) == (1, "Error: MLB_ETL_OBJECT_STORE is not set: it na")
    missing = run("replay", "--from", "nowhere")
    assert (missing.exit_code, "nowhere is not a folder: an object store is s3" in missing.output) == (1, True)


def test_without_its_library() -> None:
    code = "import sys; sys.modules['obstore'] = None; from mlb_etl.cli import main; main()"
    command = [sys.executable, "-c", code, "replay", "--from", "s3://a/b"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1, "Error: an object store needs the package obstore: pip install 'mlb-etl[store]'\n",
    )  # fmt: skip


def test_killed_between_the_store_and_the_raw_table(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store has it; a replay gives it to the raw table, and the next capture counts there."""
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", "kept")
    with simulate(Simulator(6, 2024)) as api, connect(database) as other:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        game = str(api.simulator.calendar.fixtures[0].pk)
        arguments = ("ingest", "--job", SPECIFIC, "--game-pk", game, "--object-store")
        with other.transaction():
            other.execute("LOCK TABLE game.live_game_v1 IN EXCLUSIVE MODE")
            ingest = subprocess.Popen([Path(sys.executable).with_name("mlb-etl"), *arguments])
            waiting = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'game.live_game_v1'::regclass"
            while (session := other.execute(waiting).fetchone()) is None:
                assert ingest.poll() is None
                time.sleep(0.02)
            ingest.kill()
            ingest.wait()
            other.execute("SELECT pg_terminate_backend(%s, 10000)", session)  # which would do what it was told
        assert (len(names("kept")), raw(database)) == (1, [])
        assert last(run("replay", "--from", "kept")) == "stored 1, unchanged 0, known 0, refused 0"
        assert last(run(*arguments)) == "stored 0, unchanged 1, skipped 0, failed 0"
    assert [row[4] for row in raw(database)] == [2]


def test_a_replay_that_is_killed_goes_on(database: str) -> None:
    for number in range(300):
        keep("kept", number, str(number // 2), game_pk=number % 3 + 1)
    command = [Path(sys.executable).with_name("mlb-etl"), "replay", "--from", "kept", "--quiet"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not raw(database):
        assert first.poll() is None
        time.sleep(0.01)
    first.kill()
    first.wait()
    some = len(raw(database))
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert some < 300
    assert re.fullmatch(r"stored \d+, unchanged 0, known \d+, refused 0\n", second.stdout)
    assert len(raw(database)) == 300
