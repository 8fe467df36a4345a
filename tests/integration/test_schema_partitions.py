"""mlb-etl schema partitions: months and seasons ahead, and old months of raw tables dropped."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from databases import temporary_database, transform
from psycopg import sql
from sample_tables.game import METHOD
from samples import PACKAGE, connect, load, response, stub
from variants import Variant, Variants

from mlb_contracts import Partition
from mlb_etl.cli import cli
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate, premake, retention
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions

RAW_PARTS = "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'sample.raw_game'::regclass ORDER BY 1"
MAY, JUNE, JULY = (datetime(2024, month, 5, tzinfo=UTC) for month in (5, 6, 7))


@pytest.fixture(params=["server", "server15"])
def dsn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with the tables of sample.game, on each version of the server, which the command works on."""
    with temporary_database(request.getfixturevalue(request.param)) as dsn:
        with connect(dsn) as connection:
            migrate.apply_pending(connection, PACKAGE)
        monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
        monkeypatch.setenv("MLB_ETL_DSN", dsn)
        yield dsn


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    with connect(dsn) as connection:
        yield connection


@pytest.fixture
def captures(connection: Connection, tmp_path: Path) -> None:
    """Of May: an older one of game 1. Of June: the one of game 1 that the tables show, and one of game 2 that waits."""
    load(connection, tmp_path, stub(response(1), MAY), stub(response(1, score=5), JUNE))
    with connect(connection.info.dsn) as own:
        transform(own, METHOD, PACKAGE)
    load(connection, tmp_path, stub(response(2), JUNE, game_pk=2), stub(response(3), JULY, game_pk=3))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["schema", "partitions", *arguments])


def raw_parts(connection: Connection) -> list[str]:
    return [name.removeprefix("sample.raw_game_") for (name,) in connection.execute(RAW_PARTS)]


def document_parts(connection: Connection) -> list[str]:
    found = connection.execute(RAW_PARTS.replace("raw_game", "raw_game_documents"))
    return [name.removeprefix("sample.raw_game_documents_") for (name,) in found]


def test_ahead(connection: Connection) -> None:
    arguments = ("--from", "2023-11", "--to", "2025-02")
    assert run(*arguments).output == (
        "table                      partitioned by  made  there before\n"
        "sample.raw_game            captured_at       16             0\n"
        "sample.raw_game_documents  captured_at       16             0\n"
        "sample.games               season             2             1\n"
        "sample.plays               season             2             1\n"
    )
    months = raw_parts(connection)
    assert (len(months), months[0], months[-1]) == (16, "2023_11", "2025_02")
    again = run(*arguments, "--format", "json")
    assert again.exit_code == 0
    assert [(each["table"], each["made"], len(each["there"])) for each in json.loads(again.output)] == [
        ("sample.raw_game", [], 16),
        ("sample.raw_game_documents", [], 16),
        ("sample.games", [], 3),
        ("sample.plays", [], 3),
    ]


def test_ahead_passes_over_lists_that_are_no_seasons(connection: Connection) -> None:
    connection.execute("CREATE TABLE lists (team_id integer) PARTITION BY LIST (team_id)")
    table = Partitioned("public", "lists", Partition("team_id", "list"), "integer")
    partitions = Partitions(connection, [("public", "lists")])
    [found] = premake._of_tables(partitions, [table], date(2024, 1, 1), date(2024, 12, 1))
    assert (found.made, found.there, found.skipped) == ((), (), "it is partitioned by team_id, which is not a year")


def test_ahead_under(variant: Variant, variant_database: str) -> None:
    """All tables of the real mapping, foreign keys and all."""
    with connect(variant_database) as connection:
        found = {
            each.table: each for each in premake.make(connection, variant.package, date(2028, 3, 1), date(2028, 5, 1))
        }
    plays = ["game.live_game_plays_2028_03", "game.live_game_plays_2028_04", "game.live_game_plays_2028_05"]
    found = {table: each for table, each in found.items() if table.startswith("game.live_game_")}
    if variant.name == "unpartitioned":
        assert [*found] == ["game.live_game_v1", "game.live_game_v1_documents"]
    else:
        wanted = ["game.live_game_plays_2028"] if variant.name == "season" else plays
        assert [*found["game.live_game_plays"].made] == wanted
        assert len(found) == len(variant.method.tables) + 2  # and those of the raw responses


