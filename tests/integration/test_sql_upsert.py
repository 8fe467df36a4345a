"""The statements that move rows, on real servers: what they write, what they leave alone, and what they count."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from conftest import create_database
from psycopg import sql
from small_ir import GAMES, KEY, PLAYS, column, facts, method, table

from mlb_contracts import sql_types
from mlb_etl.stores.postgres.statements import compose_statements
from mlbgen import ir
from mlbgen.ir.columns import wire
from mlbgen.postgres import migrations

Connection = psycopg.Connection[Any]
Row = tuple[Any, ...]

T1 = datetime(2024, 11, 30, 12, tzinfo=UTC)
T2, T3 = T1 + timedelta(days=1), T1 + timedelta(days=2)
BENCH = table("bench", [column("player_id", "integer", nullable=False)], ["player_id"])
MOVING = table(
    "moving", PLAYS.columns[2:5], ["play_index"], by=ir.MonthPartition("captured_at", ("2024-11", "2024-12"))
)
VALUES: dict[str, Any] = {
    "int2": -1, "int4": 2**31 - 1, "int8": -(2**63), "float8": 90.25, "numeric": Decimal("0.267"), "bool": False,
    "text": "it's 100 % ü\n", "date": date(2024, 2, 29), "timestamptz": T1, "uuid": UUID(int=7),
}  # fmt: skip
KINDS = table(
    "kinds",
    [
        column(f"{name.replace(' ', '_')}_of_{seen}", name, json_type=seen)
        for name in sql_types.TYPES
        for seen in sql_types.json_types(sql_types.SqlType(name))
    ],
)
TABLES = (GAMES, PLAYS, BENCH, MOVING, KINDS)


@pytest.fixture(scope="module", params=["server", "server15"])
def dsn(request: pytest.FixtureRequest) -> str:
    """A database with the tables, on each version of the server."""
    dsn = create_database(request.getfixturevalue(request.param))
    with psycopg.connect(dsn) as connected:
        connected.execute(migrations.tables_ddl([method(*TABLES)]).encode())
    return dsn


def connect(dsn: str) -> Connection:
    connected = psycopg.connect(dsn, autocommit=True)
    for each in TABLES:
        connected.execute(compose_statements(facts(each), KEY).stage.encode())
    return connected


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    """A session with its stages; the tables are empty, but for two games."""
    with connect(dsn) as connected:
        connected.execute("TRUNCATE league.games, league.plays, league.bench, league.moving, league.kinds")
        connected.execute(
            "INSERT INTO league.games (game_pk, season, captured_at) VALUES (1, 2024, now()), (2, 2024, now()),"
            " (2, 2025, now()), (3, 2024, now())"
        )
        yield connected


def write(connection: Connection, of: ir.Table, rows: list[Row], *game_pks: int) -> tuple[int, int]:
    """Stage the rows and upsert them in a transaction; the numbers of inserted and updated rows."""
    counts = write_each(connection, of, rows, *(game_pks or (1,)))
    return sum(inserted for inserted, *_ in counts.values()), sum(updated for _, updated, _ in counts.values())


def write_each(connection: Connection, of: ir.Table, rows: list[Row], *game_pks: int) -> dict[int, list[int]]:
    """The numbers of inserted, updated, and kept rows by game."""
    made = compose_statements(facts(of), KEY)
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(made.copy.encode()) as copy:
            copy.set_types([each.wire for each in facts(of).columns])
            for row in rows:
                copy.write_row(row)
        found = cursor.execute(made.upsert.encode(), {"game_pk": list(game_pks)}).fetchall()
    return {game_pk: counts for game_pk, *counts in found}


def remain(connection: Connection, of: ir.Table, rows: list[Row], **captures: datetime) -> dict[int, list[int]]:
    """Stage the rows and delete the others of these games; the numbers of deleted rows, and of later ones."""
    made = compose_statements(facts(of), KEY)
    games = {"game_pk": [int(name[1:]) for name in captures], "captured_at": list(captures.values())}
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(made.copy.encode()) as copy:
            copy.set_types([each.wire for each in facts(of).columns])
            for row in rows:
                copy.write_row(row)
        return {game_pk: counts for game_pk, *counts in cursor.execute(made.delete.encode(), games)}


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_what_vanished_is_deleted_in_its_documents_only(connection: Connection, of: ir.Table) -> None:
    facts = (0, 90.5, "ball"), (1, None, None), (2, 88.0, "")
    for game_pk in (1, 2, 3):
        write(connection, of, plays(T1, *facts, game_pk=game_pk), game_pk)
    staged = [*plays(T2, facts[1], game_pk=1), *plays(T2, *facts, (4, 1.0, None), game_pk=2)]
    assert remain(connection, of, staged, g1=T2, g2=T2) == {1: [2, 0]}
    left = sql.SQL("SELECT game_pk, play_index FROM {} ORDER BY 1, 2").format(sql.Identifier("league", of.name))
    assert connection.execute(left).fetchall() == [(1, 1), *((game_pk, n) for game_pk in (2, 3) for n in (0, 1, 2))]
    assert remain(connection, of, [], g2=T1) == {2: [3, 0]}
    assert remain(connection, of, [], g3=T1 - timedelta(seconds=1)) == {3: [0, 3]}, "for the caller to undo"


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_several_documents_at_once(connection: Connection, of: ir.Table) -> None:
    write(connection, of, plays(T1, (0, 90.5, "ball"), (1, None, None)))
    staged = [*plays(T2, (0, 90.5, "strike"), (2, 1.0, "")), *plays(T2, (0, 1.0, ""), (1, 2.0, ""), game_pk=2)]
    assert write_each(connection, of, staged, 1, 2) == {1: [1, 1, 0], 2: [2, 0, 0]}


def plays(
    at: datetime, *facts: tuple[int, float | None, str | None], game_pk: int = 1, season: int = 2024
) -> list[Row]:
    return [
        (game_pk, season, index, None if speed is None else Decimal(str(speed)), event, at)
        for index, speed, event in facts
    ]


def stored(connection: Connection, name: str = "plays") -> list[Row]:
    """Index, speed, event and captured_at of each row."""
    query = sql.SQL("SELECT play_index, speed, event, captured_at FROM {} ORDER BY game_pk, play_index")
    return connection.execute(query.format(sql.Identifier("league", name))).fetchall()


def versions(connection: Connection, name: str = "plays") -> list[Row]:
    """What changes where a row is written or locked."""
    query = sql.SQL("SELECT tableoid, ctid, xmin, xmax, ingested_at FROM {} ORDER BY play_index")
    return connection.execute(query.format(sql.Identifier("league", name))).fetchall()


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_new_rows_are_inserted_and_the_same_again_is_nothing(connection: Connection, of: ir.Table) -> None:
    facts = (0, 90.5, "ball"), (1, None, None), (2, 88.0, "")
    assert write(connection, of, plays(T1, *facts)) == (3, 0)
    before = versions(connection, of.name)
    assert write(connection, of, plays(T1, *facts)) == (0, 0)
    assert write(connection, of, plays(T2, *facts)) == (0, 0)
    assert versions(connection, of.name) == before
    assert stored(connection, of.name) == [(*fact, T1) for fact in facts]


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_only_what_changed_is_written(connection: Connection, of: ir.Table) -> None:
    write(connection, of, plays(T1, (0, 90.5, "ball"), (1, None, "strike"), (2, 88.0, "out"), (3, 70.0, "ball")))
    before = versions(connection, of.name)
    changed = plays(T2, (0, 90.5, "ball"), (1, 91.0, "strike"), (2, 88.0, None), (3, 70.0, "ball"), (4, 60.0, "ball"))
    assert write(connection, of, changed) == (1, 2)
    after = versions(connection, of.name)
    assert (after[0], after[3]) == (before[0], before[3])
    assert after[1][-1] > before[1][-1]
    assert [at for *_, at in stored(connection, of.name)] == [T1, T2, T2, T1, T2]


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_an_older_capture_changes_no_row(connection: Connection, of: ir.Table) -> None:
    write(connection, of, plays(T2, (0, 90.5, "ball")))
    before = versions(connection, of.name)
    assert write_each(connection, of, plays(T1, (0, 91.0, "strike")), 1) == {1: [0, 0, 1]}
    assert write_each(connection, of, plays(T1, (0, 90.5, "ball")), 1) == {}, "it says the same"
    assert [each[:3] for each in versions(connection, of.name)] == [each[:3] for each in before]


@pytest.mark.parametrize("of", [PLAYS, MOVING], ids=lambda each: each.name)
def test_the_same_capture_with_other_content_is_written(connection: Connection, of: ir.Table) -> None:
    """As it is when the mapping changed."""
    write(connection, of, plays(T1, (0, 90.5, "ball")))
    assert write(connection, of, plays(T1, (0, 90.5, "strike"))) == (0, 1)
    assert stored(connection, of.name) == [(0, Decimal("90.5"), "strike", T1)]


def test_a_value_is_compared_as_it_is_kept(connection: Connection) -> None:
    write(connection, PLAYS, plays(T1, (0, 90.4567, "ball")))
    assert stored(connection) == [(0, Decimal("90.5"), "ball", T1)]
    assert write(connection, PLAYS, plays(T2, (0, 90.4567, "ball"))) == (0, 0)
    assert write(connection, PLAYS, plays(T2, (0, 90.44, "ball"))) == (0, 1)


def test_documents_do_not_meet(connection: Connection) -> None:
    write(connection, PLAYS, plays(T1, (0, 90.5, "ball")))
    assert write(connection, PLAYS, plays(T2, (0, 91.0, "out"), game_pk=2, season=2025), 2) == (1, 0)
    assert stored(connection) == [(0, Decimal("90.5"), "ball", T1), (0, Decimal("91.0"), "out", T2)]


def test_a_row_moves_to_the_month_of_its_change(connection: Connection) -> None:
    write(connection, MOVING, plays(T1, (0, 90.5, "ball"), (1, 80.0, "ball")))
    assert write(connection, MOVING, plays(T3, (0, 90.5, "out"), (1, 80.0, "ball"))) == (0, 1)
    found = connection.execute("SELECT play_index, tableoid::regclass::text FROM league.moving ORDER BY play_index")
    assert found.fetchall() == [(0, "league.moving_2024_12"), (1, "league.moving_2024_11")]


def test_rows_of_keys_only_are_inserted(connection: Connection) -> None:
    assert write(connection, BENCH, [(1, 2024, 7, T1), (1, 2024, 8, T1)]) == (2, 0)
    assert write(connection, BENCH, [(1, 2024, 7, T2), (1, 2024, 9, T2)]) == (1, 0)


def test_every_type_arrives(connection: Connection) -> None:
    values = [VALUES[wire(each)] for each in KINDS.columns[2:-2]]
    row = (1, 2024, *values, T1)
    assert write(connection, KINDS, [row]) == (1, 0)
    assert write(connection, KINDS, [(*row[:-1], T2)]) == (0, 0)
    (found,) = connection.execute("SELECT * FROM league.kinds").fetchall()
    assert list(found[2:-2]) == values


def test_no_row_is_replaced_by_an_older_one_without_the_lock_either(dsn: str, connection: Connection) -> None:
    with ThreadPoolExecutor(1) as thread, connect(dsn) as other:
        with connection.transaction():
            write(connection, PLAYS, plays(T2, (0, 91.0, "new")))
            older = thread.submit(write, other, PLAYS, plays(T1, (0, 90.5, "old")))
            wait_for_lock(dsn, other.info.backend_pid)
        assert older.result(timeout=10) == (0, 0)
    assert stored(connection) == [(0, Decimal("91.0"), "new", T2)]


def wait_for_lock(dsn: str, backend: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as watcher:
        for _ in range(200):
            found = watcher.execute("SELECT wait_event_type FROM pg_stat_activity WHERE pid = %s", [backend]).fetchone()
            if found == ("Lock",):
                return
            time.sleep(0.05)
    pytest.fail("the other session never waited")


def test_stages_are_emptied_and_have_no_second_table(connection: Connection) -> None:
    write(connection, PLAYS, plays(T1, (0, 90.5, "ball")))
    assert connection.execute('SELECT count(*) FROM pg_temp."stage_league.plays"').fetchone() == (0,)
    beside = connection.execute("SELECT relname FROM pg_class WHERE relpersistence = 't' AND reltoastrelid <> 0")
    assert beside.fetchall() == []
    connection.execute(compose_statements(facts(PLAYS), KEY).stage.encode())  # again: no error


def test_a_staged_row_has_8160_bytes(connection: Connection) -> None:
    assert write(connection, PLAYS, plays(T1, (0, 90.5, "x" * 8000))) == (1, 0)
    with pytest.raises(psycopg.errors.ProgramLimitExceeded):
        write(connection, PLAYS, plays(T2, (0, 90.5, "x" * 8200)))
