"""Write law 4, the shrink guard, without a server."""

from datetime import UTC, datetime

import pytest

from mlb_contracts import ShrinkGuard
from mlb_etl.errors import Rejected
from mlb_etl.laws.shrink import Loss, check, unguarded
from mlb_etl.laws.verdict import Policy, Watermark

GUARD = ShrinkGuard(share=0.29, emptied_table_rows=10, once=())
SHOWN = Watermark(datetime(2024, 7, 1, 12, tzinfo=UTC), b"content", "mapping")


def loss(before: int, deleted: int, *, guarded: bool = True) -> Loss:
    return Loss(before, deleted, before - deleted, guarded)


@pytest.mark.parametrize(
    "losses",
    [
        {},
        {"a": loss(0, 0)},
        {"a": loss(100, 29)},  # 0.29 * 100 is less than 29 in binary
        {"a": loss(9, 9), "b": loss(91, 0)},
        {"a": loss(100, 100, guarded=False), "b": loss(1, 0)},
    ],
)
def test_losses_that_the_guard_allows(losses: dict[str, Loss]) -> None:
    check(GUARD, losses)


@pytest.mark.parametrize(
    ("losses", "table", "value"),
    [
        ({"a": loss(100, 30)}, None, "30 of 100 rows deleted"),
        ({"a": loss(60, 15), "b": loss(40, 15)}, None, "30 of 100 rows deleted"),
        ({"a": loss(10, 10), "b": loss(990, 0)}, "a", "10 of 10 rows deleted"),
        ({"a": loss(1, 1)}, None, "1 of 1 rows deleted"),
        ({"a": loss(10, 4), "b": loss(1000, 0, guarded=False)}, None, "4 of 10 rows deleted"),
    ],
)
def test_losses_that_the_guard_stops(losses: dict[str, Loss], table: str | None, value: str) -> None:
    with pytest.raises(Rejected) as caught:
        check(GUARD, losses)
    assert (caught.value.table, caught.value.value) == (table, value)


def test_it_guards_once_a_table_has_rows() -> None:
    guard = ShrinkGuard(share=0.29, emptied_table_rows=10, once=("finals",))
    check(guard, {"a": loss(100, 100), "finals": loss(0, 0)})
    with pytest.raises(Rejected):
        check(guard, {"a": loss(100, 100), "finals": loss(1, 0)})


@pytest.mark.parametrize(
    ("policy", "content", "expected"),
    [
        ("new", b"other", set()),
        ("again", b"other", set()),
        ("new", b"content", {"document"}),  # a new mapping has fewer rows of it, or someone added some by hand
        ("accept", b"other", {"document"}),
    ],
)
def test_documents_that_are_not_guarded(policy: Policy, content: bytes, expected: set[str]) -> None:
    assert unguarded({"document": SHOWN._replace(content_hash=content)}, {"document": SHOWN}, policy) == expected
