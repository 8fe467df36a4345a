"""What is shown of a response around a place: the place, the way to it, and not much more, whatever is there."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_contracts import jsonpath
from mlb_etl.ui import excerpt

FEED = {
    "id": 7,
    "plays": [{"about": {"index": n, "inning": 1, "note": "x" * 1000}, "events": [1, 2]} for n in range(30)],
    "empty": {},
}


def texts(document: Any, path: str) -> list[str]:
    return ["  " * each.depth + each.text for each in excerpt.around(document, path)]


def test_a_value_stands_among_its_neighbours_below_the_way_to_it() -> None:
    assert texts(FEED, "$.plays[20].about.index") == [
        "{",
        "  … 1 more",
        '  "plays": [',
        "    … 20 more",
        "    {",
        '      "about": {',
        '        "index": 20',
        '        "inning": 1',
        f'        "note": "{"x" * 160}…"',
        "      }",
        "      … 1 more",
        "    }",
        "    … 9 more",
        "  ]",
        "  … 1 more",
        "}",
    ]


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("$.plays[20].about.index", ['"index": 20']),
        ("$.plays[3].about.missing", ['"missing": (missing)']),
        ("$.plays[99]", ["(missing)"]),
        ("$.empty", ['"empty": {}']),
        ("$.id.more", ['"id": 7']),
        ("$.plays[*].about", ['"plays": [', "]"]),
        ("$", ["{", "}"]),
        ("parameter date", ["{", "}"]),
    ],
)
def test_the_place_is_marked(path: str, marked: list[str]) -> None:
    assert [each.text for each in excerpt.around(FEED, path) if each.marked] == marked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=500),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=10), inner, max_size=30),
    max_leaves=60,
)


@given(JSON, st.data())
def test_any_place_of_any_document_is_found_in_few_lines(document: Any, data: st.DataObject) -> None:
    path, node = "$", document
    while (children := jsonpath.children(node)) and data.draw(st.booleans()):
        key, node = data.draw(st.sampled_from(children))
        path += jsonpath.step_text(key)
    lines = excerpt.around(document, path)
    assert len(lines) <= 16 + 4 * path.count("[") + 4 * path.count(".") + 20
    assert all(len(each.text) < 1000 and each.text.isprintable() for each in lines)
    marked = [each.text for each in lines if each.marked]
    assert marked
    if not isinstance(node, dict | list | str | float):
        assert marked == [marked[0]]
        assert marked[0].endswith(json.dumps(node))


def test_a_deep_document_is_cut() -> None:
    deep: Any = 1
    for _ in range(500):
        deep = [deep]
    assert len(excerpt.around(deep, "$" + "[0]" * 500)) < 100
