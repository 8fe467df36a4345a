"""The exceptions of mlb_etl: each is in the drawing, can be pickled, and is distinguished by its class alone."""

import pickle
import re
from pathlib import Path

import pytest

import mlb_etl
from mlb_etl import errors
from mlb_etl.errors import EtlError

RUNTIME = Path(mlb_etl.__path__[0])
# What an HTTP library hides in its chain of causes is looked up for the message alone, within the room that asks.
MESSAGES = {RUNTIME / "http" / "exchange.py"}


def classes(root: type[EtlError] = EtlError, depth: int = 0) -> dict[str, int]:
    """The classes of `mlb_etl.errors` by name, each with its depth."""
    found = {root.__name__: depth}
    for each in root.__subclasses__():
        if hasattr(errors, each.__name__):
            found |= classes(each, depth + 1)
    return found


def test_the_drawing_has_every_class_at_its_depth() -> None:
    lines = re.findall(r"^    ([ │├└─]*)(\w+) {2,}\S", errors.__doc__ or "", re.MULTILINE)
    assert {name: len(indent) // 4 for indent, name in lines} == classes()


@pytest.mark.parametrize("name", classes())
def test_an_error_survives_pickling(name: str) -> None:
    error = getattr(errors, name)("why")
    error.__dict__["check"] = error.__dict__["table"] = "one"
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - its own
    assert (type(again), again.__dict__, str(again)) == (type(error), error.__dict__, str(error))


def test_no_code_depends_on_the_cause_of_an_error() -> None:
    looking = {path for path in RUNTIME.rglob("*.py") if ".__cause__" in path.read_text()}
    assert looking == MESSAGES
