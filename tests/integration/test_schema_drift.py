"""schema status says what of the tables differs from what the migrations made."""

import json
import shutil
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest
import sample_tables
from click.testing import CliRunner, Result
from databases import READER, WRITER, create_template, temporary_database
from samples import PACKAGE, response, stub, write

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.registry import method
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import functions, migrate, premake
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection

FUNCTION = "SECURITY DEFINER, which `mlb-etl schema init` creates again"
KEY = "FOREIGN KEY (game_pk, season) REFERENCES sample.games(game_pk, season) DEFERRABLE"


def connect(dsn: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True)


def run(dsn: str, *arguments: str) -> Result:
    return CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": PACKAGE}).invoke(cli, arguments)


def told(dsn: str) -> list[str]:
    """The lines of schema status after the migrations, which are all applied."""
    done = run(dsn, "schema", "status")
    lines = done.output.splitlines()
    assert all(" applied " in line for line in lines[1:8])
    assert done.exit_code == (1 if lines[8:] else 0)
    return lines[8:]


@pytest.mark.parametrize(
    ("statement", "lines"),
    [
        (
            "ALTER TABLE sample.plays DROP CONSTRAINT plays_games",
            [f"sample.plays: foreign key plays_games is missing: {KEY}"],
        ),
        (
            "DROP TABLE sample.games_2024 CASCADE",
            [f"sample.plays: foreign key plays_games is missing: {KEY}"],
        ),
        (
            "ALTER TABLE sample.plays_2024 DISABLE TRIGGER ALL",
            [f"sample.plays: foreign key plays_games is {KEY}, disabled, but was created as {KEY}"],
        ),
        (
            "ALTER TABLE sample.games_2024 DISABLE TRIGGER ALL",
            [f"sample.plays: foreign key plays_games is {KEY}, disabled, but was created as {KEY}"],
        ),
        (
            "ALTER TABLE sample.plays DETACH PARTITION sample.plays_2024",
            ["sample.plays_2024: partition is detached, but was created as attached to sample.plays"],
        ),
        (
            "DROP INDEX sample.plays_captured_at",
            [
                (
                    "sample.plays: index plays_captured_at is missing:"
                    " CREATE INDEX plays_captured_at ON ONLY sample.plays USING btree (captured_at)"
                )
            ],
        ),
        (
            "DROP INDEX sample.plays_captured_at; CREATE INDEX plays_captured_at ON sample.plays (rbi)",
            [
                (
                    "sample.plays: index plays_captured_at is CREATE INDEX plays_captured_at ON ONLY sample.plays USING"
                    " btree (rbi), but was created as"
                    " CREATE INDEX plays_captured_at ON ONLY sample.plays USING btree (captured_at)"
                )
            ],
        ),
        (
            "ALTER TABLE sample.plays DROP CONSTRAINT plays_rbi",
            ["sample.plays: check plays_rbi is missing: CHECK (((rbi >= 0) AND (rbi <= 4)))"],
        ),
        ("ALTER TABLE sample.games DROP COLUMN venue", ["sample.games: column venue is missing: text"]),
        (
            "ALTER TABLE sample.games ALTER COLUMN home_score TYPE bigint",
            ["sample.games: column home_score is bigint, but was created as smallint"],
        ),
        (
            "ALTER TABLE sample.plays ALTER COLUMN captured_at DROP NOT NULL",
            [
                (
                    "sample.plays: column captured_at is timestamp with time zone,"
                    " but was created as timestamp with time zone NOT NULL"
                )
            ],
        ),
        (
            "ALTER TABLE sample.plays ALTER COLUMN ingested_at DROP DEFAULT",
            [
                (
                    "sample.plays: column ingested_at is timestamp with time zone NOT NULL,"
                    " but was created as timestamp with time zone NOT NULL DEFAULT CURRENT_TIMESTAMP"
                )
            ],
        ),
        ("DROP TABLE sample.plays", ["sample.plays: table is missing: partitioned by LIST (season)"]),
        (
            "ALTER TABLE etl.watermark DROP CONSTRAINT watermark_pkey",
            ["etl.watermark: primary key watermark_pkey is missing: PRIMARY KEY (method, document)"],
        ),
        (
            "ALTER TABLE etl.failure SET UNLOGGED",
            ["etl.failure: table is unpartitioned, unlogged, but was created as unpartitioned"],
        ),
        (
            "DROP FUNCTION etl.refresh_view; ALTER FUNCTION etl.create_partition SECURITY INVOKER",
            [f"etl: function {name} is missing: {FUNCTION}" for name in functions.NAMES],
        ),
    ],
)
def test_what_differs_is_said(sample_database: str, statement: str, lines: list[str]) -> None:
    assert told(sample_database) == []
    with connect(sample_database) as connection:
        connection.execute(statement.encode())
    assert told(sample_database) == lines


