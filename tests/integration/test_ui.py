"""`mlb-etl ui` as a program: what it answers, to whom, and how it ends."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from checks import some
from databases import READER
from looked_at import HOSTILE, PROGRAM, Shown, running
from psycopg.conninfo import make_conninfo

from mlb_etl import registry
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.cli import ui
from mlb_etl.errors import DatabaseUnavailable, EtlError, QueryCancelled
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.viewing import PostgresViewer, PostgresViewing

PAGES = ["/games", "/pipeline", "/quarantine", "/drift"]


@pytest.fixture
def viewer(database: str) -> Iterator[PostgresViewer]:
    found = PostgresViewing(Settings(database, Path(), TABLES)).open()
    yield found
    found.close()


def test_a_session_can_only_read_and_not_for_long(viewer: PostgresViewer) -> None:
    connection: Any = viewer._connection
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        connection.execute(
            "INSERT INTO etl.run (id, run_id, command, subject) VALUES (gen_random_uuid(), 'x', 'x', '')"
        )
    with viewer.snapshot(), pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.transaction():
        connection.execute("SELECT etl.create_partition('game', 'live_game_v1', '2031-01')")
    assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
    assert connection.execute("SHOW lock_timeout").fetchone() == ("1s",)


def test_a_table_that_is_being_changed_is_not_waited_for(database: str, viewer: PostgresViewer) -> None:
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE game.live_game_metadata")
        with pytest.raises(QueryCancelled, match="lock timeout"):
            viewer.newest("game.live_game_metadata")
    assert viewer.newest("game.live_game_metadata").captured_at is None  # the session goes on


def test_rows_are_bounded_and_ordered(database: str, viewer: PostgresViewer) -> None:
    shown = Shown(database)
    for pk in shown.games.pks:
        shown.play(pk, 0.3)
    columns, order = ("game_pk", "coded_game_state"), ("-game_pk",)
    found = viewer.rows("game.live_game_metadata", columns, {}, order=order, limit=1)
    assert found == [{"game_pk": max(shown.games.pks), "coded_game_state": "I"}]
    of_one = viewer.rows("game.live_game_metadata", columns, {"game_pk": [min(shown.games.pks)]}, order=order, limit=9)
    assert [row["game_pk"] for row in of_one] == [min(shown.games.pks)]


def test_what_it_shows_is_what_status_says(database: str, viewer: PostgresViewer) -> None:
    shown = Shown(database)
    shown.play(shown.games.pks[0], 0.5)
    status = shown.laws.status()
    methods = [registry.method(TABLES, each.method) for each in some(status.methods)]
    assert [viewer.standing(each) for each in methods] == list(status.methods)
    assert viewer.partitions() == list(status.partitions)
    assert viewer.runs() == list(status.runs)
    assert viewer.pending() == []


def test_nothing_is_created_to_be_looked_at(tmp_path: Path) -> None:
    viewing = PostgresViewing(Settings(None, tmp_path, TABLES))
    with pytest.raises(DatabaseUnavailable, match=r"there is no database in .*: `mlb-etl schema init` creates one"):
        viewing.open()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", PAGES)
def test_answers_are_for_this_machine_alone(database: str, path: str) -> None:
    with running(MLB_ETL_DSN=database) as (url, _):
        answer = httpx.get(url + path)
        headers = answer.headers
        assert (answer.status_code, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert not {"Set-Cookie", "Access-Control-Allow-Origin"} & {*headers}
        assert "//" not in answer.text, "no other host is named"
        for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1]", ""):
            assert httpx.get(url + path, headers={"Host": host}).status_code == 400, host
        port = urlsplit(url).port
        assert httpx.get(f"http://localhost:{port}{path}").status_code == 200
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port or 0), timeout=5)


def test_there_is_nothing_but_pages_to_read(database: str) -> None:
    with running(MLB_ETL_DSN=database) as (url, _):
        assert httpx.get(url + "/").headers["Location"] == "/games"
        for path in ("/no-such-page", "/game/x", "/game/-1", f"/game/{2**63}", "/quarantine/1e3", "/static/../app.py"):
            assert httpx.get(url + path).status_code == 404, path
        assert "There is no such page." in httpx.get(url + "/no-such-page").text
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            assert httpx.request(method, url + "/games").status_code == 405, method
        assert "The tables have no such game." in httpx.get(f"{url}/game/{2**63 - 1}").text
        assert "no capture in quarantine has the id 7" in httpx.get(f"{url}/quarantine/7").text


def test_a_role_that_reads_sees_what_it_may(database: str) -> None:
    shown = Shown(database)
    pk = shown.games.pks[0]
    shown.play(pk, 0.5)
    with running(MLB_ETL_DSN=make_conninfo(database, user=READER)) as (url, _):
        assert f"/game/{pk}" in httpx.get(url + "/games").text
        assert "Last plays" in httpx.get(f"{url}/game/{pk}").text
        assert (
            f"The role <code>{READER.replace('_', '_<wbr>')}</code> may not read" in httpx.get(url + "/quarantine").text
        )
        pipeline = httpx.get(url + "/pipeline").text
        assert "may not read" in pipeline
        assert "Newest rows by table" in pipeline


def test_what_a_response_says_is_text(database: str) -> None:
    shown = Shown(database)
    pk = shown.games.pks[0]
    feed = shown.games.feed(pk, 0.5)
    feed["gameData"]["teams"]["home"]["name"] = feed["gameData"]["venue"]["name"] = HOSTILE
    feed["gameData"]["status"]["detailedState"] = feed["gameData"]["teams"]["home"]["abbreviation"] = HOSTILE
    feed["gameData"][HOSTILE] = {"is": "new"}
    for play in some(feed["liveData"]["plays"]["allPlays"]):
        play["result"]["description"] = play["result"]["event"] = HOSTILE
    shown.laws.arrive(shown.games.edited(pk, feed, 0.5))
    shown.laws.run([pk])
    with running(MLB_ETL_DSN=database) as (url, _):
        for path in ("/games", f"/game/{pk}", "/drift"):
            body = httpx.get(url + path).text
            assert "&lt;script&gt;document" in body, path
            assert body.count("<script") == 1, path  # our own
            assert "<img" not in body
            assert "\u202e" not in body


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_soon_when_it_is_told_to(database: str, number: int) -> None:
    with running(MLB_ETL_DSN=database) as (url, process):
        with httpx.stream("GET", f"{url}/updates/games") as updates:  # without an end
            assert next(updates.iter_lines()) == "event: section"
            began = time.monotonic()
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        assert time.monotonic() - began < 8
        assert (process.returncode, out, err) == (0, "", "")


def refused(*arguments: str, **environment: str) -> str:
    done = subprocess.run([PROGRAM, "ui", *arguments], env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    return done.stderr


def test_a_port_that_is_taken_is_named(database: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        why = refused("--port", str(port), MLB_ETL_DSN=database)
    assert why == (
        f"Error: port {port} of 127.0.0.1 can't be used: another program uses it; --port chooses another one,"
        " --port 0 any that is free\n"
    )


def test_a_lake_is_refused_with_what_shows_it(tmp_path: Path) -> None:
    assert "`mlb-etl status`, `quarantine list` and `drift` with --target" in refused("--target", f"delta:{tmp_path}")


def test_it_opens_a_browser(database: str, tmp_path: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {tmp_path}/part && mv {tmp_path}/part {tmp_path}/opened\n')
    browser.chmod(0o700)
    with running("--open", MLB_ETL_DSN=database, BROWSER=str(browser)) as (url, _):
        deadline = time.monotonic() + 20
        while not (tmp_path / "opened").exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert (tmp_path / "opened").read_text() == f"{url}/\n"


def test_it_needs_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ui, "_NEEDED", ("no_such_module",))
    with pytest.raises(EtlError, match=r"no_such_module is not installed: pip install 'mlb-etl\[ui\]'"):
        ui.ui.callback(port=0, opens=False, target=None)


def test_other_domains_have_pages_too(sample_database: str) -> None:
    with running(MLB_ETL_DSN=sample_database, MLB_ETL_TABLES="sample_tables", PYTHONPATH="tests") as (url, _):
        begin = httpx.get(url, follow_redirects=True).text
        assert "<h1>Pipeline</h1>" in begin
        assert "/quarantine" in begin
