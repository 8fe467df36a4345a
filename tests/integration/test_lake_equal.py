"""The same captures in PostgreSQL, in a lake, and in one that Spark fills: equal rows in every table, equal counts."""

import gzip
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from checks import some
from databases import temporary_database
from operated import require_same, require_same_sums
from psycopg import sql
from samples import connect, write

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader, stub_files
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres.database import Postgres

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLES = "mlb_tables"
FEED = registry.method(TABLES, "game.liveGameV1")
FEEDS = 2  # live feeds, which are large
NOT_EQUAL = {"ingested_at", "partition_month", "document"}  # columns of one store, or written in its own way
Rows: TypeAlias = dict[str, Counter[tuple[Any, ...]]]  # by table


@dataclass(frozen=True)
class Filled:
    """The same captures in PostgreSQL and in a lake, which are filled from them.

    `rows` and `counts` are those of PostgreSQL; `captures` is a lake with nothing but the captures.
    """

    postgres: Postgres
    lake: Delta
    captures: Path
    rows: Rows
    counts: dict[str, Counts]
    lake_counts: dict[str, Counts]


@pytest.fixture(scope="module")
def files(stubs_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Captured responses of all methods, some live feeds, and an answer with members that no sample has."""
    found = [each for each in stub_files.find_stubs(stubs_dir) if "liveTimestamp" not in str(each)]
    feeds = [each for each in found if "liveGameV1" in str(each)]
    invented = json.loads(gzip.decompress(next(each for each in found if "leagues_2026" in each.name).read_bytes()))
    for number, each in enumerate(invented["response"]["leagues"]):
        each["invented"] = {"id": number}
    invented["captured_at"] = "2026-05-01T00:00:00Z"
    drifted = write(tmp_path_factory.mktemp("files") / "invented.json", invented)
    return [*(each for each in found if each not in feeds), *feeds[:FEEDS], drifted]


@pytest.fixture(scope="module")
def filled(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory, files: list[Path]
) -> Iterator[Filled]:
    folder = tmp_path_factory.mktemp("lakes")
    lake = Lake.at(str(folder / "lake"))
    schema.apply(lake, TABLES)
    with temporary_database(server, template) as dsn:
        ours, theirs = Delta(lake, TABLES), Postgres(Settings(dsn, folder, TABLES))
        for each in (ours, theirs):
            load(each, files)
        shutil.copytree(folder / "lake", folder / "captures")
        counts = fill(Pipeline(method, theirs) for method in methods())
        lake_counts = fill(Pipeline(method, ours) for method in methods())
        yield Filled(theirs, ours, folder / "captures", postgres_rows(dsn), counts, lake_counts)


def methods() -> list[Method]:
    return [registry.method(TABLES, name) for name in registry.methods(TABLES) if ":" not in name]


def load(database: Database, files: Sequence[Path]) -> None:
    with database.open() as stores:
        assert loader.load_files(stores, some(files), package=TABLES)


def fill(works: Iterable[Pipeline]) -> dict[str, Counts]:
    return {work.method.name: work.run({}) for work in works}


def test_a_lake_and_postgres_have_the_same_rows(filled: Filled, files: list[Path]) -> None:
    assert told(filled.lake_counts) == told(filled.counts)
    require_equal_rows(filled.lake.lake, filled.rows)
    with filled.lake.open() as lakes_, filled.postgres.open() as stores:
        require_same(lakes_.operations(), stores.operations(), methods())
    load(filled.lake, files)
    again = fill(Pipeline(method, filled.lake) for method in methods())
    assert not any(
        each.inserted or each.updated or each.deleted for of in some(again.values()) for each in of.tables.values()
    )
    lake = filled.lake.lake
    with connect(filled.postgres.settings.dsn) as connection:
        connection.execute("UPDATE game.live_game_team_batting SET hits = hits + 1")
        connection.execute("UPDATE game.live_game_plays SET balls = 9")
    lake.open("game", "live_game_team_batting").update({"hits": "hits + 1"})
    lake.open("game", "live_game_plays").update({"balls": "9"})
    with filled.lake.open() as lakes_, filled.postgres.open() as stores:
        require_same_sums(lakes_.operations(), stores.operations(), FEED)


def test_a_lake_that_spark_fills_has_the_same_rows(filled: Filled, spark: "SparkSession") -> None:
    from mlb_etl.spark.job import on_spark  # noqa: PLC0415 - what it imports may be missing

    database = Delta(Lake.at(str(filled.captures)), TABLES)
    counts = fill(on_spark(Pipeline(method, database), spark) for method in methods())
    assert told(counts) == told(filled.counts)
    require_equal_rows(database.lake, filled.rows)


def compared() -> Iterator[tuple[schema.Wanted, list[str]]]:
    """The tables that both kinds of stores have, with the columns that are equal."""
    for wanted in schema.wanted(TABLES):
        control = wanted.schema == "etl" and wanted.name != "drift"
        if not (control or "body" in wanted.columns.names or wanted.name.endswith("_seen")):
            yield wanted, [name for name in wanted.columns.names if name not in NOT_EQUAL]


def postgres_rows(dsn: str) -> Rows:
    found = {}
    with connect(dsn) as connection:
        for wanted, names in compared():
            columns = sql.SQL(", ").join(map(sql.Identifier, names))
            query = sql.SQL("SELECT {} FROM {}").format(columns, sql.Identifier(wanted.schema, wanted.name))
            found[wanted.qualified_name] = Counter(map(_plain, connection.execute(query).fetchall()))
    assert sum(map(bool, found.values())) > 60
    assert {row[1:4] for row in found["etl.drift"]} == {("$.leagues[*].invented", "new", "object")}
    return found


def require_equal_rows(lake: Lake, expected: Rows) -> None:
    for wanted, names in some(compared()):
        rows = lakes.rows(lake.open(wanted.schema, wanted.name), names).select(names)
        found = Counter(_plain(tuple(each.values())) for each in rows.to_pylist())
        assert found == expected[wanted.qualified_name], wanted.qualified_name


def told(of: dict[str, Counts]) -> dict[str, tuple[Any, ...]]:
    """What runs said, by method."""
    return {name: _told(counts) for name, counts in of.items()}


def _told(of: Counts) -> tuple[Any, ...]:
    waiting = Counter((each.document, each.captured_at, each.why.table, each.why.path) for each in of.quarantined)
    warned = Counter((*each,) for each in of.warnings)
    unreadable = Counter((each.document, each.what.path, each.what.value) for each in of.unreadable)
    return of.documents, dict(of.tables), waiting, warned, unreadable, dict(of.drift)


def _plain(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(str(each) if type(each).__name__ == "UUID" else each for each in row)
