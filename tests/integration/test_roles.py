"""Owner, writer and reader: what each may do, on real servers, and what a hostile writer can't."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from checks import some
from click.testing import CliRunner, Result
from databases import READER, WRITER, temporary_database
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from samples import PACKAGE, connect, response, stub, write

from mlb_contracts import Table
from mlb_etl import registry
from mlb_etl.cli import cli
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import roles
from mlb_etl.stores.postgres.db import Connection

DENIED = psycopg.errors.InsufficientPrivilege
FUNCTIONS = (
    "SELECT oid, prosecdef, proconfig, proowner::regrole::text FROM pg_proc WHERE pronamespace = 'etl'::regnamespace"
)
GRANTS = """
SELECT c.oid::regclass::text, c.relacl::text, array(
    SELECT (attname, attacl)::text FROM pg_attribute WHERE attrelid = c.oid AND attacl IS NOT NULL ORDER BY 1
) FROM pg_class AS c WHERE relnamespace = ANY(ARRAY['etl', 'sample']::regnamespace[]) ORDER BY 1
"""
PUBLIC = """
SELECT FROM pg_proc AS p, aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a WHERE p.oid = %s AND grantee = 0
"""
ALL = "SELECT oid, relname FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace"


@dataclass(frozen=True)
class Roles:
    """DSNs of one database, as its owner (not a superuser), as the writer, and as the reader."""

    admin: str
    owner: str
    writer: str
    reader: str

    def name(self, of: str) -> str:
        return str(conninfo_to_dict(getattr(self, of))["user"])

    def run(self, role: str, *arguments: str) -> Result:
        return CliRunner(env={"MLB_ETL_DSN": getattr(self, role), "MLB_ETL_TABLES": PACKAGE}).invoke(cli, arguments)

    def apply(self) -> Result:
        names = "--writer", self.name("writer"), "--reader", self.name("reader")
        return self.run("owner", "schema", "roles", *names, "--apply")


@pytest.fixture(scope="module", params=["server", "server15"])
def three(request: pytest.FixtureRequest) -> Iterator[Roles]:
    """Roles with names that have to be quoted, in a database on each version of the server."""
    server: Server = request.getfixturevalue(request.param)
    names = 'The "Owner"', "writer'; --", "Reader %s"
    with ExitStack() as after:
        admin = after.enter_context(closing(connect(server.url())))
        for name in names:
            admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
            after.callback(admin.execute, sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
        dsn = after.enter_context(temporary_database(server))
        database = sql.Identifier(str(conninfo_to_dict(dsn)["dbname"]))
        admin.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, sql.Identifier(names[0])))
        found = Roles(dsn, *(make_conninfo(dsn, user=name) for name in names))
        assert found.run("owner", "schema", "init").exit_code == 0
        with connect(found.owner) as owner:  # as an older page had it
            owner.execute(
                sql.SQL("GRANT ALL ON ALL TABLES IN SCHEMA etl, sample TO {}").format(sql.Identifier(names[2]))
            )
            default = "ALTER DEFAULT PRIVILEGES IN SCHEMA etl, sample GRANT SELECT ON TABLES TO {}"
            owner.execute(sql.SQL(default).format(sql.Identifier(names[2])))
            owner.execute("CREATE MATERIALIZED VIEW sample.runs AS SELECT sum(rbi) AS runs FROM sample.plays")
        assert found.apply().output == f"{names[1]} loads, {names[2]} reads\n"
        yield found


# ------------------------------------------------------------------------------------------------ what each may do


def test_the_writer_loads_and_the_reader_reads(three: Roles, tmp_path: Path) -> None:
    """Of a season that has no partition yet; what is made belongs to the owner, and who reads its table reads it."""
    write(tmp_path / "a.json", stub(response(1, season=2031), game_pk=1))
    for command in (
        ("load", str(tmp_path), "--transform"),
        ("load", str(tmp_path)),
        ("schema", "partitions", "--from", "2030-01", "--to", "2030-03"),
        ("views", "refresh"),
        *(
            ("status",),
            ("schema", "status"),
            ("views", "list"),
            ("quarantine", "list"),
            ("verify",),
            ("repair", "--all"),
        ),
    ):
        done = three.run("writer", *command)
        assert done.exit_code == 0, (command, done.output)
    with connect(three.reader) as reader:
        assert reader.execute("SELECT count(*) FROM sample.plays JOIN sample.games USING (game_pk)").fetchone() == (3,)
        assert reader.execute("SELECT runs FROM sample.runs").fetchone() == (1,)
        assert reader.execute("SELECT count(*) FROM sample.games_2024, sample.games_2031").fetchone() == (0,)
        refused(reader, "sample.raw_game_2030_02", "SELECT FROM {}", *WRITES)
        refused(reader, "sample.games_2024", *WRITES)
    with connect(three.writer) as writer:
        for name in ("sample.games_2031", "sample.raw_game_2030_02"):
            writer.execute(f"SELECT FROM {name}".encode())
            refused(writer, name, *WRITES)
    with connect(three.admin) as admin:
        owners = admin.execute("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relname LIKE 'games%'")
        assert owners.fetchall() == [(sql.Identifier(three.name("owner")).as_string(admin),)]


def test_what_is_the_owners_is_refused(three: Roles) -> None:
    done = three.run("writer", "schema", "drop-season", "2024", "--yes")
    assert (done.exit_code, "`mlb-etl schema roles --apply` if this role is to load" in done.output) == (1, True)
    assert "permission denied for schema etl" in three.run("reader", "status").output
    assert (
        f"only {three.name('owner')}, the owner of the tables"
        in three.run("writer", "schema", "roles", "--apply").output
    )


def test_granting_again_changes_nothing(three: Roles) -> None:
    """Neither by the command, nor by the script that it prints."""
    script = three.run("owner", "schema", "roles", "--writer", three.name("writer"), "--reader", three.name("reader"))
    with connect(three.owner) as owner:
        before = owner.execute(GRANTS).fetchall()
        owner.execute(script.output.encode())
        assert owner.execute(GRANTS).fetchall() == before
        assert three.apply().exit_code == 0
        assert owner.execute(GRANTS).fetchall() == before


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (
            ("--writer", "nobody"),
            'role nobody does not exist: an administrator creates it with CREATE ROLE "nobody" LOGIN',
        ),
        (("--reader", "mlb_writer"), "writer and reader are both mlb_writer"),
        (("--reader", "r" * 64), "not the name of a role, which has 1 to 63 bytes"),
        (("--writer", 'The "Owner"'), 'The "Owner" owns the tables: choose another role'),
    ],
)
def test_names_that_are_no_roles(three: Roles, names: tuple[str, str], why: str) -> None:
    done = three.run("owner", "schema", "roles", "--apply", *names)
    assert (done.exit_code, why in done.output) == (1, True), done.output


# ------------------------------------------------------------------------------------------ every table of the package


@pytest.fixture(scope="module")
def whole(server: Server, template: str) -> Iterator[str]:
    with temporary_database(server, template) as dsn:
        yield dsn


def kinds() -> tuple[list[Table], list[str]]:
    """The tables of data of the committed package, and the names of its raw and documents tables."""
    methods = [registry.method("mlb_tables", name) for name in registry.methods("mlb_tables")]
    raw = {f"{each.raw_schema}.{name}" for each in methods for name in (each.raw_table, each.documents_table)}
    return [table for each in methods for table in each.tables], sorted(raw)


CONTROL = [f"etl.{name}" for name in (*roles.WRITTEN, *roles.MIGRATED)]
CHANGES = "ALTER TABLE {} ADD x int", "DROP TABLE {}", "TRUNCATE {}", "COMMENT ON TABLE {} IS ''"
MAKES = "CREATE TABLE {}.x ()", "CREATE VIEW {}.x AS SELECT 1", "DROP SCHEMA {}"
WRITES = "INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"


def refused(connection: Connection, on: str, *forms: str) -> None:
    """Each statement, given with {} for the table or schema."""
    for form in some(forms):
        with pytest.raises(DENIED):
            connection.execute(form.format(on).encode())


def test_the_writer_cannot_change_the_schema(whole: str) -> None:
    data, raw = kinds()
    with connect(make_conninfo(whole, user=WRITER)) as writer:
        for name in [*(each.qualified_name for each in data), *raw, *CONTROL]:
            refused(writer, name, *CHANGES)
        for schema in {"etl", "public", *(name.partition(".")[0] for name in raw)}:
            refused(writer, schema, *MAKES)
        refused(writer, "x", "CREATE SCHEMA {}")
        refused(writer, "game.pitch_arsenal", "DROP MATERIALIZED VIEW {}", "REFRESH MATERIALIZED VIEW {}")
        refused(writer, "etl.refresh_view", "DROP FUNCTION {}")


def test_the_writer_leaves_captures_and_history_as_they_are(whole: str) -> None:
    with connect(make_conninfo(whole, user=WRITER)) as writer:
        for name in kinds()[1]:
            refused(writer, name, "DELETE FROM {}", "UPDATE {} SET captured_at = now()")
        for name in roles.MIGRATED:
            refused(writer, f"etl.{name}", *WRITES)


def test_the_reader_only_reads_data(whole: str) -> None:
    data, raw = kinds()
    with connect(make_conninfo(whole, user=READER)) as reader:
        for table in data:
            reader.execute(f"SELECT FROM {table.qualified_name} LIMIT 0".encode())
            refused(reader, table.qualified_name, *CHANGES, *WRITES, "UPDATE {} SET captured_at = now()")
        for name in [*raw, *CONTROL]:
            refused(reader, name, "SELECT FROM {}", *WRITES)
        reader.execute("SELECT FROM game.pitches, game.pitch_arsenal LIMIT 0")
        refused(reader, "etl.create_partition", "SELECT {}('game', 'live_game_plays', '2031')")


def test_who_reads_a_table_reads_its_partitions_and_does_no_more_there(whole: str) -> None:
    held = """
        SELECT grantee, privilege_type, has_table_privilege(grantee, inhparent, 'SELECT'), count(*) > 100
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid AND relkind = 'r', aclexplode(relacl)
        WHERE grantee = %s::regrole GROUP BY 1, 2, 3
    """
    with connect(whole) as admin:
        for role in (WRITER, READER):
            assert [row[1:] for row in admin.execute(held, [role])] == [("SELECT", True, True)]


def test_every_control_table_is_decided(whole: str) -> None:
    """A new one belongs to those that loading writes, or to those of migrations."""
    query = "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'etl'::regnamespace AND relkind = 'r'"
    with connect(whole) as admin:
        assert {name for (name,) in admin.execute(query)} == {*CONTROL}


# --------------------------------------------------------------------------------------------------- a hostile writer


def test_functions_that_run_as_the_owner_are_closed(three: Roles) -> None:
    with connect(three.owner) as owner:
        for function, definer, settings, name in some(owner.execute(FUNCTIONS).fetchall()):
            assert (definer, settings) == (True, ["search_path=pg_catalog, pg_temp"])
            assert name == sql.Identifier(three.name("owner")).as_string(owner)
            assert owner.execute(PUBLIC, [function]).fetchall() == []


@pytest.mark.parametrize(
    ("schema", "table", "value"),
    [
        ("sample", "games", "2031); DROP TABLE sample.plays; --"),
        ("sample", "games", "2031', '2032"),
        ("sample", "games", " 2031"),
        ("sample", "games", "02031"),
        ("sample", "games", "99999"),
        ("sample", "games", ""),
        ("sample", "raw_game", "2200-01"),
        ("sample", "raw_game", "1799-12"),
        ("sample", "raw_game", "2024-13"),
        ("sample", "raw_game", "2024-01-01"),
        ("sample", "raw_game", "2024-01\n"),
        ("sample", "raw_game", "MINVALUE"),
        ("sample", "games_2024", "2031"),
        ("sample", 'games"; DROP TABLE sample.plays; --', "2031"),
        ("sample", "runs", "2031"),
        ("etl", "watermark", "2031"),
        ("pg_catalog", "pg_class", "2031"),
        ("public", "mine", "1"),
    ],
)  # fmt: skip
def test_no_argument_makes_anything_but_a_partition(three: Roles, schema: str, table: str, value: str) -> None:
    with connect(three.owner) as owner, connect(three.writer) as writer:
        if schema == "public":  # a table of the owner's, but none into which the writer may insert
            owner.execute("CREATE SCHEMA own")
            owner.execute("CREATE TABLE own.mine (x int) PARTITION BY LIST (x)")
            schema = "own"
        before = owner.execute(ALL).fetchall()
        with pytest.raises((DENIED, psycopg.errors.UndefinedTable, psycopg.DataError)):
            writer.execute("SELECT etl.create_partition(%s, %s, %s)", [schema, table, value])
        assert owner.execute(ALL).fetchall() == before
        owner.execute("DROP SCHEMA IF EXISTS own CASCADE")


@pytest.mark.parametrize("view", ["games", "missing", 'runs"; DROP TABLE sample.plays; --'])
def test_nothing_but_a_view_is_refreshed(three: Roles, view: str) -> None:
    with connect(three.writer) as writer, pytest.raises(DENIED, match="may not refresh"):
        writer.execute("SELECT etl.refresh_view('sample', %s, false)", [view])


def test_objects_of_the_writer_do_not_stand_for_the_systems(three: Roles) -> None:
    """A role that may create temporary tables could else say who owns what, and what a function means."""
    with connect(three.writer) as writer:
        writer.execute("SET search_path = pg_temp, pg_catalog")
        writer.execute(
            "CREATE TEMPORARY TABLE pg_namespace AS SELECT oid, 'hidden'::name AS nspname FROM pg_catalog.pg_namespace"
        )
        writer.execute(
            "CREATE FUNCTION pg_temp.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql"
            " AS $$ SELECT 'DROP TABLE sample.plays' $$"
        )
        made = writer.execute("SELECT etl.create_partition('sample', 'games', '2041')").fetchone()
        assert made == ("games_2041",)
        writer.execute("SELECT etl.refresh_view('sample', 'runs', false)")


def test_a_table_gets_no_more_than_5000_partitions(three: Roles) -> None:
    """The catalog says for a moment that it has so many, as to make them would take minutes."""
    make = "SELECT etl.create_partition('sample', 'games', '2042')"
    with connect(three.admin) as admin:
        admin.execute("SET allow_system_table_mods = on")
        with admin.transaction(force_rollback=True):
            admin.execute(
                "INSERT INTO pg_inherits SELECT n::oid, 'sample.games'::regclass, 1, false"
                " FROM generate_series(4000000000, 4000005000) AS n"
                " LIMIT 5000 - (SELECT count(*) FROM pg_inherits WHERE inhparent = 'sample.games'::regclass)"
            )
            with pytest.raises(psycopg.errors.ConfigurationLimitExceeded):
                admin.execute(make)
        admin.execute(make)
