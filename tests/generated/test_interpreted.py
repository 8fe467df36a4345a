"""The generated extractors and the interpreter, two readings of one mapping, make the same rows of each sample."""

import importlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import mlb_tables
from mlb_etl.contracts import Capture, Method
from mlbgen import infer, lower, sample, shape_file, stubs

ROOT = Path(__file__).parents[2]
CAPTURED_AT = datetime(2024, 7, 14, 4, 19, 9, tzinfo=UTC)


def test_rows_of_each_live_feed(stubs_dir: Path) -> None:
    method: Method = importlib.import_module(mlb_tables.METHODS["game.liveGameV1"]).METHOD
    shape = shape_file.load(ROOT / infer.path(method.name))
    mapping = lower.load_method(ROOT / "schemas/mappings/game/live_game_v1.yaml", root=ROOT, shape=shape)
    compared = 0
    for stub in stubs.find(stubs_dir / "game" / "liveGameV1"):
        document = method.decode(msgspec.json.encode(stub.document))
        capture = Capture(CAPTURED_AT, {})
        for table, mapped in zip(method.tables, mapping.tables, strict=True):
            names = [column.name for column in table.columns]
            found = [dict(zip(names, row, strict=True)) for row in table.extract(document, capture)]
            expected = [{**row, "captured_at": CAPTURED_AT} for row in sample.rows(mapped, stub)]
            assert found == expected, (stub.file, table.name)
            assert [list(map(type, row.values())) for row in found] == [
                [type(row[name]) for name in names] for row in expected
            ], (stub.file, table.name)
            compared += len(found)
    assert compared > 10_000
