"""The data dictionary against a real database, filled from the samples that the repository ships."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from checks import some
from databases import temporary_database, transform
from samples import stores

from mlb_etl import registry
from mlb_etl.capture import loader, stub_files
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.db import Connection
from mlbgen.dictionary.facts import Dictionary
from mlbgen.project import generate

ROOT = Path(__file__).parents[2]
PACKAGE = "mlb_tables"
SAMPLES = (ROOT / "schemas" / "simulated", ROOT / "schemas" / "samples")
EMPTY: dict[str, str] = {}
"""Tables and views whose example has no row, each with the reason."""
COLUMNS = """
SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull,
    col_description(c.oid, a.attnum)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 1, a.attnum
"""
VIEW_COLUMNS = COLUMNS.replace("('r', 'p')", "('v', 'm')")
KEYS = """
SELECT conrelid::regclass::text, contype::text, confrelid::regclass::text,
    ARRAY(SELECT attname::text FROM unnest(conkey) WITH ORDINALITY AS k (number, place)
        JOIN pg_attribute ON attrelid = conrelid AND attnum = number ORDER BY place)
FROM pg_constraint WHERE contype IN ('p', 'f') AND conparentid = 0
"""


@pytest.fixture(scope="module")
def dictionary() -> Dictionary:
    inputs = generate.read_project(ROOT)
    return generate.dictionary(inputs, generate.read_views(ROOT, inputs), generate.read_counts(ROOT, inputs))


@pytest.fixture(scope="module")
def connection(server: Server, template: str) -> Iterator[Connection]:
    """To a database with the samples that the repository ships."""
    with temporary_database(server, template) as dsn, psycopg.connect(dsn, autocommit=True) as connected:
        files = [file for folder in SAMPLES for file in stub_files.find_stubs(folder)]
        loader.load_files(stores(connected, PACKAGE), files, package=PACKAGE)
        for method in registry.methods(PACKAGE):
            for name in registry.with_hydrations(PACKAGE, method):
                transform(connected, registry.method(PACKAGE, name), PACKAGE)
        connected.execute("REFRESH MATERIALIZED VIEW game.pitch_arsenal")
        yield connected


def test_every_example_runs_and_shows_rows(dictionary: Dictionary, connection: Connection) -> None:
    empty = set()
    for each in some((*dictionary.tables, *dictionary.views)):
        rows = connection.execute(each.example.encode()).fetchall()
        if not rows:
            empty.add(each.name)
    assert empty == set(EMPTY)
