"""The committed extractors on real responses: how many rows, of which types, and how fast."""

import importlib
import importlib.util
import json
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from checks import some
from feed_counts import ROWS_OF_747175
from pydantic import BaseModel
from unmeasured import untraced

import mlb_tables
from mlb_contracts import Capture, Method, Row, Table
from mlb_etl.errors import Rejected
from mlbgen.language.names import pascal

ROOT = Path(__file__).parents[2]
CAPTURE = Capture(datetime(2024, 7, 14, 4, 19, 9, tzinfo=UTC), {"game_pk": "747175"})


@pytest.fixture(scope="module")
def method() -> Method:
    loaded: Method = importlib.import_module(mlb_tables.METHODS["game.liveGameV1"]).METHOD
    return loaded


@pytest.fixture(scope="module")
def benchmark() -> ModuleType:
    """benchmarks/extract.py, which is a program and no package."""
    spec = importlib.util.spec_from_file_location("benchmark_extract", ROOT / "benchmarks" / "extract.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def feed(benchmark: ModuleType, stubs_dir: Path) -> bytes:
    data: bytes = benchmark.feed(stubs_dir)
    return data


def rows_of(method: Method, data: bytes) -> dict[str, list[Row]]:
    document = method.decode(data)
    method.accept(document, CAPTURE)
    return {table.name: table.extract(document, CAPTURE) for table in method.tables}


def model_of(table: Table) -> type[BaseModel]:
    model: type[BaseModel] = getattr(importlib.import_module(table.extract.__module__), pascal(table.name))
    return model


def test_rows_of_a_game(method: Method, feed: bytes) -> None:
    assert {name: len(rows) for name, rows in rows_of(method, feed).items()} == {
        f"live_game_{name}": number for name, number in ROWS_OF_747175.items()
    }


def test_rows_are_what_their_models_say(method: Method, feed: bytes) -> None:
    rows = rows_of(method, feed)
    for table in some(method.tables):
        model, names = model_of(table), [column.name for column in table.columns]
        assert list(model.model_fields) == names
        for row in rows[table.name]:
            validated = model.model_validate(dict(zip(names, row, strict=True)), strict=True)
            assert tuple(validated.model_dump().values()) == row


def test_keys_are_unique_and_there(method: Method, feed: bytes) -> None:
    for table in some(method.tables):
        positions = [[column.name for column in table.columns].index(name) for name in table.primary_key]
        keys = [tuple(row[position] for position in positions) for row in rows_of(method, feed)[table.name]]
        assert len(set(keys)) == len(keys)
        assert not any(None in key for key in keys)


def test_the_document_says_what_it_is_about(method: Method, feed: bytes) -> None:
    document = method.decode(feed)

    assert {key.name: key.read(document, CAPTURE) for key in method.document} == {"game_pk": 747175}
    with pytest.raises(Rejected, match=r"\$\.gamePk is 747175"):
        method.accept(document, Capture(CAPTURE.captured_at, {"game_pk": "1"}))


def test_a_repeated_play_is_refused(method: Method, feed: bytes) -> None:
    response = json.loads(feed)
    response["liveData"]["plays"]["allPlays"].append(response["liveData"]["plays"]["allPlays"][0])

    with pytest.raises(Rejected, match="the primary key repeats"):
        rows_of(method, json.dumps(response).encode())


def test_rows_take_little_more_time_than_parsing(method: Method, feed: bytes, benchmark: ModuleType) -> None:
    """Decoding and all rows against `orjson.loads`, whatever the machine does meanwhile."""
    ratios: list[float] = []
    with untraced():
        while len(ratios) < 5 and min(ratios, default=float("inf")) > benchmark.LIMIT:
            ratios.append(benchmark.measure(method, feed).ratio)

    assert min(ratios) < benchmark.LIMIT, ratios
