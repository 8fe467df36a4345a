"""The same captures in PostgreSQL and in a lake: equal rows in every table, equal counts."""

import gzip
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from checks import some
from operated import require_same, require_same_sums
from psycopg import sql
from samples import connect, write

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader, stub_files
from mlb_etl.laws.counts import Counts, DocumentCounts
from mlb_etl.settings import TABLES, Settings
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres.database import Postgres

FEED = registry.method(TABLES, "game.liveGameV1")
FEEDS = 2  # live feeds, which are large


@pytest.fixture
def files(stubs_dir: Path, tmp_path: Path) -> list[Path]:
    """Captured responses of all methods, some live feeds, and an answer with members that no sample has."""
    found = [each for each in stub_files.find_stubs(stubs_dir) if "liveTimestamp" not in str(each)]
    feeds = [each for each in found if "liveGameV1" in str(each)]
    invented = json.loads(gzip.decompress(next(each for each in found if "leagues_2026" in each.name).read_bytes()))
    for number, each in enumerate(invented["response"]["leagues"]):
        each["invented"] = {"id": number}
    invented["captured_at"] = "2026-05-01T00:00:00Z"
    drifted = write(tmp_path / "invented.json", invented)
    return [*(each for each in found if each not in feeds), *feeds[:FEEDS], drifted]


def methods() -> list[Method]:
    return [registry.method(TABLES, name) for name in registry.methods(TABLES) if ":" not in name]


def fill(database: Database, files: Sequence[Path]) -> dict[str, Counts]:
    with database.open() as stores:
        loaded = loader.load_files(stores, list(files), package=TABLES)
    assert loaded
    return {method.name: Pipeline(method, database).run({}) for method in methods()}


def test_a_lake_and_postgres_have_the_same_rows(database: str, tmp_path: Path, files: list[Path]) -> None:
    lake = Lake.at(str(tmp_path / "lake"))
    schema.apply(lake, TABLES)
    ours, theirs = Delta(lake, TABLES), Postgres(Settings(database, tmp_path, TABLES))
    done = fill(ours, some(files))
    assert told(done) == told(fill(theirs, files))
    filled, drifted = 0, Counter[tuple[Any, ...]]()
    with connect(database) as connection:
        for wanted in schema.wanted(TABLES):
            control = wanted.schema == "etl" and wanted.name != "drift"
            if control or "body" in wanted.columns.names or wanted.name.endswith("_seen"):
                continue
            names = [
                name for name in wanted.columns.names if name not in {"ingested_at", "partition_month", "document"}
            ]
            columns = sql.SQL(", ").join(map(sql.Identifier, names))
            query = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(wanted.schema, wanted.name))
            expected = Counter(map(_plain, connection.execute(query).fetchall()))
            rows = lakes.rows(lake.open(wanted.schema, wanted.name), names).select(names)
            found = Counter(_plain(tuple(each.values())) for each in rows.to_pylist())
            assert found == expected, wanted.qualified_name
            filled += bool(found)
            drifted += found if wanted.name == "drift" else Counter()
    assert filled > 60
    assert {row[1:4] for row in drifted} == {("$.leagues[*].invented", "new", "object")}
    with ours.open() as lakes_, theirs.open() as stores:
        require_same(lakes_.operations(), stores.operations(), methods())
    again = fill(ours, files)
    assert not any(
        each.inserted or each.updated or each.deleted for of in some(again.values()) for each in of.tables.values()
    )
    with connect(database) as connection:
        connection.execute("UPDATE game.live_game_team_batting SET hits = hits + 1")
        connection.execute("UPDATE game.live_game_plays SET balls = 9")
    lake.open("game", "live_game_team_batting").update({"hits": "hits + 1"})
    lake.open("game", "live_game_plays").update({"balls": "9"})
    with ours.open() as lakes_, theirs.open() as stores:
        require_same_sums(lakes_.operations(), stores.operations(), FEED)


def told(of: dict[str, Counts]) -> dict[str, tuple[DocumentCounts, Any]]:
    return {name: (counts.documents, dict(counts.tables)) for name, counts in of.items()}


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(each) if type(each).__name__ == "UUID" else each for each in row)