@pytest.mark.parametrize(("name", "value"), [("season", 2028), ("game_date", date(2028, 3, 9))])
def test_foreign_keys_hold_in_partitions_made_ahead(
    server: Server, variants: Variants, name: str, value: object
) -> None:
    with temporary_database(server, variants.template(server, name)) as dsn, connect(dsn) as connection:
        premake.make(connection, variants.get(name).package, date(2028, 3, 1), date(2028, 3, 1))
        insert = sql.SQL(
            "INSERT INTO game.live_game_umpires (game_pk, official_type, captured_at, {}) VALUES (1, '', now(), %s)"
        )
        with pytest.raises(psycopg.errors.ForeignKeyViolation, match="live_game_umpires_game_pk_fkey"):
            connection.execute(insert.format(sql.Identifier(name)), [value])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "give --from and --to, or --drop-before"),
        (["--from", "2024-01"], "give --from and --to, or --drop-before"),
        (
            ["--from", "2024-01", "--to", "2024-02", "--drop-before", "2024-01"],
            "give --from and --to, or --drop-before",
        ),
        (["--from", "2024-01", "--to", "2024-02", "--yes"], "--yes and --force go with --drop-before"),
        (["--from", "2024", "--to", "2024-02"], "'2024' does not match the format '%Y-%m'"),
        (["--from", "9999-11", "--to", "9999-12"], "a day from 1800 to 2199 is expected"),
        (["--from", "0001-01", "--to", "0001-02"], "a day from 1800 to 2199 is expected"),
        (["--from", "2024-02", "--to", "2024-01"], "from 2024-02 to 2024-01 is not a range of 1 to 1000 months"),
    ],
)
def test_wrong_use(sample_database: str, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    done = run(*arguments)
    assert done.exit_code in {1, 2}
    assert said in done.output


@pytest.mark.usefixtures("captures")
def test_dropping_is_only_told_at_first(connection: Connection) -> None:
    done = run("--drop-before", "2024-08")
    lines = [line.split() for line in done.output.splitlines()]
    assert lines[0] == ["partition", "captures", "bytes", "shown", "by", "the", "tables", "waiting", "state"]
    assert [[*line[:2], *line[3:]] for line in lines[1:4]] == [
        ["sample.raw_game_2024_05", "1", "0", "0", "droppable"],
        ["sample.raw_game_2024_06", "2", "1", "1", "needed"],
        ["sample.raw_game_2024_07", "1", "0", "1", "needed"],
    ]
    assert min(int(line[2]) for line in lines[1:4]) > 8000
    assert done.output.endswith("nothing was dropped; --yes drops the droppable months\n")
    assert done.exit_code == 0
    assert raw_parts(connection) == ["2024_05", "2024_06", "2024_07"]


@pytest.mark.usefixtures("captures")
def test_needed_months_are_kept_unless_they_are_given_up(connection: Connection) -> None:
    done = run("--drop-before", "2024-07", "--yes", "--format", "json")
    assert done.exit_code == 1
    assert [(each["partition"], each["state"]) for each in json.loads(done.output)] == [
        ("sample.raw_game_2024_05", "dropped"),
        ("sample.raw_game_2024_06", "needed"),
    ]
    assert raw_parts(connection) == ["2024_06", "2024_07"]
    assert connection.execute("SELECT to_regclass('sample.raw_game_2024_05')").fetchone() == (None,)
    again = run("--drop-before", "2024-07", "--yes", "--force")
    assert again.exit_code == 0
    assert raw_parts(connection) == ["2024_07"]
    assert run("--drop-before", "2024-07", "--yes").exit_code == 0


@pytest.mark.usefixtures("captures")
def test_a_month_of_documents_goes_with_its_captures(connection: Connection) -> None:
    """It stays while their month is needed."""
    assert document_parts(connection) == ["2024_05", "2024_06", "2024_07"]
    assert run("--drop-before", "2024-07", "--yes").exit_code == 1
    assert document_parts(connection) == ["2024_06", "2024_07"] == raw_parts(connection)
    assert connection.execute("SELECT to_regclass('sample.raw_game_documents_2024_05')").fetchone() == (None,)
    assert run("--drop-before", "2024-07", "--yes", "--force").exit_code == 0
    assert document_parts(connection) == ["2024_07"] == raw_parts(connection)


def test_a_month_is_needed_for_a_newer_capture_of_a_document_that_was_applied(
    connection: Connection, tmp_path: Path
) -> None:
    """Of a later time than the tables show, and of the same time with other content."""
    load(connection, tmp_path, *(stub(response(game, score=1), MAY, game_pk=game) for game in (1, 2)))
    with connect(connection.info.dsn) as own:
        transform(own, METHOD, PACKAGE)
    load(connection, tmp_path, stub(response(1, score=2), JUNE), stub(response(2, score=2), MAY, game_pk=2))
    found = {each.partition: each for each in retention.list_months(connection, PACKAGE, date(2024, 7, 1))}
    assert [(each.shown, each.waiting, each.state) for each in found.values()] == [(2, 1, "needed"), (0, 1, "needed")]
    done = list(retention.drop_months(connection, PACKAGE, date(2024, 7, 1)))
    assert [each.state for each in done] == ["needed", "needed"]
    with connect(connection.info.dsn) as own:
        assert transform(own, METHOD, PACKAGE).documents.applied == 1
    assert connection.execute("SELECT home_score FROM sample.games WHERE game_pk = 1").fetchone() == (2,)


def test_a_month_is_needed_for_what_the_tables_show(connection: Connection, tmp_path: Path) -> None:
    """A changed mapping is applied to it again, though nothing of it waits."""
    load(connection, tmp_path, stub(response(1), MAY))
    with connect(connection.info.dsn) as own:
        transform(own, METHOD, PACKAGE)
    [kept] = retention.drop_months(connection, PACKAGE, date(2024, 6, 1))
    assert (kept.shown, kept.waiting, kept.state) == (1, 0, "needed")
    assert raw_parts(connection) == ["2024_05"]


def test_a_month_is_needed_for_what_waits_in_quarantine(connection: Connection, tmp_path: Path) -> None:
    """Although it is older than what the tables show: without the capture no decision could settle the entry."""
    for captures in ([(1, MAY)], [(2, MAY), (3, JUNE)]):
        load(connection, tmp_path, *(stub(response(1, score=score), at) for score, at in captures))
        with connect(connection.info.dsn) as own:
            done = transform(own, METHOD, PACKAGE)
    assert (done.documents.applied, done.documents.quarantined) == (1, 1)
    [kept] = retention.drop_months(connection, PACKAGE, date(2024, 6, 1))
    assert (kept.shown, kept.waiting, kept.state) == (0, 1, "needed")
    assert CliRunner().invoke(cli, ["quarantine", "retry", "--all"]).exit_code == 0
    [gone] = retention.drop_months(connection, PACKAGE, date(2024, 6, 1))
    assert gone.state == "dropped"


@pytest.mark.usefixtures("captures")
def test_months_are_those_of_utc(connection: Connection) -> None:
    connection.execute("SET timezone = 'Asia/Tokyo'")
    found = retention.list_months(connection, PACKAGE, date(2024, 6, 1))
    assert [each.partition for each in found] == ["sample.raw_game_2024_05"]


@pytest.mark.usefixtures("captures")
def test_readers_and_writers_go_on_while_a_month_is_dropped(connection: Connection, tmp_path: Path) -> None:
    """One that was there before is waited for, and stops no other."""
    dsn = connection.info.dsn
    with connect(dsn) as other, ThreadPoolExecutor(1) as pool:
        with connection.transaction():
            connection.execute("SELECT FROM sample.raw_game")
            dropping = pool.submit(run, "--drop-before", "2024-06", "--yes")
            wait_until(dsn, "SELECT FROM pg_inherits WHERE inhdetachpending")
            other.execute("SET lock_timeout = '250ms'")
            other.execute("SELECT count(*) FROM sample.raw_game")
            assert load(other, tmp_path, stub(response(4), JUNE, game_pk=4)).stored
            assert not dropping.done()
        assert dropping.result(timeout=10).exit_code == 0
    assert raw_parts(connection) == ["2024_06", "2024_07"]


@pytest.mark.usefixtures("captures")
def test_what_was_left_half_done_is_finished(connection: Connection) -> None:
    """Stopped while it waited, and stopped before the last statement; a table that someone else detached stays."""
    dsn = connection.info.dsn
    connection.execute("ALTER TABLE sample.raw_game DETACH PARTITION sample.raw_game_2024_07")
    with connection.transaction(), connect(dsn) as own:
        connection.execute("SELECT FROM sample.raw_game")
        own.execute("SET statement_timeout = '500ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            list(retention.drop_months(own, PACKAGE, date(2024, 6, 1)))
    assert run("--drop-before", "2024-06", "--yes").output.count("dropped") == 1
    mark = sql.Literal(f"{retention._MARK}: sample.raw_game")
    connection.execute(sql.SQL("COMMENT ON TABLE sample.raw_game_2024_06 IS {}").format(mark))
    connection.execute("ALTER TABLE sample.raw_game DETACH PARTITION sample.raw_game_2024_06")
    assert run("--drop-before", "2024-06", "--yes").exit_code == 1, "it is attached again, as it holds what is needed"
    assert raw_parts(connection) == ["2024_06"]
    assert connection.execute("SELECT obj_description('sample.raw_game_2024_06'::regclass)").fetchone() == (None,)
    connection.execute(sql.SQL("COMMENT ON TABLE sample.raw_game_2024_06 IS {}").format(mark))
    connection.execute("ALTER TABLE sample.raw_game DETACH PARTITION sample.raw_game_2024_06")
    assert run("--drop-before", "2024-06", "--yes", "--force").output.count("dropped") == 1
    tables = "SELECT relname FROM pg_class WHERE relname LIKE 'raw\\_game\\_2024\\___'"
    assert connection.execute(tables).fetchall() == [("raw_game_2024_07",)]


def test_a_capture_that_comes_while_a_month_is_dropped_is_not_lost(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first look, and before the month is closed."""
    load(connection, tmp_path, stub(response(1, score=1), MAY), stub(response(1, score=2), JUNE))
    with connect(connection.info.dsn) as own:
        transform(own, METHOD, PACKAGE)
    measured = retention._measured

    def then_one_comes(*arguments: Any, **named: Any) -> retention.OldMonth:
        found = measured(*arguments, **named)
        monkeypatch.setattr(retention, "_measured", measured)
        with connect(connection.info.dsn) as other:
            load(other, tmp_path, stub(response(2), MAY, game_pk=2))
        return found

    monkeypatch.setattr(retention, "_measured", then_one_comes)
    [found] = retention.drop_months(connection, PACKAGE, date(2024, 6, 1))
    assert (found.state, found.waiting) == ("needed", 1)
    with connect(connection.info.dsn) as own:
        assert transform(own, METHOD, PACKAGE).documents.applied == 1
    load(connection, tmp_path, stub(response(3), MAY, game_pk=3))


def wait_until(dsn: str, query: str) -> None:
    """Until the query finds something."""
    with connect(dsn) as watcher:
        while watcher.execute(query.encode()).fetchone() is None:
            time.sleep(0.01)