def test_a_function_that_was_dropped_is_created_again(sample_database: str, tmp_path: Path) -> None:
    """Who misses it is told how, instead of a bug."""
    write(tmp_path / "1.json", stub(response()))
    with connect(sample_database) as connection:
        connection.execute("DROP FUNCTION etl.create_partition")
    refused = run(sample_database, "load", str(tmp_path))
    assert refused.exit_code == 1
    name = "etl.create_partition(text, text, text)"
    assert f"does not exist; etl: function {name} is missing: {FUNCTION}; `mlb-etl schema status`" in refused.stderr

    made = run(sample_database, "schema", "init")
    assert (made.exit_code, functions.SCRIPT in made.stdout) == (0, True), made.output
    assert told(sample_database) == []
    with connect(sample_database) as connection:
        assert run(sample_database, "schema", "roles", "--apply", "--writer", WRITER, "--reader", READER).exit_code == 0
        [(may,)] = connection.execute("SELECT has_function_privilege(%s, %s, 'EXECUTE')", [WRITER, name])
        [(public,)] = connection.execute("SELECT has_function_privilege('public', %s, 'EXECUTE')", [name])
    assert (may, public) == (True, False)
    assert run(sample_database, "load", str(tmp_path), "--transform").exit_code == 0


def test_what_is_of_others_does_no_harm(sample_database: str) -> None:
    with connect(sample_database) as connection:
        connection.execute("CREATE INDEX mine ON sample.plays (rbi); ALTER TABLE sample.games ADD COLUMN note text")
        connection.execute("CREATE VIEW sample.best AS SELECT * FROM sample.plays; CREATE TABLE sample.own (n int)")
    assert told(sample_database) == []
    done = json.loads(run(sample_database, "schema", "status", "--format", "json").output)
    assert [each["state"] for each in done["migrations"]] == ["applied"] * 7
    assert [(each["table"], each["object"], each["state"]) for each in done["differences"]] == [
        ("sample.games", "column note", "extra"),
        ("sample.plays", "index mine", "extra"),
    ]


def test_what_another_tool_applied_is_not_compared(sample_database: str, caplog: pytest.LogCaptureFixture) -> None:
    with connect(sample_database) as connection:
        connection.execute("DELETE FROM etl.schema_made WHERE history = 'flyway_schema_history'")
        connection.execute("DROP TABLE sample.plays; ALTER TABLE etl.failure DROP COLUMN times")
        [found] = migrate.differences(connection, PACKAGE)
    assert str(found) == "etl.failure: column times is missing: integer NOT NULL DEFAULT 1"
    assert "another tool applied the migrations of etl.flyway_schema_history" in caplog.text


