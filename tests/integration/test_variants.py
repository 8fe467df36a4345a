"""The four ways to partition: each line makes a valid mapping, tables on each version, and the same rows."""

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from conftest import create_database
from databases import temporary_database
from feed_counts import ROWS_OF_747175
from samples import connect, stores
from variants import LINES, MAPPING, ROOT, Variant, Variants, mapping

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import migrate, premake
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlbgen.cli import main

TABLES = len(ROWS_OF_747175)
PARTITION_KEYS = """
SELECT DISTINCT pg_get_partkeydef(oid) FROM pg_class
WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'game'::regnamespace
    AND relname LIKE 'live_game_%' AND relname NOT LIKE 'live_game_v1%'
"""
FOREIGN_KEYS = """
SELECT condeferrable, relispartition, count(*)::int FROM pg_constraint
JOIN pg_class ON pg_class.oid = conrelid
WHERE contype = 'f' AND conparentid = 0 AND relnamespace = 'game'::regnamespace AND relname LIKE 'live_game_%'
GROUP BY 1, 2
"""
KEYS = {"season": "LIST (season)", "captured_at": "RANGE (captured_at)", "game_date": "RANGE (game_date)"}
PARTITIONS = {"season": "_2024", "captured_at": "_2024_07", "game_date": "_2024_07", "unpartitioned": ""}


def one(connection: Connection, query: str) -> Any:
    (found,) = connection.execute(query.encode()).fetchall()
    return found[0]


@pytest.mark.parametrize("name", LINES)
def test_the_line_is_all_that_changes(
    name: str, stubs_dir: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """`mlbgen check` has nothing to say of it, with all the samples."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")  # its columns refer to tables of other mappings
    (tmp_path / MAPPING).write_text(mapping(name))
    before, after = (ROOT / MAPPING).read_text().splitlines(), mapping(name).splitlines()
    assert [new for old, new in zip(before, after, strict=True) if old != new] in ([], [f"  {LINES[name]}"])
    code = main(["check", "--root", str(tmp_path), "--stubs", str(stubs_dir)])
    shown = capfd.readouterr()
    assert (code, shown.out) == (0, "")
    assert re.search(r"^game\.liveGameV1: checked with \d+ samples$", shown.err, re.MULTILINE)


@pytest.mark.parametrize("which", ["server", "server15"])
def test_tables(variant: Variant, which: str, request: pytest.FixtureRequest) -> None:
    """Real keys wherever they are possible, declared once, on the tables."""
    with connect(create_database(request.getfixturevalue(which))) as connection:
        migrate.apply_pending(connection, variant.package)
        assert one(connection, PARTITION_KEYS) == KEYS.get(variant.name)
        premake.make(connection, variant.package, date(2024, 7, 1), date(2024, 7, 1))
        foreign_keys = connection.execute(FOREIGN_KEYS).fetchall()
    assert foreign_keys == ([] if variant.name == "captured_at" else [(True, False, TABLES - 1)])


def test_a_game(variant: Variant, variant_database: str, stubs_dir: Path) -> None:
    """Both captures of one game, one after the other: the same rows under each, in the partitions they belong to."""
    with connect(variant_database) as connection:
        files = loader.select_stubs(variant.package, stubs_dir, {"game_pk": "747175"})
        assert not loader.load_files(stores(connection), files, package=variant.package).refused
    with connect(variant_database) as connection:
        counts = Pipeline(variant.method, Postgres(Settings(variant_database, stubs_dir, variant.package))).run({})
        assert (counts.documents.applied, counts.documents.quarantined) == (2, 0)
        for name, rows in ROWS_OF_747175.items():
            table = f"game.live_game_{name}"
            query = f"SELECT tableoid::regclass::text, count(*)::int FROM {table} GROUP BY 1"  # noqa: S608 - our names
            found = connection.execute(query.encode()).fetchall()
            assert found == ([(table + PARTITIONS[variant.name], rows)] if rows else [])
            assert counts.tables[table].inserted == rows


@pytest.mark.parametrize("which", ["server", "server15"])
def test_a_game_that_is_postponed_moves_with_its_rows(
    variants: Variants, which: str, request: pytest.FixtureRequest
) -> None:
    """To another partition, foreign keys and all; but not without them."""
    server = request.getfixturevalue(which)
    with temporary_database(server, variants.template(server, "game_date")) as dsn, connect(dsn) as connection:
        premake.make(connection, variants.get("game_date").package, date(2024, 7, 1), date(2024, 8, 1))
        connection.execute(
            "INSERT INTO game.live_game_metadata (game_pk, game_date, captured_at) VALUES (1, '2024-07-31', now())"
        )
        connection.execute(
            "INSERT INTO game.live_game_umpires (game_pk, game_date, captured_at, official_type)"
            " VALUES (1, '2024-07-31', now(), 'Home Plate')"
        )
        move = "UPDATE game.live_game_{} SET game_date = '2024-08-01'"
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(move.format("metadata").encode())
        with connection.transaction():
            connection.execute("SET CONSTRAINTS ALL DEFERRED")
            for table in ("metadata", "umpires"):
                connection.execute(move.format(table).encode())
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert one(connection, "SELECT tableoid::regclass::text FROM game.live_game_umpires") == (
            "game.live_game_umpires_2024_08"
        )
