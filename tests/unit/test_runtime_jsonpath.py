from typing import Any

import pytest

from mlb_contracts.jsonpath import Step, beginnings, covers, parse, walk

DOCUMENT = {"a": [{"b": 1}, {"b": None}, {}], "m": {"ID1": {"x": 1}, "I D": {"x": 2}}}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("$.a.b", ("a", "b")),
        ("$.a[*].b", ("a", Step.EACH, "b")),
        ("$.m.*.x", ("m", Step.EACH, "x")),
        ("$.m['I D'].x", ("m", "I D", "x")),
        ("$['it\\'s']", ("it's",)),
        ("$.a[12].b[...]", ("a", 12, "b", Step.EACH)),
        ("$[?@.a]", None),
        ("a.b", None),
    ],
)
def test_parse(path: str, steps: object) -> None:
    assert parse(path) == steps


@pytest.mark.parametrize(
    ("path", "places"),
    [
        ("$.a[*].b", [("$.a[0].b", 1), ("$.a[1].b", None), ("$.a[2].b", None)]),
        ("$.a[1]", [("$.a[1]", {"b": None})]),
        ("$.m.*.x", [("$.m.ID1.x", 1), ("$.m['I D'].x", 2)]),
        ("$.none.of.it", [("$.none.of.it", None)]),
        ("$.none[*].b", []),
        ("$.a[9]", [("$.a[9]", None)]),
    ],
)
def test_walk(path: str, places: list[Any]) -> None:
    steps = parse(path)
    assert steps is not None
    assert list(walk(DOCUMENT, steps)) == places


def test_beginnings() -> None:
    assert [*beginnings("$.a[*]['b c'].*")] == ["$", "$.a", "$.a[*]", "$.a[*]['b c']", "$.a[*]['b c'].*"]


@pytest.mark.parametrize(
    ("place", "covered"),
    [(("a", 12, "x"), True), (("a", "ID1", "x"), True), (("a", 12), False), (("a", 12, "y"), False)],
)
def test_covers(place: tuple[str | int, ...], *, covered: bool) -> None:
    assert covers(("a", Step.EACH, "x"), place) is covered
