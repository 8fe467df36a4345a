"""Partitions made on demand, beside readers, writers and other makers, on real servers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import psycopg
import pytest
from databases import temporary_database
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import sql
from sample_tables.game import METHOD
from samples import PACKAGE, connect

from mlb_contracts import Partition, partitions
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions

GAMES, PLAYS = (
    Partitioned(table.schema, table.name, Partition("season", "list"), "smallint") for table in METHOD.tables
)
WRITERS, SEASONS = 3, range(1950, 1980)
PARTS = "SELECT count(*)::int FROM pg_inherits WHERE inhparent = %s::regclass"
INSERT_GAME = "INSERT INTO sample.games (game_pk, season, captured_at) VALUES (%s, %s, now())"
INSERT_PLAY = "INSERT INTO sample.plays (game_pk, season, at_bat_index, captured_at) VALUES (%s, %s, 0, now())"


@pytest.fixture(params=["server", "server15"])
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with the tables of sample.game, on each version of the server."""
    with temporary_database(request.getfixturevalue(request.param)) as dsn:
        with connect(dsn) as connection:
            migrate.apply_pending(connection, PACKAGE)
        yield dsn


@pytest.fixture
def connection(sample_database: str) -> Iterator[Connection]:
    with connect(sample_database) as connection:
        yield connection


def ensure(connection: Connection, *seasons: int) -> list[str]:
    return Partitions.of_method(connection, METHOD).ensure({GAMES: seasons, PLAYS: seasons})


def parts(connection: Connection, table: str) -> int:
    (number,) = connection.execute(PARTS, [table]).fetchone() or (0,)
    return int(number)


def test_what_is_missing_is_made_once(connection: Connection) -> None:
    partitions = Partitions.of_method(connection, METHOD)
    made = partitions.ensure({GAMES: [2024, 1999, 1999], PLAYS: [1999]})
    assert made == ["sample.games_1999", "sample.plays_1999"]
    assert partitions.ensure({GAMES: [1999], PLAYS: [1999, 2024]}) == []
    assert ensure(connection, 1999) == []
    connection.execute(INSERT_GAME, (1, 1999))
    connection.execute(INSERT_PLAY, (1, 1999))
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match=r"plays_1999.*plays_games"):
        connection.execute(INSERT_PLAY, (2, 1999))


def test_a_child_without_its_parents_partition_has_no_parents(connection: Connection) -> None:
    """What is asked for is made, and no more; the foreign key holds all the same."""
    assert Partitions.of_method(connection, METHOD).ensure({PLAYS: [1999]}) == ["sample.plays_1999"]
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match=r"plays_1999.*plays_games"):
        connection.execute(INSERT_PLAY, (1, 1999))


def test_a_season_goes_children_first(dsn: str) -> None:
    """DETACH, then DROP: the server refuses any other order, and the tables and their foreign key stay as they are."""
    with connect(dsn) as connection:
        ensure(connection, 1998)
        connection.execute(INSERT_GAME, (1998, 1998))
        connection.execute(INSERT_PLAY, (1998, 1998))
        with pytest.raises(psycopg.errors.DependentObjectsStillExist):
            connection.execute("DROP TABLE sample.games_1998")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute("ALTER TABLE sample.games DETACH PARTITION sample.games_1998")
        for table in ("plays", "games"):
            connection.execute(f"ALTER TABLE sample.{table} DETACH PARTITION sample.{table}_1998".encode())
            connection.execute(f"DROP TABLE sample.{table}_1998".encode())
        assert ensure(connection, 1998) == ["sample.games_1998", "sample.plays_1998"]
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(INSERT_PLAY, (1998, 1998))


def test_a_maker_waits_for_writers_and_they_for_it(dsn: str) -> None:
    """Of tables with foreign keys, as ATTACH locks the table at the other end too."""
    with connect(dsn) as writer, connect(dsn) as maker:
        for connection in (maker, writer):
            connection.execute("SET lock_timeout = '1s'")
        with writer.transaction():
            writer.execute(INSERT_GAME, (1, 2024))
            with pytest.raises(psycopg.errors.LockNotAvailable):
                ensure(maker, 1950)
        with maker.transaction():
            assert ensure(maker, 1950) == ["sample.games_1950", "sample.plays_1950"]
            with pytest.raises(psycopg.errors.LockNotAvailable):
                writer.execute(INSERT_GAME, (2, 2024))
        writer.execute(INSERT_GAME, (2, 1950))


