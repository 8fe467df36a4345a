"""The generated extractors and the interpreter, two readings of one mapping, make the same rows of each sample."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from schedules import PACKAGE, days

from mlb_contracts import Capture
from mlb_etl import registry
from mlbgen import lower
from mlbgen.samples import interpret, sample, shape_file, stubs
from mlbgen.samples.stubs import Stub

ROOT = Path(__file__).parents[2]
CAPTURED_AT = datetime(2024, 7, 14, 4, 19, 9, tzinfo=UTC)


def feeds(folder: Path) -> Iterable[Stub]:
    return stubs.find_stubs(folder / "game" / "liveGameV1")


def schedules(folder: Path) -> Iterable[Stub]:
    return (Stub(each.url, "schedule.schedule", json.loads(each.data), each.parameters) for each in days(folder))


@pytest.mark.parametrize(
    ("path", "found_in", "enough"), [("game/live_game_v1", feeds, 10_000), ("schedule/schedule", schedules, 400)]
)
def test_rows_of_each_sample(
    path: str, found_in: Callable[[Path], Iterable[Stub]], enough: int, stubs_dir: Path
) -> None:
    shape = shape_file.load_shape(ROOT / f"schemas/api/{path}.json")
    mapping = lower.load_method(ROOT / f"schemas/mappings/{path}.yaml", root=ROOT, shape=shape)
    [mapped_method, *_] = lower.split_by_hydration(mapping)
    method = registry.method(PACKAGE, mapped_method.name)
    compared = 0
    for answer in found_in(stubs_dir):
        for item in interpret.split_documents(mapping.items, answer.document):
            stub = replace(answer, document=item)
            document = method.decode(msgspec.json.encode(item))
            capture = Capture(CAPTURED_AT, stub.parameters)
            for table, mapped in zip(method.tables, mapped_method.tables, strict=True):
                names = [column.name for column in table.columns]
                found = [dict(zip(names, row, strict=True)) for row in table.extract(document, capture)]
                expected = [{**row, "captured_at": CAPTURED_AT} for row in sample.sample_rows(mapped, stub)]
                assert found == expected, (stub.file, table.name)
                assert [list(map(type, row.values())) for row in found] == [
                    [type(row[name]) for name in names] for row in expected
                ], (stub.file, table.name)
                compared += len(found)
    assert compared > enough
