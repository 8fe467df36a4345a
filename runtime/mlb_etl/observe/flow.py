"""What a run moves from where to where, for its lineage."""

from typing import NamedTuple

from mlb_contracts import Method


class Flow(NamedTuple):
    """Captures of a method, from this API to raw tables if the run captures, and on to rows if it applies."""

    method: Method
    api: str
    captures: bool
    applies: bool
