"""`mlb-etl schema restart`: out of schemas that no release made, with every capture that they have."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bodies import whole
from checks import some
from click.testing import CliRunner, Result
from psycopg import sql
from psycopg.types.json import Jsonb
from samples import PACKAGE, at, connect, response
from test_cli_json import DOCUMENTED, first_keys

from mlb_contracts.response import Response
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.stores.encoding import encode
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.db import Connection

# The forms that raw tables had, in short: what stands in the middle, and the body.
FORMS = {
    "first": ("", "data text NOT NULL"),
    "with as_of": ("as_of timestamptz NOT NULL,", "data text NOT NULL"),
    "with sightings": (
        "as_of timestamptz NOT NULL, last_seen_at timestamptz NOT NULL, seen integer NOT NULL,",
        "data text NOT NULL",
    ),
    "with bytes": (
        "as_of timestamptz NOT NULL, last_seen_at timestamptz NOT NULL, seen integer NOT NULL,",
        "encoding text NOT NULL CHECK (encoding IN ('identity', 'zstd')), body bytea NOT NULL",
    ),
}
NEWEST = "with bytes"
OLD = """
CREATE SCHEMA sample;
CREATE TABLE sample.raw_game (
    game_pk bigint NOT NULL, captured_at timestamptz NOT NULL, {middle}
    ingested_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP, endpoint text NOT NULL, method text NOT NULL,
    path_params jsonb NOT NULL, query_params jsonb NOT NULL, url text NOT NULL, status_code smallint NOT NULL,
    schema_version text, content_hash bytea NOT NULL CHECK (octet_length(content_hash) = 32), {body},
    PRIMARY KEY (game_pk, captured_at, content_hash)
) PARTITION BY RANGE (captured_at);
CREATE TABLE sample.raw_game_2024_07 PARTITION OF sample.raw_game FOR VALUES FROM ('2024-07-01') TO ('2024-08-01');
CREATE TABLE sample.games (game_pk bigint PRIMARY KEY, venue text);
INSERT INTO sample.games VALUES (1, 'as it was');
CREATE SCHEMA etl;
CREATE TABLE etl.flyway_schema_history (
    installed_rank integer PRIMARY KEY, version text, description text, type text, script text, checksum integer,
    installed_by text, installed_on timestamp NOT NULL DEFAULT now(), execution_time integer, success boolean
);
INSERT INTO etl.flyway_schema_history VALUES
    (1, '1', 'raw tables', 'SQL', 'V1__raw_tables.sql', 1, 'someone', '2026-01-01', 1, true);
