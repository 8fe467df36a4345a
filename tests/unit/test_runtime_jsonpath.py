from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_contracts.jsonpath import Names, Step, beginnings, below, covers, expanded, parse, walk

DOCUMENT = {"a": [{"b": 1}, {"b": None}, {}], "m": {"ID1": {"x": 1}, "I D": {"x": 2}}}


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$", ()),
        ("$.a.b", ("a", "b")),
        ("$.a[*].b", ("a", Step.ITEM, "b")),
        ("$.m.*.x", ("m", Step.VALUE, "x")),
        ("$.m['I D'].x", ("m", "I D", "x")),
        ("$['it\\'s']", ("it's",)),
        ("$['a','it\\'s,'].b", (Names(("a", "it's,")), "b")),
        ("$.a[12].b[...]", ("a", 12, "b", Step.ITEM)),
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
        ("$.m['ID1','I D','x'].x", [("$.m.ID1.x", 1), ("$.m['I D'].x", 2), ("$.m.x.x", None)]),
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
    assert covers(("a", Step.ITEM, "x"), place) is covered


@pytest.mark.parametrize(("name", "covered"), [("home", True), ("away", True), ("third", False)])
def test_several_names_cover_each_of_them(name: str, *, covered: bool) -> None:
    assert covers((Names(("away", "home")), "x"), (name, "x")) is covered


def test_a_path_of_several_names_is_expanded() -> None:
    assert expanded("$.a[*]['b','c d'].e['f','g']") == (
        "$.a[*].b.e.f",
        "$.a[*].b.e.g",
        "$.a[*]['c d'].e.f",
        "$.a[*]['c d'].e.g",
    )
    assert expanded("$.a.*['b c'][2]") == ("$.a.*['b c'][2]",)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = st.lists(TEXTS, min_size=2).map(lambda names: Names(tuple(names)))


@given(st.lists(st.one_of(TEXTS, st.integers(0, 99), st.sampled_from(Step), NAMES)))
def test_printed_paths_can_be_parsed(steps: list[str | int | Step | Names]) -> None:
    assert parse(below("$", steps)) == tuple(steps)


def test_an_invalid_escape_is_not_a_path() -> None:
    assert parse(r"$['\x']") is None
