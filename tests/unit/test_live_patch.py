"""Patches of any kind make a document, or are refused."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl.baseball.live.patch import apply_patches
from mlb_etl.errors import Rejected

DOCUMENT = b'{"a":{"b":[1,{"c":2.0}],"~/":null},"d":"text","e":[[]]}'
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(-2, 2) | st.text("ab/~", max_size=4)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner))
paths = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "0", "1", "2", "-", "-1", "01", "~0~1", "~2", ""])).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
operations = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]), "path": paths},
    optional={"from": paths, "value": values},
)
anything = st.fixed_dictionaries({}, optional=dict.fromkeys(("op", "path", "from", "value"), values | paths))
patches = st.lists(st.fixed_dictionaries({"diff": st.lists(operations | anything | values, max_size=4)}) | values)


@given(patches)
def test_a_patch_makes_a_document_or_is_refused(them: list[Any]) -> None:
    with suppress(Rejected):
        json.loads(apply_patches(DOCUMENT, them))


def test_patches_are_applied_one_after_the_other() -> None:
    first = {"diff": [{"op": "add", "path": "/e/0/-", "value": 7}, {"op": "move", "from": "/a/b/1", "path": "/f"}]}
    second = {"diff": [{"op": "copy", "from": "/f/c", "path": "/e/1"}, {"op": "remove", "path": "/a"}]}
    assert apply_patches(DOCUMENT, [first, second]) == b'{"d":"text","e":[[7],2.0],"f":{"c":2.0}}'


def test_the_refusal_says_which_patch_does_not_fit() -> None:
    fits = {"diff": [{"op": "remove", "path": "/d"}]}
    with pytest.raises(Rejected, match=r"the patch does not fit: ") as caught:
        apply_patches(DOCUMENT, [fits, fits])
    assert caught.value.path == "$[1].diff"