def test_a_migration_does_not_hide_what_was_changed_before(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "changing"
    shutil.copytree(Path(sample_tables.__file__).parent, folder)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "changing", raising=False)
    with connect(empty_database) as connection:
        migrate.apply_pending(connection, "changing")
        changed = "ALTER TABLE sample.plays ALTER COLUMN at_bat_index TYPE bigint"
        connection.execute(f"DROP INDEX sample.plays_captured_at; {changed}".encode())
        by_hand = ["column at_bat_index", "index plays_captured_at"]
        (folder / "migrations" / "migrations.sum").unlink()
        script = "ALTER TABLE sample.plays ADD COLUMN more int;\nALTER TABLE sample.games DROP COLUMN venue;\n"
        (folder / "migrations" / "V3__more.sql").write_text(script)
        assert migrate.apply_pending(connection, "changing") == ["V3__more.sql"]
        assert [each.object for each in migrate.differences(connection, "changing")] == by_hand
        connection.execute("ALTER TABLE sample.plays DROP COLUMN more")
        found = [each.object for each in migrate.differences(connection, "changing")]
        assert found == sorted(["column more", *by_hand])


@pytest.mark.parametrize("which", ["server", "server15"])
def test_nothing_differs_of_what_is_as_it_was_made(which: str, request: pytest.FixtureRequest) -> None:
    """Partitions that were made since are as their tables are, and differ in nothing."""
    server: Server = request.getfixturevalue(which)
    template = create_template(server, "mlb_tables")
    with temporary_database(server, template) as dsn, connect(dsn) as connection:
        premake.make(connection, "mlb_tables", date(2019, 5, 1), date(2021, 7, 1))
        assert migrate.differences(connection, "mlb_tables") == []
        [(size, objects)] = connection.execute(
            "SELECT count(*), sum((SELECT count(*) FROM jsonb_object_keys(value))) FROM etl.schema_made,"
            " jsonb_each(objects)"
        ).fetchall()
        [(tables,)] = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND NOT relispartition"
            " AND relname !~ 'history$' AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'"
        ).fetchall()
        assert size == tables, "all but the histories are noted"
        assert objects > 900


def test_a_database_that_is_ahead_is_told(sample_database: str, tmp_path: Path) -> None:
    with connect(sample_database) as connection:
        connection.execute(
            "INSERT INTO etl.flyway_schema_history SELECT 9, '9', 'later', type, 'V9__later.sql', 1, installed_by,"
            " installed_on, 1, true FROM etl.flyway_schema_history LIMIT 1"
        )
    said = "the database is newer than the installed package, which lacks V9__later.sql: install a newer"
    (tmp_path / "a.json").write_text("{}")
    for command in (("status",), ("schema", "init"), ("load", str(tmp_path / "a.json"))):
        done = run(sample_database, *command)
        assert (done.exit_code, said in done.output) == (1, True), done.output
    shown = run(sample_database, "schema", "status")
    assert shown.exit_code == 1
    assert "V9__later.sql           unknown" in shown.output
    pipeline = Pipeline(method(PACKAGE, "sample.game"), Postgres(Settings(sample_database, tmp_path, PACKAGE)))
    with pytest.raises(EtlError, match="newer than the installed package"):
        pipeline.run({})


ENDINGS = ["COMMIT", "ROLLBACK", "END", "SAVEPOINT a", "BEGIN", "PREPARE TRANSACTION 'a'", "DO 'BEGIN COMMIT; END'"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_migration_cannot_end_its_transaction(
    empty_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    folder = tmp_path / "ending"
    shutil.copytree(Path(sample_tables.__file__).parent, folder)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "ending", raising=False)
    (folder / "migrations" / "migrations.sum").unlink()
    (folder / "migrations" / "V3__more.sql").write_text(
        f"CREATE TABLE sample.more (n int);\n{ending};\nSELECT 1 / 0;\n"
    )
    with connect(empty_database) as connection:
        with pytest.raises(EtlError, match=r"V3__more\.sql: .*nothing was applied"):
            migrate.apply_pending(connection, "ending")
        assert connection.execute("SELECT to_regclass('sample.more')").fetchone() == (None,)
        assert [each.state for each in migrate.versions(connection, "ending")] == ["applied"] * 7 + ["pending"]
