"""Captures in a lake are stored in batches, each in one commit: none is lost, and none is stored twice."""

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from checks import some
from delta_lake import DeltaLaws
from laws import snapshot
from memory_database import MemoryDatabase
from sample_tables.game import METHOD
from samples import PACKAGE, at, response

from mlb_contracts.response import Response
from mlb_etl.extract.answer import one_document
from mlb_etl.http.bodies import TooLarge
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.interfaces.captures import Answered, RawStore


@pytest.fixture
def lake(tmp_path: Path) -> DeltaLaws:
    return DeltaLaws(tmp_path, PACKAGE, METHOD)


def answered(minute: int, game_pk: int = 1, **members: Any) -> Answered:
    body = msgspec.json.encode(response(game_pk, **members))
    of = Response("sample", "game", {"game_pk": str(game_pk)}, {}, "", 200, at(minute), body)
    return of, one_document(body, {"game_pk": game_pk})


def captures(raw: RawStore) -> list[tuple[Any, ...]]:
    return [(each.document, each.captured_at, each.as_of, each.content_hash) for each in raw.captures({})]


def test_a_batch_is_stored_as_its_responses_one_by_one(lake: DeltaLaws) -> None:
    """The same answers, in any order, one by one in memory: with recurring contents, times and captures."""
    raw, model = lake.database.open().raw(METHOD), MemoryDatabase(PACKAGE, METHOD).open().raw(METHOD)
    chosen = random.Random(14)  # noqa: S311 - the same ones each time
    answers = [answered(chosen.randrange(6), chosen.randrange(1, 3), score=chosen.randrange(2)) for _ in range(60)]
    expected = [model.store(*each) for each in answers]
    assert {*expected} == {"stored", "seen", "known"}
    assert [fate for first in range(0, 60, 12) for fate in raw.store_all(answers[first : first + 12])] == expected
    assert captures(raw) == captures(model)
    assert lake.lake.open(METHOD.raw_schema, METHOD.raw_table).version() <= 5, "one commit a batch"
    assert raw.store_all(answers) == [model.store(*each) for each in answers]
    assert captures(raw) == captures(model)


def test_one_that_is_too_large_does_not_stop_its_batch(lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "1")
    large, whole = answered(0, venue="x" * 2**20), answered(1)
    raw = lake.database.open().raw(METHOD)
    refused, stored = raw.store_all([large, whole])
    assert isinstance(refused, TooLarge)
    assert stored == "stored"
    with pytest.raises(TooLarge):
        raw.store(*large)


def test_two_writers_store_a_capture_once(lake: DeltaLaws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever comes second looks again at what is there."""
    one, other = (lake.database.open().raw(METHOD) for _ in range(2))
    shared, seen = answered(0), answered(1)
    append, waiting = lakes.append, [lambda: other.store_all([shared, answered(2, 2)]), lambda: other.store(*seen)]

    def overtaken(*given: Any) -> None:
        if waiting:
            first = waiting.pop(0)
            with monkeypatch.context() as plain:
                plain.setattr(lakes, "append", append)
                first()
        append(*given)

    monkeypatch.setattr(lakes, "append", overtaken)
    assert one.store_all([shared, answered(3, 3)]) == ["known", "stored"]
    assert one.store(*seen) == "known"
    rows = lakes.rows(lake.lake.open(METHOD.raw_schema, METHOD.raw_table), ["request", "captured_at"]).to_pylist()
    assert sorted(row["captured_at"] for row in some(rows)) == [at(0), at(2), at(3)]
    assert len(lakes.rows(lake.lake.open(METHOD.raw_schema, f"{METHOD.raw_table}_seen"))) == 1


def test_a_value_that_becomes_null_or_comes_back_is_written(lake: DeltaLaws) -> None:
    for minute, rbi in enumerate([[1, None, 0], [1, 2, 0], [1, None, 0], [1, None, 3]]):
        of = snapshot(METHOD, 7, at(minute), response(7, rbi=rbi))
        lake.arrive(of)
        assert lake.run([7]).tables["sample.plays"].updated == (1 if minute else 0)
        assert lake.rows(7) == of.rows