def test_all_or_nothing(connection: Connection) -> None:
    connection.execute("CREATE TABLE sample.plays_1999 ()")
    with pytest.raises(psycopg.errors.DuplicateTable):
        ensure(connection, 1999)
    assert parts(connection, "sample.games") == 1


def test_one_that_could_not_be_made_is_made_when_it_can_be(connection: Connection) -> None:
    partitions = Partitions.of_method(connection, METHOD)
    connection.execute("CREATE TABLE sample.plays_1999 ()")
    with pytest.raises(psycopg.errors.DuplicateTable):
        partitions.ensure({GAMES: [1999], PLAYS: [1999]})
    connection.execute("DROP TABLE sample.plays_1999")
    assert partitions.ensure({GAMES: [1999], PLAYS: [1999]}) == ["sample.games_1999", "sample.plays_1999"]


def test_by_several_makers_at_once(dsn: str) -> None:
    start = threading.Barrier(4)

    def make(seasons: list[int]) -> list[str]:
        with connect(dsn) as connection:
            start.wait()
            return [name for season in seasons for name in ensure(connection, season)]

    orders = [[*SEASONS], [*reversed(SEASONS)]] * 2
    with ThreadPoolExecutor(4) as pool:
        made = [name for work in [pool.submit(make, order) for order in orders] for name in work.result()]
    assert len(made) == len(set(made)) == 2 * len(SEASONS), "each by one of them"
    with connect(dsn) as connection:
        assert parts(connection, "sample.plays") == 1 + len(SEASONS)


def test_readers_go_on(dsn: str) -> None:
    """Neither does a maker wait for a reader, nor a reader for a maker."""
    with connect(dsn) as reader, connect(dsn) as maker:
        Partitions.of_method(maker, METHOD).ensure({GAMES: [1949]})
        with reader.transaction():
            reader.execute("SELECT count(*) FROM sample.games JOIN sample.plays USING (game_pk, season)")
            maker.execute("SET lock_timeout = '1s'")
            ensure(maker, 1949, 1950)
        with maker.transaction():
            ensure(maker, 1951)
            reader.execute("SET lock_timeout = '1s'")
            reader.execute("SELECT count(*) FROM sample.games JOIN sample.plays USING (game_pk, season)")


def test_writers_go_on_where_there_is_no_foreign_key(dsn: str) -> None:
    """As in the raw tables: whoever captures does not wait for who makes next month's partition, nor the other way."""
    raw = Partitioned.of_raw(METHOD)
    insert = (
        "INSERT INTO sample.raw_game (request, captured_at, as_of, last_seen_at, seen, endpoint, method, path_params,"
        " query_params, hydrations, url, status_code, content_hash, encoding, body)"
        " VALUES (%s, '2024-07-01', '2024-07-01', '2024-07-01', 1, '', '', '{}', '{}', '{}', '', 200, sha256(''),"
        " 'identity', '')"
    )
    with connect(dsn) as writer, connect(dsn) as maker:
        Partitions.of_raw(maker, METHOD).ensure({raw: [date(2024, 7, 1)]})
        with writer.transaction():
            writer.execute(insert, [1])
            maker.execute("SET lock_timeout = '1s'")
            assert Partitions.of_raw(maker, METHOD).ensure({raw: [date(2024, 8, 1)]}) == ["sample.raw_game_2024_08"]
        with maker.transaction():
            Partitions.of_raw(maker, METHOD).ensure({raw: [date(2024, 9, 1)]})
            writer.execute("SET lock_timeout = '1s'")
            writer.execute(insert, [2])


