"""mlb-etl schema drop-season: what goes with a season, what stays, and when it is refused."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from databases import temporary_database, transform
from feed_counts import ROWS_OF_747175
from psycopg import sql
from sample_tables.game import METHOD
from samples import NOON, PACKAGE, at, connect, load, response, stores, stub
from variants import Variant

from mlb_etl.apply.pipeline import Pipeline, Session
from mlb_etl.capture import loader
from mlb_etl.cli import cli
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import migrate, partitions, seasons
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

STATE = {
    "games": "SELECT game_pk, season, home_score FROM sample.games ORDER BY 1",
    "plays": "SELECT game_pk, season, at_bat_index, rbi FROM sample.plays ORDER BY 1, 3",
    "partitions": "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = ANY(ARRAY['sample.games',"
    " 'sample.plays']::regclass[]) ORDER BY 1",
    "captures": "SELECT (path_params ->> 'game_pk')::bigint, captured_at FROM sample.raw_game ORDER BY 1, 2",
    "watermarks": "SELECT document::text FROM etl.watermark ORDER BY 1",
    "unreadable": "SELECT document::text FROM etl.unreadable ORDER BY 1",
    "quarantine": "SELECT document::text, state FROM etl.quarantine ORDER BY 1",
}
FOREIGN = (
    "CREATE TABLE public.notes (game_pk bigint, season smallint, FOREIGN KEY (game_pk, season) REFERENCES sample.games)"
)


@pytest.fixture(params=["server", "server15"])
def connection(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Connection]:
    """Games 1 and 2 of 2024, and game 3 of 2023; on each version of the server."""
    with temporary_database(request.getfixturevalue(request.param)) as dsn, connect(dsn) as connection:
        migrate.apply_pending(connection, PACKAGE)
        monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
        monkeypatch.setenv("MLB_ETL_DSN", dsn)
        load(
            connection,
            tmp_path,
            stub(response(1)),
            stub(response(2, venue=7), game_pk=2),
            stub(response(3, season=2023), game_pk=3),
        )
        transform(connection, METHOD, PACKAGE)
        yield connection


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["schema", "drop-season", *map(str, arguments)])


def state(connection: Connection) -> dict[str, Any]:
    return {name: connection.execute(query.encode()).fetchall() for name, query in STATE.items()}


def of_2023(found: dict[str, Any]) -> dict[str, Any]:
    """What is not of the games of 2024."""
    return {name: [row for row in rows if not mentions(row)] for name, rows in found.items()}


def mentions(row: tuple[Any, ...]) -> bool:
    return row[0] in {1, 2, '{"game_pk": 1}', '{"game_pk": 2}'} or str(row[0]).endswith("_2024")


def test_at_first_it_is_only_told(connection: Connection) -> None:
    before = state(connection)
    done = run(2024)
    assert done.exit_code == 0
    assert done.output == (
        "table         partition          rows\n"
        "sample.plays  sample.plays_2024     6\n"
        "sample.games  sample.games_2024     2\n"
        "method       documents  captures  waiting\n"
        "sample.game          2         2        0\n"
        "--yes would be refused: sample.game: the raw table has 2 captures of it, from which `mlb-etl transform` would"
        " restore it: give --captures delete or --captures keep\n"
    )
    assert run(2024, "--captures", "keep").output.endswith("nothing was dropped; --yes drops it\n")
    assert state(connection) == before


def test_it_goes_with_its_captures(connection: Connection) -> None:
    """All that other seasons have stays, and nothing brings it back."""
    before = state(connection)
    done = run(2024, "--captures", "delete", "--yes", "--format", "json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["season"], found["dropped"], found["refusal"]) == (2024, True, None)
    assert [(each["partition"], each["rows"]) for each in found["parts"]] == [
        ("sample.plays_2024", 6),
        ("sample.games_2024", 2),
    ]
    assert found["contents"] == [{"method": "sample.game", "documents": 2, "captures": 2, "waiting": 0, "shared": 0}]
    assert state(connection) == of_2023(before)
    assert transform(connection, METHOD, PACKAGE).documents.applied == 0
    assert state(connection) == of_2023(before)
    assert migrate.differences(connection, PACKAGE) == []


def test_transform_makes_it_again_from_captures_that_are_kept(connection: Connection) -> None:
    """The tables show nothing of its documents, and no watermark says that they do."""
    before = state(connection)
    assert run(2024, "--captures", "keep", "--yes").exit_code == 0
    assert state(connection) == of_2023(before) | {"captures": before["captures"]}
    assert transform(connection, METHOD, PACKAGE).documents.applied == 2
    assert state(connection) == before


def test_a_session_that_knew_it_makes_it_again(connection: Connection, tmp_path: Path) -> None:
    """What a worker remembers of documents does not stand against what the watermarks say."""
    before, raw = state(connection), RawWriter(connection, METHOD)
    load(connection, tmp_path, stub(response(1, score=9), at(5)), stub(response(2, score=9), at(5), game_pk=2))
    with Session(Postgres(Settings(connection.info.dsn, tmp_path, PACKAGE)), METHOD) as session:
        assert session.run([[each] for each in raw.captures({}) if each.captured_at == at(5)]).documents.applied == 2
        seasons.drop_season(connection, PACKAGE, 2024, "keep")
        assert session.run([[each] for each in raw.captures({}) if each.as_of == NOON]).documents.applied == 2
    assert {name: state(connection)[name] for name in ("games", "plays", "watermarks", "quarantine")} == {
        name: before[name] for name in ("games", "plays", "watermarks", "quarantine")
    }


def test_without_a_word_on_its_captures_it_is_refused(connection: Connection) -> None:
    before = state(connection)
    done = run(2024, "--yes")
    assert done.exit_code == 1
    assert "season 2024 was not dropped: sample.game: the raw table has 2 captures of it" in done.output
    assert state(connection) == before


def test_captures_that_wait_are_not_deleted(connection: Connection, tmp_path: Path) -> None:
    """Unless it was decided that they never are to be applied; what was overtaken does not wait."""
    load(connection, tmp_path, stub(response(1), at(-5)), stub(response(1, rbi=[1, 1]), at(5)))
    before = state(connection)
    done = run(2024, "--captures", "delete", "--yes")
    assert done.exit_code == 1
    assert "sample.game: 1 of its captures are not applied yet: run `mlb-etl transform` first" in done.output
    assert state(connection) == before
    connection.execute(
        "INSERT INTO etl.quarantine (method, document, captured_at, content_hash, state, path, reason)"
        " SELECT 'sample.game', '{\"game_pk\": 1}', captured_at, content_hash, 'dropped', '$', '' FROM sample.raw_game"
        " WHERE captured_at = %s",
        [at(5)],
    )
    assert run(2024, "--captures", "delete", "--yes").exit_code == 0
    assert state(connection) == of_2023(before)


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        ((FOREIGN, "INSERT INTO public.notes VALUES (1, 2024)"), "violates foreign key constraint"),
        (("CREATE VIEW public.plays AS SELECT rbi FROM sample.plays_2024",), "other objects depend on it"),
    ],
    ids=["rows", "a view"],
)
def test_what_refers_to_it_keeps_it(connection: Connection, statements: tuple[str, ...], said: str) -> None:
    for statement in statements:
        connection.execute(statement.encode())
    before = state(connection)
    done = run(2024, "--captures", "delete", "--yes")
    assert done.exit_code == 1
    assert "season 2024 was not dropped: something depends on it: " in done.output
    assert said in done.output
    assert state(connection) == before


def test_rows_elsewhere_that_refer_to_other_seasons_are_in_nobodys_way(connection: Connection) -> None:
    connection.execute(FOREIGN.encode())
    connection.execute("INSERT INTO public.notes VALUES (3, 2023)")
    assert run(2024, "--captures", "delete", "--yes").exit_code == 0


def test_a_document_of_two_seasons_keeps_both(connection: Connection) -> None:
    connection.execute("INSERT INTO sample.games (game_pk, season, captured_at) VALUES (1, 2023, now())")
    before = state(connection)
    done = run(2024, "--captures", "keep", "--yes")
    assert done.exit_code == 1
    assert "sample.game: 1 of its documents also have rows of other seasons" in done.output
    assert state(connection) == before


@pytest.mark.usefixtures("connection")
def test_a_season_of_which_there_is_nothing() -> None:
    assert run(1987, "--yes").exit_code == 1
    assert run(1987).output.endswith("--yes would be refused: the tables have no rows of season 1987\n")


def test_partitions_without_rows_go_too(connection: Connection) -> None:
    games = partitions.Partitioned.of(METHOD.tables[0])
    assert games is not None
    partitions.Partitions.of_method(connection, METHOD).ensure({games: [2025]})
    assert run(2025, "--yes").exit_code == 0
    assert run(2025, "--yes").exit_code == 1


def test_it_waits_for_writers_and_they_for_it(connection: Connection) -> None:
    """A document that a worker is at, of whatever season, is written before its season is looked at."""
    with connect(connection.info.dsn) as writer, ThreadPoolExecutor(1) as pool:
        with writer.transaction():
            writer.execute("SELECT FROM etl.watermark WHERE document = '{\"game_pk\": 3}' FOR UPDATE")
            writer.execute("INSERT INTO sample.games (game_pk, season, captured_at) VALUES (4, 2024, now())")
            dropping = pool.submit(run, 2024, "--captures", "delete", "--yes", "--format", "json")
            while connection.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
                pass
        found = json.loads(dropping.result(timeout=30).stdout)
    assert [each["rows"] for each in found["parts"]] == [6, 3]


def test_beside_workers_nobody_ends_in_a_deadlock(connection: Connection, tmp_path: Path) -> None:
    """A season is dropped and made again, while others write another and read both."""
    done, dsn = threading.Event(), connection.info.dsn

    def write() -> int:
        written = 0
        with connect(dsn) as own:
            while not done.is_set():
                folder = tmp_path / f"later_{written}"
                folder.mkdir()
                load(own, folder, stub(response(3, season=2023, score=written), at(10 + written), game_pk=3))
                transform(own, METHOD, PACKAGE)  # unless the other thread has applied it already
                written += 1
        return written

    def read() -> int:
        read = 0
        with connect(dsn) as own:
            while not done.is_set():
                own.execute("SELECT count(*) FROM sample.games JOIN sample.plays USING (game_pk, season)")
                read += 1
        return read

    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(write), pool.submit(read)]
        try:
            for _ in range(5):
                seasons.drop_season(connection, PACKAGE, 2024, "keep")
                with connect(dsn) as own:
                    transform(own, METHOD, PACKAGE)
        finally:
            done.set()
        assert min(other.result() for other in others) > 0
    [(deadlocks,)] = connection.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks == 0


def test_under(variant: Variant, variant_database: str, stubs_dir: Path) -> None:
    """Whole partitions where there are any, else rows: a real game goes and comes again under each choice."""
    settings = Settings(variant_database, stubs_dir, variant.package)
    with connect(variant_database) as connection:
        for game in ("747175", "778554"):
            loader.load_files(
                stores(connection),
                loader.select_stubs(variant.package, stubs_dir, {"game_pk": game}),
                package=variant.package,
            )
        Pipeline(variant.method, Postgres(settings)).run({})
        before = rows(connection)
        found = seasons.drop_season(connection, variant.package, 2024, "keep")
        whole = [part for part in found.parts if part.rows and part.partition is not None]
        assert {part.table for part in found.parts if part.rows} == {
            f"game.live_game_{name}" for name, number in ROWS_OF_747175.items() if number
        }
        assert bool(whole) == (variant.name != "unpartitioned")
        assert {name: before[name] - left for name, left in rows(connection).items()} == ROWS_OF_747175
        assert Pipeline(variant.method, Postgres(settings)).run({}).documents.applied > 0
        assert rows(connection) == before


def rows(connection: Connection) -> dict[str, int]:
    """How many each table has."""
    count = sql.SQL("SELECT count(*)::int FROM {}")
    return {
        name: number
        for name in ROWS_OF_747175
        for (number,) in connection.execute(count.format(sql.Identifier("game", f"live_game_{name}")))
    }


def test_a_day_of_the_schedule_goes_with_its_games(database: str) -> None:
    """Its row too, though days are not partitioned; a day without games is of no season, and stays."""
    insert = "INSERT INTO schedule.schedule_{} ({}, captured_at) VALUES ({}, now())"
    with connect(database) as connection:
        for day in ("2024-07-01", "2024-12-24", "2025-07-01"):
            connection.execute(insert.format("dates", "schedule_date, sport_id", f"'{day}', 1").encode())
        for day in ("2024-07-01", "2025-07-01"):
            of = f"'{day}', 1, 7, {day[:4]}"
            connection.execute(insert.format("games", "schedule_date, sport_id, game_pk, season", of).encode())
        found = seasons.drop_season(connection, "mlb_tables", 2024, None)
        assert [(each.table, each.partition, each.rows) for each in found.parts if each.rows] == [
            ("schedule.schedule_games", "schedule.schedule_games_2024", 1),
            ("schedule.schedule_dates", None, 1),
        ]
        left = connection.execute("SELECT schedule_date::text FROM schedule.schedule_dates ORDER BY 1").fetchall()
        assert left == [("2024-12-24",), ("2025-07-01",)]