"""
ROWS = """
SELECT path_params ->> 'game_pk', captured_at, as_of, last_seen_at, seen, url, content_hash, encoding, body
FROM sample.raw_game ORDER BY captured_at, content_hash
"""


@pytest.fixture(autouse=True)
def environment(empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", empty_database)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # for other processes


@pytest.fixture
def connection(empty_database: str) -> Iterator[Connection]:
    with connect(empty_database) as connection:
        yield connection


def old(connection: Connection, form: str = NEWEST) -> str:
    """Make what a database had before the first release; its form."""
    middle, body = FORMS[form]
    for statement in OLD.format(middle=middle, body=body).split(";\n"):
        connection.execute(statement.encode())
    return form


def answer(game_pk: int, minute: int, **members: Any) -> Response:
    body = b" " + msgspec.json.encode(response(game_pk, name="Péña", **members)) + b"\n"
    return Response("sample", "game", {"game_pk": str(game_pk)}, {}, "http://localhost/1", 200, at(minute), body)


def add(
    connection: Connection, form: str, of: Response, last_seen_at: datetime | None = None, seen: int = 1, **other: Any
) -> None:
    """A row of an old raw table."""
    kept = encode(of.data, "zstd" if of.captured_at.minute % 2 else "identity")
    row: dict[str, Any] = {
        "game_pk": int(of.path_params["game_pk"]), "captured_at": of.captured_at, "endpoint": of.endpoint,
        "method": of.method, "path_params": Jsonb(dict(of.path_params)), "query_params": Jsonb(dict(of.query_params)),
        "url": of.url, "status_code": of.status_code, "content_hash": hashlib.sha256(of.data).digest(),
    }  # fmt: skip
    middle, body = FORMS[form]
    row |= {"as_of": of.as_of} if "as_of" in middle else {}
    row |= {"last_seen_at": last_seen_at or of.as_of, "seen": seen} if "seen" in middle else {}
    row |= {"data": of.data.decode()} if "data" in body else {"encoding": kept.encoding, "body": kept.body}
    row |= other
    insert = sql.SQL("INSERT INTO sample.raw_game ({}) VALUES ({})").format(
        sql.SQL(", ").join(map(sql.Identifier, row)), sql.SQL(", ").join(map(sql.Placeholder, row))
    )
    connection.execute(insert, row)


def run(*arguments: str, code: int = 0) -> Result:
    done = CliRunner().invoke(cli, ["schema", "restart", *arguments])
    assert done.exit_code == code, done.output
    return done


def restarted(*arguments: str, code: int = 0) -> dict[str, Any]:
    given = ("--from-raw", *arguments) if "--from-store" not in arguments else arguments
    found: dict[str, Any] = json.loads(run(*given, "--yes", "--quiet", "--format", "json", code=code).stdout)
    return found


def schemas(connection: Connection) -> set[str]:
    names = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^(sample|etl)'")
    return {name for (name,) in names}


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    """The captures in the new raw table, with their bodies as they came."""
    return [(*row[:-2], whole(*row[-2:])) for row in connection.execute(ROWS)]


@pytest.mark.parametrize("form", FORMS)
def test_every_capture_is_in_the_new_raw_table(connection: Connection, form: str) -> None:
    """Of whatever form the old one is; with what it says of sightings, and the tables can be made of it."""
    old(connection, form)
    kept = [answer(1, 0), answer(1, 3, score=5), answer(2, 4)]
    add(connection, form, kept[0], at(2), seen=7)
    for each in kept[1:]:
        add(connection, form, each)
    done = restarted()
    assert (done["stored"], done["unchanged"], done["known"], done["refused"]) == (3, 0, 0, [])
    found = rows(connection)
    assert [row[:3] for row in found] == [(each.path_params["game_pk"], each.captured_at, each.as_of) for each in kept]
    assert [(row[5], row[6], row[-1]) for row in found] == [
        (each.url, hashlib.sha256(each.data).digest(), each.data) for each in kept
    ]
    seen = [(at(2), 7), (at(3), 1), (at(4), 1)] if "seen" in FORMS[form][0] else [(at(n), 1) for n in (0, 3, 4)]
    assert [row[3:5] for row in found] == seen
    assert CliRunner().invoke(cli, ["transform", "--method", "sample.game"]).exit_code == 0
    assert connection.execute("SELECT game_pk, home_score FROM sample.games ORDER BY 1").fetchall() == [(1, 5), (2, 1)]
    assert connection.execute("SELECT venue FROM sample_unreleased.games").fetchall() == [("as it was",)]
    assert connection.execute("SELECT count(*) FROM sample_unreleased.raw_game").fetchall() == [(3,)]


def test_a_database_of_before_is_told_the_way_out(connection: Connection) -> None:
    old(connection)
    for command in (("schema", "init"), ("status",), ("raw", "list")):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 1
        if command != ("status",):
            assert "`mlb-etl schema restart`" in done.stderr
    assert "changed" in CliRunner().invoke(cli, ["schema", "status"]).stdout


def test_it_tells_first_what_it_would_do(connection: Connection) -> None:
    add(connection, old(connection), answer(1, 0))
    found = json.loads(run("--from-raw", "--format", "json").stdout)
    assert found["to_move"] == {"etl": "etl_unreleased", "sample": "sample_unreleased"}
    assert found["raw_tables"] == [{"table": "sample.raw_game", "method": "sample.game", "captures": 1}]
    assert found["restarted"] is False
    assert first_keys("schema restart", found) == DOCUMENTED["schema restart"]
    assert schemas(connection) == {"etl", "sample"}
    assert "sample becomes sample_unreleased" in run("--from-raw").stdout
    shown = run("--from-raw", "--yes", "--quiet").stdout
    assert "now run: mlb-etl transform --method sample.game" in shown
    assert "DROP SCHEMA etl_unreleased, sample_unreleased CASCADE" in shown
    connection.execute("DROP SCHEMA etl_unreleased, sample_unreleased CASCADE")


def test_what_can_not_be_read_is_told_and_stays(connection: Connection) -> None:
    """Damaged, of another hash, without readable parameters, cut off, of a method without tables."""
    form = old(connection)
    for game_pk in range(1, 7):
        add(connection, form, answer(game_pk, 2 * game_pk + 1))
    cut = b'{"gamePk": 5'
    digest = hashlib.sha256(cut).digest()
    for game_pk, change in {
        1: "body = set_byte(body, 9, 255)",
        2: "encoding = 'identity', body = '{}'",
        3: "path_params = '[3]'",
        4: "method = 'other'",
        5: f"encoding = 'identity', body = '{cut.decode()}', content_hash = '\\x{digest.hex()}'",
    }.items():
        statement = f"UPDATE sample.raw_game SET {change} WHERE game_pk = {game_pk}"  # noqa: S608 - of this file
        connection.execute(statement.encode())
    done = restarted(code=1)
    assert done["stored"] == 1
    assert len(done["refused"]) == 5
    told = "\n".join(each["reason"] for each in done["refused"])
    for reason in ("damaged", "SHA-256", "path_params", "incomplete", "has no mapping"):
        assert reason in told
    assert [row[0] for row in rows(connection)] == ["6"]
    assert connection.execute("SELECT count(*) FROM sample_unreleased.raw_game").fetchall() == [(6,)]


def test_a_capture_that_was_ahead_of_the_clock_does_not_become_one_of_now(connection: Connection) -> None:
    form = old(connection)
    add(connection, form, answer(1, 0))
    add(connection, form, answer(1, 30, score=9), ingested_at=at(24))
    add(connection, form, answer(1, 40, score=8), ingested_at=at(36))
    done = restarted(code=1)
    [refused] = done["refused"]
    assert "ahead of the database's clock" in refused["reason"]
    assert [row[1] for row in rows(connection)] == [at(0), at(40)]


def test_one_content_in_two_rows_is_seen_until_the_later_one_was(connection: Connection) -> None:
    """Such rows were stored out of order; what stands between them stays between them."""
    form = old(connection)
    add(connection, form, answer(1, 0), at(2), seen=3)
    add(connection, form, answer(1, 4), at(9), seen=2)
    add(connection, form, answer(1, 6, score=5))
    done = restarted()
    assert (done["stored"], done["unchanged"]) == (2, 1)
    assert [row[1:4] for row in rows(connection)] == [(at(0), at(0), at(9)), (at(6), at(6), at(6))]


def test_another_time_it_finds_all_there(connection: Connection) -> None:
    form = old(connection)
    for minute in range(3):
        add(connection, form, answer(1, minute, score=minute), at(minute), seen=2)
    restarted()
    before = rows(connection)
    done = restarted()
    assert (done["stored"], done["unchanged"], done["known"], done["to_move"]) == (0, 0, 3, {})
    assert rows(connection) == before


def test_killed_in_the_middle_it_goes_on(connection: Connection) -> None:
    form = old(connection)
    captures = [answer(game_pk, game_pk % 60, padding="x" * 50_000) for game_pk in range(1, 301)]
    for each in captures:
        add(connection, form, each, each.as_of + timedelta(seconds=30), seen=2)
    command = [Path(sys.executable).with_name("mlb-etl"), "schema", "restart", "--from-raw", "--yes", "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while _number(connection) < 20:
            assert process.poll() is None
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGKILL)
    there = _number(connection)
    assert 20 <= there < 300
    done = restarted()
    assert (done["stored"], done["known"]) == (300 - there, there)
    found = rows(connection)
    assert sorted(row[-1] for row in found) == sorted(each.data for each in captures)
    assert all(row[4] == 2 and row[3] == row[2] + timedelta(seconds=30) for row in some(found))


def _number(connection: Connection) -> int:
    """How many captures the new raw table has, once the old one was set aside."""
    made = connection.execute("SELECT to_regclass('sample_unreleased.raw_game'), to_regclass('sample.raw_game')")
    if None in made.fetchall()[0]:
        return 0
    [(number,)] = connection.execute("SELECT count(*) FROM sample.raw_game").fetchall()
    found: int = number
    return found


def test_stopped_before_new_schemas_are_made_it_goes_on(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(connection, old(connection), answer(1, 0))

    def stopped(*_: object) -> list[str]:
        raise EtlError("stopped")

    with monkeypatch.context() as patched:
        patched.setattr(migrate, "apply_pending", stopped)
        run("--from-raw", "--yes", code=1)
    assert schemas(connection) == {"etl_unreleased", "sample_unreleased"}
    assert restarted()["stored"] == 1


def test_where_there_is_nothing_to_start_anew_it_does_nothing(connection: Connection) -> None:
    migrate.apply_pending(connection, PACKAGE)
    for arguments in ((), ("--yes",)):
        assert "nothing to restart" in run("--from-raw", *arguments, code=1).stderr
    assert schemas(connection) == {"etl", "sample"}


def test_schemas_of_a_restart_before_are_not_mixed_with_others(connection: Connection) -> None:
    add(connection, old(connection), answer(1, 0))
    connection.execute("CREATE SCHEMA sample_unreleased")
    assert "sample_unreleased" in run("--from-raw", "--yes", code=1).stderr
    assert schemas(connection) == {"etl", "sample", "sample_unreleased"}


@pytest.mark.parametrize("arguments", [(), ("--from-raw", "--from-store", ".")])
def test_one_source_is_to_be_said(arguments: tuple[str, ...]) -> None:
    run(*arguments, "--yes", code=2)


def test_an_object_store_fills_new_raw_tables(connection: Connection) -> None:
    old(connection)
    kept = [answer(1, 0), answer(2, 1)]
    for each in kept:
        ObjectStore("store", make=True).put(each)
    late = replace(answer(3, 9), query_params={"hydrate": "team"})
    ObjectStore("store").put(late)
    [file] = Path("store").rglob("hydrate=team/*.gz")
    file.rename(file.parents[1] / file.name)  # as it was called before the first release
    kept.append(late)
    assert "is not a folder" in run("--from-store", "nowhere", "--yes", code=1).stderr
    assert schemas(connection) == {"etl", "sample"}, "before anything is renamed"
    done = restarted("--from-store", "store")
    assert (done["stored"], done["refused"]) == (3, [])
    assert [row[-1] for row in rows(connection)] == [each.data for each in kept]