def test_beside_writers_and_readers_nobody_ends_in_a_deadlock(dsn: str) -> None:
    """Writers write parents before children; readers may wait for nothing, not even a quarter of a second.

    Half of the parents' partitions are there before, and are written to.
    """
    done = threading.Event()
    with connect(dsn) as connection:
        Partitions.of_method(connection, METHOD).ensure({GAMES: SEASONS[::2]})

    def write(number: int) -> int:
        written = 0
        with connect(dsn) as connection:
            while not done.is_set():
                with connection.transaction():
                    connection.execute(INSERT_GAME, (number + WRITERS * written, 2024))
                    connection.execute(INSERT_GAME, (number + WRITERS * written, SEASONS[0]))
                    connection.execute(INSERT_PLAY, (number + WRITERS * written, 2024))
                written += 1
        return written

    def read() -> int:
        read = 0
        with connect(dsn) as connection:
            connection.execute("SET lock_timeout = '250ms'")
            connection.execute("SET statement_timeout = '5s'")
            while not done.is_set():
                connection.execute("SELECT count(*) FROM sample.plays JOIN sample.games USING (game_pk, season)")
                read += 1
        return read

    def make(seasons: range) -> int:
        with connect(dsn) as connection:
            return sum(len(ensure(connection, season)) for season in seasons)

    with ThreadPoolExecutor(WRITERS + 3) as pool:
        written = [pool.submit(write, number) for number in range(WRITERS)]
        reads = pool.submit(read)
        made = [pool.submit(make, SEASONS) for _ in range(2)]
        try:
            assert sum(work.result(timeout=60) for work in made) == 3 * len(SEASONS) // 2
        finally:
            done.set()
        assert min(work.result() for work in written) > 0
        assert reads.result() > 0
    with connect(dsn) as connection:
        [(deadlocks,)] = connection.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchall()
    assert deadlocks == 0


def test_a_deadlock_that_others_bring_about_is_tried_again(dsn: str) -> None:
    """The other one, here by hand, locks a child before its parent; the server ends one of the two."""
    with connect(dsn) as other, connect(dsn) as maker, ThreadPoolExecutor(1) as pool:
        maker.execute("SET deadlock_timeout = '50ms'")
        other.execute("SET deadlock_timeout = '10s'")
        with other.transaction():
            other.execute("LOCK TABLE sample.plays IN ROW EXCLUSIVE MODE")
            making = pool.submit(ensure, maker, 1950)
            wait_for_a_lock(dsn)
            other.execute("LOCK TABLE sample.games IN ROW EXCLUSIVE MODE")
        assert making.result(timeout=10) == ["sample.games_1950", "sample.plays_1950"]


def wait_for_a_lock(dsn: str) -> None:
    """Until someone waits for one."""
    with connect(dsn) as watcher:
        while watcher.execute("SELECT FROM pg_locks WHERE NOT granted").fetchone() is None:
            pass


@pytest.mark.parametrize(
    ("type_", "value", "name", "bounds"),
    [
        (
            "timestamptz",
            datetime.fromisoformat("2023-12-31T23:30:00-05:00"),
            "months_2024_01",
            "FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2024-02-01 00:00:00+00')",
        ),
        ("date", date(2023, 12, 31), "months_2023_12", "FOR VALUES FROM ('2023-12-01') TO ('2024-01-01')"),
    ],
)
def test_by_month(connection: Connection, type_: str, value: date, name: str, bounds: str) -> None:
    """Months are those of UTC, whatever the time zones of the value and of the session."""
    connection.execute(f"CREATE TABLE months (at {type_}) PARTITION BY RANGE (at)".encode())
    connection.execute("SET timezone = 'Asia/Tokyo'")
    table = Partitioned("public", "months", Partition("at", "month"), type_)
    Partitions(connection, [("public", "months")]).ensure({table: [value]})
    connection.execute("SET timezone = 'UTC'")
    assert bounds_of(connection, "months") == [(name, bounds)]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("R", "lists__8c257489"),
        ("8c257489", "lists_8c257489"),
        ("_8c257489", "lists__9e366727"),
        ("r", "lists_r"),
        (-5, "lists__5"),
        (2**62, "lists__0b5d78ce"),
        ("O'Hara", "lists__3f81b9d3"),
        ("'); DROP TABLE lists; --", "lists__8f24dfd1"),
    ],
)
def test_values_that_make_no_name(connection: Connection, value: object, name: str) -> None:
    """A partition is named by a hash of its value where the value itself is no name, or too long."""
    type_ = "text" if isinstance(value, str) else "bigint"
    connection.execute(f"CREATE TABLE lists (value {type_}) PARTITION BY LIST (value)".encode())
    table = Partitioned("public", "lists", Partition("value", "list"), type_)
    Partitions(connection, [("public", "lists")]).ensure({table: [value]})
    connection.execute("INSERT INTO lists VALUES (%s)", [value])
    assert [part for part, _ in bounds_of(connection, "lists")] == [name]


