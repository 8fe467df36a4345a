"""What a run moves from where to where, for its lineage."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from mlb_contracts import Method


class Flow(NamedTuple):
    """Captures of a method, from this API to raw tables if the run captures, and on to rows if it applies.

    `sources` are datasets that the captures come from instead of the API, as `place` names them.
    """

    method: Method
    api: str
    captures: bool
    applies: bool
    sources: Sequence[tuple[str, str]] = ()


Flows: TypeAlias = Callable[[], Sequence[Flow]]
"""The flows of a run, as far as they are known when it is called: at its beginning, and at its end."""


def place(of: str | Path) -> tuple[str, str]:
    """The namespace and name of a folder or of s3://bucket/prefix, as OpenLineage has them."""
    text = str(of)
    if text.startswith("s3://"):
        bucket, _, name = text.removeprefix("s3://").partition("/")
        return f"s3://{bucket}", name.strip("/") or "/"
    return "file", str(Path(text.removeprefix("file://")).absolute())
