from typing import Any

import pytest

from mlb_etl.jsonpath import Step, general, parse, walk

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


def test_general() -> None:
    assert general(("a", 12, "m", Step.EACH, "x")) == "$.a[*].m.*.x"