def bounds_of(connection: Connection, table: str) -> list[tuple[str, str]]:
    query = "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE relispartition AND relname LIKE %s"
    return connection.execute(query, [f"{table}\\_%"]).fetchall()


@pytest.fixture(scope="module")
def by_type(server: Server, sample_template: str) -> Iterator[Connection]:
    """A database with a partitioned table for each kind of partition column."""
    with temporary_database(server, sample_template) as dsn, connect(dsn) as connection:
        for kind in ("text", "smallint", "integer", "bigint"):
            connection.execute(f"CREATE TABLE sample.by_{kind} (at {kind}) PARTITION BY LIST (at)")
        for kind in ("date", "timestamptz"):
            connection.execute(f"CREATE TABLE sample.by_{kind} (at {kind}) PARTITION BY RANGE (at)")
        yield connection


def create_one(connection: Connection, table: str, key: str, value: object) -> tuple[str, str, str]:
    """A new partition's name and bounds as the server has them, and the partition in which the value is kept."""
    with connection.transaction(force_rollback=True):
        [(name,)] = connection.execute("SELECT etl.create_partition('sample', %s, %s)", [table, key]).fetchall()
        insert = sql.SQL("INSERT INTO {} VALUES (%s) RETURNING tableoid").format(sql.Identifier("sample", table))
        [(kept,)] = connection.execute(insert, [value]).fetchall()
        read = "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = %s"
        [(found, bounds)] = connection.execute(read, [kept]).fetchall()
    return name, bounds, found


SIGNED = st.one_of(
    *(
        st.tuples(st.just(kind), st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
        for kind, bits in (("smallint", 16), ("integer", 32), ("bigint", 64))
    )
)
TEXTS = st.one_of(
    st.text("abz019_-A.é\n ", max_size=12),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=120),
)


@given(value=st.one_of(SIGNED, TEXTS.map(lambda text: ("text", text))))
@example(value=("text", ""))
@example(value=("text", "a\n"))
@example(value=("text", "nine_char"))
@example(value=("text", "ten_chars_"))
@example(value=("bigint", -(2**63)))
@example(value=("integer", 999_999_999))
@example(value=("integer", 1_000_000_000))
def test_the_server_names_partitions_of_values_as_the_runtime_does(
    by_type: Connection, value: tuple[str, int | str]
) -> None:
    kind, of = value
    name, _, kept = create_one(by_type, f"by_{kind}", str(of), of)
    assert name == kept == partitions.value_partition(f"by_{kind}", of)


@given(kind=st.sampled_from(["date", "timestamptz"]), year=st.integers(1800, 2199), month=st.integers(1, 12))
@example(kind="timestamptz", year=2199, month=12)
def test_the_server_names_and_bounds_months_as_the_runtime_does(
    by_type: Connection, kind: str, year: int, month: int
) -> None:
    by_type.execute("SET TimeZone = 'UTC'")
    value = datetime(year, month, 1, tzinfo=UTC)
    name, bounds, kept = create_one(by_type, f"by_{kind}", f"{year}-{month:02}", value)
    first, last = partitions.month_bounds(year, month, kind)
    assert name == kept == partitions.month_partition(f"by_{kind}", year, month)
    assert bounds == f"FOR VALUES FROM ('{first}') TO ('{last}')"
