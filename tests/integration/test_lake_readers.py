"""docs/lake.md: what each engine reads in a lake equals PostgreSQL's answer, also while a document is written."""

import re
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import deltalake
import duckdb
import polars as pl
import pyarrow as pa
import pytest
from databases import temporary_database
from delta_lake import DeltaLaws
from feeds import METHOD, PACKAGE
from laws import Laws, Snapshot, documents
from simulated import Games

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.embedded.server import Server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PAGE = Path(__file__).parents[2] / "docs" / "lake.md"
SNIPPET = re.compile(r"^### ([^\n]+)\n(?:(?!^#).)*?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SNIPPETS = dict(SNIPPET.findall(PAGE.read_text()))
OF_SPARK = ["Spark", "Spark, whole documents"]  # opens tables elsewhere, so it has tests of its own
WHOLE = [name for name in SNIPPETS if name.endswith(", whole documents") and name not in OF_SPARK]
EVENTS = [name for name in SNIPPETS if name not in (*WHOLE, *OF_SPARK)]
PLACE = "data/lake"  # of the page's lake
SERVER = "sc://127.0.0.1:50051"  # of the page

EVENTS_SQL = b"""
SELECT event, count(*) AS plays FROM game.live_game_plays GROUP BY event ORDER BY plays DESC, event COLLATE "C" LIMIT 5
"""
STRIKEOUTS_SQL = b"""
SELECT game_pk, count(*) FROM game.live_game_plays JOIN game.live_game_pitch_events USING (game_pk, at_bat_index)
WHERE event = 'Strikeout' GROUP BY game_pk ORDER BY game_pk
"""
Answer = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Loaded:
    """A lake with two games, a later capture of the second one, and PostgreSQL's answers before and after that."""

    folder: Path
    later: Snapshot
    events: Answer
    before: Answer
    after: Answer


@pytest.fixture(scope="module")
def loaded(server: Server, template: str, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    games = Games()
    first, second = games.pks
    captures, later = [games.snapshot(first, 1), games.snapshot(second, 0.6)], games.snapshot(second, 1)
    lake = DeltaLaws(tmp_path_factory.mktemp("lake"), PACKAGE, METHOD)
    with temporary_database(server, template) as dsn:
        postgres = Laws(dsn, PACKAGE, METHOD)
        for laws in (lake, postgres):
            laws.arrive(*captures)
            assert documents(laws.run(games.pks)) == (2, 0, 0, 0)
        with closing(postgres.connection) as connection:
            events, before = (connection.execute(query).fetchall() for query in (EVENTS_SQL, STRIKEOUTS_SQL))
            postgres.arrive(later)
            postgres.run(games.pks)
            after = connection.execute(STRIKEOUTS_SQL).fetchall()
    assert (len(events), before[0]) == (5, after[0])
    assert before[1] < after[1]
    return Loaded(Path(lake.lake.root), later, events, before, after)


@pytest.fixture
def lake(loaded: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DeltaLaws:
    """A copy of the lake, where the page has its own."""
    shutil.copytree(loaded.folder, tmp_path / PLACE)
    monkeypatch.chdir(tmp_path)
    return DeltaLaws(tmp_path / PLACE, PACKAGE, METHOD)


def read(snippet: str, name: str, server: str = SERVER) -> Answer:
    """The rows of what a snippet of the page calls by that name."""
    namespace: dict[str, Any] = {}
    exec(SNIPPETS[snippet].replace(SERVER, server), namespace)  # noqa: S102 - as its readers do
    found = namespace[name]
    if snippet in OF_SPARK:
        return [tuple(row) for row in found.collect()]
    if isinstance(found, duckdb.DuckDBPyRelation):
        return found.fetchall()
    if isinstance(found, pl.DataFrame):
        return found.rows()
    return [tuple(row) for row in found.itertuples(index=False)]


def on_opening(monkeypatch: pytest.MonkeyPatch, work: Callable[[str], object]) -> None:
    """Call `work` with the name of each table that is to be opened."""
    opened = deltalake.DeltaTable.__init__

    def hooked(of: deltalake.DeltaTable, place: Any, *given: Any, **named: Any) -> None:
        work(Path(place).name)
        opened(of, place, *given, **named)

    monkeypatch.setattr(deltalake.DeltaTable, "__init__", hooked)


def test_each_engine_has_both_questions() -> None:
    assert [f"{name}, whole documents" for name in EVENTS] == WHOLE
    assert {"DuckDB", "Polars", "pandas"} <= {*EVENTS}
    assert {*OF_SPARK} <= {*SNIPPETS}


@pytest.mark.usefixtures("lake")
@pytest.mark.parametrize("snippet", EVENTS)
def test_an_engine_counts_as_postgres_does(loaded: Loaded, snippet: str) -> None:
    assert read(snippet, "events") == loaded.events


@pytest.mark.parametrize("snippet", WHOLE)
def test_a_document_that_is_written_meanwhile_is_left_out(
    loaded: Loaded, lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch, snippet: str
) -> None:
    """It is written after the first table of the join was opened and before the second."""
    names: list[str] = []

    def write(table: str) -> None:
        names.append(table)
        if table == "live_game_pitch_events":
            opening.undo()
            lake.apply_one(loaded.later)

    with monkeypatch.context() as opening:
        on_opening(opening, names.append)
        assert sorted(read(snippet, "strikeouts")) == loaded.before
    assert names == ["watermark", "live_game_plays", "live_game_pitch_events", "watermark"]
    with monkeypatch.context() as opening:
        on_opening(opening, write)
        assert sorted(read(snippet, "strikeouts")) == loaded.before[:1]
    assert sorted(read(snippet, "strikeouts")) == loaded.after


@pytest.fixture(scope="module")
def half_written(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page's lake, in which the second game is half written."""
    folder = tmp_path_factory.mktemp("half_written")
    shutil.copytree(loaded.folder, folder / PLACE)
    lake = DeltaLaws(folder / PLACE, PACKAGE, METHOD)
    with mock.patch.object(lakes, "append", fail), pytest.raises(DatabaseUnavailable, match="disk"):
        lake.apply_one(loaded.later)
    return folder


def fail(*_: object) -> None:
    raise DatabaseUnavailable("as if the disk was full")


@pytest.mark.parametrize("snippet", WHOLE)
def test_a_document_that_is_half_written_is_left_out(
    loaded: Loaded, half_written: Path, monkeypatch: pytest.MonkeyPatch, snippet: str
) -> None:
    monkeypatch.chdir(half_written)
    assert sorted(read(snippet, "strikeouts")) == loaded.before[:1]


@pytest.mark.usefixtures("lake", "spark")
def test_spark_counts_as_postgres_does(loaded: Loaded, spark_url: str) -> None:
    first, second = OF_SPARK
    assert read(first, "events", spark_url) == loaded.events
    assert sorted(read(second, "strikeouts", spark_url)) == loaded.before


def test_sail_can_not_read_what_a_merge_wrote(spark: "SparkSession", tmp_path: Path) -> None:
    """As docs/spark.md says; once it can, the page's snippet gets simpler."""
    lake = lakes.Lake.at(str(tmp_path))
    columns = pa.schema([pa.field("name", pa.string(), nullable=False), pa.field("number", pa.int64())])
    lake.create("etl", "merged", columns)
    lakes.append(lake.open("etl", "merged"), pa.table([["a", "b"], [1, 2]], schema=columns))
    path = str(tmp_path / "etl" / "merged")
    assert spark.read.format("delta").load(path).count() == 2
    lakes.merge(lake.open("etl", "merged"), lakes.changes(columns, [{"name": "a", "number": 3}]), "t.name = s.name")
    with pytest.raises(Exception, match="Cannot cast column 'name' from 'Utf8View'"):
        spark.read.format("delta").load(path).collect()


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("when", ["before the result", "after the result"])
def test_what_spark_reads_of_a_document_that_is_written_meanwhile_is_left_out(
    loaded: Loaded, lake: DeltaLaws, spark_url: str, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    from pyspark.sql.connect.dataframe import DataFrame  # noqa: PLC0415 - it may be missing

    collect, steps = DataFrame.collect, list[str]()

    def step(name: str) -> None:
        steps.append(name)
        if len(steps) == (2 if when == "before the result" else 3):
            opening.undo()
            lake.apply_one(loaded.later)

    def collecting(of: DataFrame) -> Any:
        step("result")
        return collect(of)

    with monkeypatch.context() as opening:
        on_opening(opening, step)
        opening.setattr(DataFrame, "collect", collecting)
        assert sorted(read(OF_SPARK[1], "strikeouts", spark_url)) == loaded.before[:1]
    assert steps == ["watermark", "result", "watermark"][: len(steps)]
    assert sorted(read(OF_SPARK[1], "strikeouts", spark_url)) == loaded.after


@pytest.mark.usefixtures("spark")
def test_what_spark_reads_of_a_document_that_is_half_written_is_left_out(
    loaded: Loaded, half_written: Path, spark_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(half_written)
    assert sorted(read(OF_SPARK[1], "strikeouts", spark_url)) == loaded.before[:1]
