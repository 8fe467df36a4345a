"""Databases and roles with settings of their own: the tables become the same, whatever these are."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from click.testing import CliRunner
from databases import temporary_database
from psycopg import sql
from psycopg.conninfo import make_conninfo

from mlb_etl.apply.pipeline import Session
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.registry import method
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db, session
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Simulator, samples

HOSTILE = {
    "client_encoding": "LATIN1",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Pacific/Auckland",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "array_nulls": "off",
    "standard_conforming_strings": "off",
    "quote_all_identifiers": "on",
    "search_path": '"$user", public, pg_catalog, game',
    "default_transaction_isolation": "serializable",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "300ms",
    "idle_session_timeout": "300ms",
    "exit_on_error": "on",
    "row_security": "on",
}
# Nothing relies on these, whatever they are: no text of the server's is read, and its plans may be any.
OTHERS = {
    "lc_messages": "C",
    "backslash_quote": "off",
    "transform_null_equals": "on",
    "xmloption": "document",
    "default_transaction_deferrable": "on",
    "check_function_bodies": "off",
    "client_min_messages": "error",
    "plan_cache_mode": "force_custom_plan",
    "enable_indexscan": "off",
    "jit_above_cost": "0",
}
# Functions that fit our calls better than the system's do, for whoever finds them first.
TRAPS = """
CREATE FUNCTION public.jsonb_build_object(text, bigint) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{}'::jsonb $$;
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT '-infinity'::timestamptz $$;
CREATE FUNCTION public.count(bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT -1::bigint $$;
CREATE TABLE public.pg_inherits (inhparent oid, inhrelid oid, inhdetachpending boolean);
"""
TRANSFORMS = ("config/jobs/game_live_transform.yaml", "config/jobs/schedule_transform.yaml")
ROOT = Path(__file__).parents[2]


class Left(NamedTuple):
    """What commands printed, and the rows that they left, by table."""

    printed: dict[str, str]
    tables: dict[str, list[Any]]


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stubs")
    samples.write(Simulator(1, 2024), folder, date(2024, 7, 1), 2)
    return folder


@pytest.fixture(scope="module")
def usual(server: Server, stubs: Path) -> Left:
    with temporary_database(server) as dsn:
        return left(dsn, stubs)


def settle(server: Server, dsn: str, owner: str, settings: dict[str, str]) -> None:
    """Let `ALTER DATABASE` or `ALTER ROLE ... IN DATABASE` have these settings."""
    name = sql.Identifier(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])
    whose = {"database": sql.SQL("DATABASE {}"), "role": sql.SQL("ROLE postgres IN DATABASE {}")}[owner].format(name)
    with psycopg.connect(server.url(), autocommit=True) as connection:
        for setting, value in settings.items():
            statement = sql.SQL("ALTER {} SET {} = {}")
            values = value.split(", ") if setting == "search_path" else [value]
            literals = sql.SQL(", ").join(map(sql.Literal, values))
            connection.execute(statement.format(whose, sql.Identifier(setting.lower()), literals))


def left(dsn: str, stubs: Path) -> Left:
    """What the commands of a whole life leave behind."""
    commands = [
        ("schema", "init"),
        ("test", "load-stub", "--dir", str(stubs)),
        *(("transform", "--job", str(ROOT / job)) for job in TRANSFORMS),
        ("transform", "--job", str(ROOT / TRANSFORMS[0]), "--replay"),
        ("schema", "status"),
        ("schema", "partitions", "--from", "2024-05", "--to", "2024-09"),
        ("schema", "partitions", "--drop-before", "2024-07"),
        ("schema", "partitions", "--drop-before", "2024-09"),
        ("quarantine", "list", "--format", "json"),
    ]
    printed = {}
    for command in commands:
        done = CliRunner(env={"MLB_ETL_DSN": dsn}).invoke(cli, command)
        assert done.exit_code in {0, 1}, done.output
        printed[" ".join(command)] = done.output if command != ("schema", "status") else str(done.exit_code)
    return Left(printed, rows(dsn))


def rows(dsn: str) -> dict[str, list[Any]]:
    """The rows of all tables, but for the times at which they were written."""
    with db.connect(Settings(dsn, Path(), "mlb_tables")) as connection:
        names = connection.execute(
            "SELECT oid::pg_catalog.regclass::text FROM pg_catalog.pg_class"
            " WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace::pg_catalog.regnamespace::text IN ('etl', 'game', 'schedule')"
            " AND relname NOT LIKE '%history'"
        ).fetchall()
        query = "SELECT pg_catalog.to_jsonb(t) - '{{{}}}'::text[] FROM {} AS t"
        return {
            name: sorted(
                json.dumps(row) for (row,) in connection.execute(query.format(WRITTEN.get(name, TIMES), name).encode())
            )
            for (name,) in names
        }


TIMES = "ingested_at,applied_at,quarantined_at"
WRITTEN = {"etl.run": "id,run_id,started_at,seen_at,ended_at"}  # a run is another each time, with equal counts


@pytest.mark.parametrize("owner", ["database", "role"])
def test_settings_change_nothing(server: Server, stubs: Path, usual: Left, owner: str) -> None:
    with temporary_database(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TRAPS)
        settle(server, dsn, owner, HOSTILE | OTHERS)
        found = left(dsn, stubs)
    assert found.printed == usual.printed
    assert found.tables == usual.tables
    assert len(usual.tables) > 20
    assert sum(map(len, usual.tables.values())) > 1000


def test_each_setting_that_is_relied_on_is_pinned(server: Server, empty_database: str) -> None:
    with db.connect(Settings(server.url(), Path(), "mlb_tables")) as plain:
        wanted = {name: shown(plain, name) for name in HOSTILE}
    settle(server, empty_database, "database", HOSTILE)
    with psycopg.connect(empty_database) as bare:
        assert [name for name in HOSTILE if shown(bare, name) == wanted[name]] == [], "these are not hostile"
    with db.connect(Settings(empty_database, Path(), "mlb_tables")) as connection:
        assert {name: shown(connection, name) for name in HOSTILE} == wanted
    assert {*session.PINNED} == {*HOSTILE}


def shown(connection: db.Connection, name: str) -> str:
    found = connection.execute("SELECT pg_catalog.current_setting(%s)", [name]).fetchone()
    assert found is not None
    return str(found[0])


def test_a_connection_made_anew_is_pinned_too(server: Server, database: str) -> None:
    """Which a session makes where the server ended the one before."""
    settle(server, database, "database", {"DateStyle": "German, DMY"})
    settings = Settings(database, Path(), "mlb_tables")
    with Session(Postgres(settings), method("mlb_tables", "game.liveGameV1")) as session:
        pid = session.do(lambda transformer: transformer.stores.connection.info.backend_pid)
        with psycopg.connect(server.url(), autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        session.do(lambda transformer: transformer.raw.now())
        assert session.do(lambda transformer: shown(transformer.stores.connection, "DateStyle")) == "ISO, YMD"
        assert session.do(lambda transformer: transformer.stores.connection.info.backend_pid) != pid


@pytest.mark.parametrize("number", [90624, 130011, 140012])
def test_an_older_server_is_refused(number: int) -> None:
    with pytest.raises(EtlError, match=r"the server is PostgreSQL (9|13|14): 15 or newer is needed"):
        session._require_version(number)
    session._require_version(150000)


def test_what_the_dsn_says_stays(empty_database: str) -> None:
    dsn = make_conninfo(empty_database, application_name="mine", options="-c work_mem=7MB -c statement_timeout=7s")
    with db.connect(Settings(dsn, Path(), "mlb_tables")) as connection:
        names = ("application_name", "work_mem", "statement_timeout")
        assert [shown(connection, name) for name in names] == ["mine", "7MB", "7s"]


def test_a_session_without_foreign_keys_is_refused(server: Server, empty_database: str) -> None:
    settle(server, empty_database, "role", {"session_replication_role": "replica"})
    with pytest.raises(EtlError, match=r"foreign keys would not be checked; reset it"):
        db.connect(Settings(empty_database, Path(), "mlb_tables"))


def test_rows_that_a_policy_hides_are_an_error(sample_database: str) -> None:
    with psycopg.connect(sample_database, autocommit=True) as owner:
        owner.execute("ALTER TABLE etl.watermark ENABLE ROW LEVEL SECURITY")
        owner.execute("CREATE ROLE reader LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA etl TO reader; GRANT SELECT ON etl.watermark TO reader")
        try:
            dsn = make_conninfo(sample_database, user="reader")
            with (
                db.connect(Settings(dsn, Path(), "sample_tables")) as reader,
                pytest.raises(EtlError, match=r"row-level security"),
                db.translate_errors(),
            ):
                reader.execute("SELECT * FROM etl.watermark")
        finally:
            owner.execute("DROP OWNED BY reader; DROP ROLE reader")


@pytest.fixture
def latin(server: Server) -> Iterator[str]:
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
        yield server.url("latin")
        connection.execute("DROP DATABASE latin WITH (FORCE)")


def test_another_encoding_is_refused(latin: str) -> None:
    done = CliRunner(env={"MLB_ETL_DSN": latin}).invoke(cli, ["schema", "init"])
    assert done.exit_code == 1
    assert "the encoding of database latin is LATIN1" in done.output
    advice = done.output.partition("with ")[2].partition(", and set")[0]
    assert advice.startswith("CREATE DATABASE mlb ENCODING 'UTF8'")
    with psycopg.connect(latin, autocommit=True) as connection:
        assert connection.execute("SELECT to_regnamespace('etl')").fetchone() == (None,), "nothing was made"
        connection.execute(advice.encode())
        connection.execute("DROP DATABASE mlb")
