"""From a capture to the rows of its tables, by the runtime's own extraction: what a plan shows is what will be written.

The generator needs the runtime here alone.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mlb_contracts import Capture, Method, Row, requests
from mlb_contracts.errors import Rejected
from mlb_contracts.misfit import Misfit
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import Answer

_LOG = logging.getLogger("mlb_etl.extract.answer")  # warns of items that it skips, since they lack a key
Identity: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """The rows of a document by table, and its values that can't be read."""

    rows: Mapping[str, Sequence[Row]]
    unreadable: tuple[Misfit, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The documents of a capture by their keys, or why they are rejected.

    `otherwise` says why a document that is not listed was not read: the whole answer is rejected, or an item of it has
    no key. Without it, the answer does not have the document.
    """

    documents: Mapping[Identity, Document | Rejected]
    otherwise: Rejected | None = None

    def of(self, identity: Identity) -> Document | Rejected | None:
        """The document, the reason why it was not read, or None."""
        return self.documents.get(identity, self.otherwise)


def read_capture(file: Path) -> Response:
    """The capture in a stub; raises Rejected for any other file."""
    found = stub_files.parse_stub(stub_files.read_file(file))
    if found is None:
        raise Rejected("not a stub, which is a JSON object with endpoint, method and response")
    return found


def folders(package: str) -> dict[str, str]:
    """The folder of each method in an imported package."""
    return {
        name: module.removeprefix(f"{package}.").removesuffix(".method").replace(".", "/")
        for name, module in registry.methods(package).items()
    }


class Side:
    """The methods of an imported package, before or after the edit, of which only those `asked` for are loaded."""

    def __init__(self, package: str, asked: frozenset[str]) -> None:
        self._package = package
        self.methods = {name: registry.method(package, name) for name in registry.methods(package) if name in asked}
        self.tables = {table.qualified_name: table for each in self.methods.values() for table in each.tables}

    def names(self, response: Response) -> list[str]:
        """The loaded methods, and their hydrations, whose tables the capture fills."""
        names = registry.with_hydrations(self._package, f"{response.endpoint}.{response.method}")
        return [name for name in names if name in self.methods and _has_hydration(self.methods[name], response)]


def read(method: Method, response: Response) -> Reading:
    """Read the documents of a capture."""
    capture = Capture(response.as_of, response.parameters)
    try:
        answer = Answer(method, capture, response.data)
        if method.items is None:
            return Reading({(): _document(method, answer, {}, None)})
        with _skipped() as skipped:
            held = answer.documents()
    except Rejected as why:
        return Reading({}, why)
    found: dict[Identity, Document | Rejected] = {}
    for each in held:
        identity = tuple(map(str, each.keys.values()))
        try:
            found[identity] = _document(method, answer, each.keys, each.places)
        except Rejected as why:
            found[identity] = why
    return Reading(found, skipped[0] if skipped else None)


def _document(method: Method, answer: Answer, keys: Mapping[str, object], places: Sequence[int] | None) -> Document:
    """Extract a document. Values that a store can't hold count as unreadable, as in the runtime's second attempt."""
    try:
        found = answer.extract(keys, places, storable_only=True)
    except Rejected as why:
        raise answer.locate(why, places) from why
    rows = {table.qualified_name: its for table, its in zip(method.tables, found.rows, strict=True)}
    return Document(rows, found.unreadable)


def _has_hydration(method: Method, response: Response) -> bool:
    needed = () if method.hydration is None else requests.required_hydrations(method.hydration)
    return {*needed} <= {*response.hydrations}


class _Skips(logging.Handler):
    def __init__(self, into: list[Rejected]) -> None:
        super().__init__()
        self._into = into

    def emit(self, record: logging.LogRecord) -> None:
        self._into.append(Rejected(record.getMessage()))


@contextmanager
def _skipped() -> Iterator[list[Rejected]]:
    """Collects what the runtime only warns of: items that it skips."""
    found: list[Rejected] = []
    handler, propagate = _Skips(found), _LOG.propagate
    _LOG.addHandler(handler)
    _LOG.propagate = False
    try:
        yield found
    finally:
        _LOG.removeHandler(handler)
        _LOG.propagate = propagate
