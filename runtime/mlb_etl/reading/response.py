"""All rows of one response, without a database."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from mlb_contracts import Capture, Method, Table
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.displays import as_html, as_text
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract.answer import Answer, HeldDocument
from mlb_etl.reading.models import Model, as_models

Content: TypeAlias = Mapping[str, Any] | Sequence[Any] | bytes | str | Path
"""A decoded response, its text, or the path of a file with it; each may be a stub, which tells its request too."""


class ResponseRows(Mapping[str, list[dict[str, Any]]]):
    """The rows of a response by the full name of their table; tables without rows are there too."""

    def __init__(self, method: Method, rows: Sequence[list[dict[str, Any]]], documents: int) -> None:
        self.method = method.name
        self.documents = documents
        self._rows = {table.qualified_name: its for table, its in zip(method.tables, rows, strict=True)}

    def __getitem__(self, table: str) -> list[dict[str, Any]]:
        if table not in self._rows:
            raise KeyError(f"{table}: {self.method} has {', '.join(self._rows)}")
        return self._rows[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def models(self, table: str, model: type[Model]) -> Iterator[Model]:
        """The rows of a table as generated row models, or as others of pydantic."""
        return as_models(self[table], model)

    @property
    def _title(self) -> str:
        number = sum(map(len, self._rows.values()))
        return f"{self.method}: {number:,} rows in {len(self)} tables"

    @property
    def _numbers(self) -> list[tuple[str, int]]:
        return [(name, len(its)) for name, its in self._rows.items() if its]

    def __repr__(self) -> str:
        return f"{self._title}\n{as_text(('table', 'rows'), self._numbers)}"

    def _repr_html_(self) -> str:
        return as_html(self._title, ("table", "rows"), self._numbers)


def extract_rows(content: Content, package: str, name: str | None, parameters: Mapping[str, str]) -> ResponseRows:
    """The rows of a response to a request with these parameters.

    Without a name, the method is that of the stub, or the only one that can read the response. Raises EtlError if none
    can, or several; Rejected, which is one, if the response breaks a rule of the method.
    """
    data = _bytes(content)
    stub = stub_files.parse_stub(data)
    if stub is not None and name is None:
        name = f"{stub.endpoint}.{stub.method}"
    if name is not None:
        method = registry.method(package, name)
        return _extracted(method, _response(method, stub, data, parameters))
    found = []
    for each in registry.methods(package):
        method = registry.method(package, each)
        if method.hydration is None:
            try:
                found.append(_extracted(method, _response(method, None, data, parameters)))
            except Rejected:
                continue
    readable = [each for each in found if any(each.values())]
    if len(readable) != 1:
        names = ", ".join(each.method for each in readable) or "none"
        raise EtlError(f"say which method's response it is, as method=...: of those in {package}, {names} can read it")
    return readable[0]


def _bytes(content: Content) -> bytes:
    if isinstance(content, Path):
        return stub_files.read_file(content)
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes) else msgspec.json.encode(content)


def _response(method: Method, stub: Response | None, data: bytes, parameters: Mapping[str, str]) -> Response:
    """The response with its request: that of the stub, or what the response itself tells of it."""
    known = stub or stub_files.bare_response(method, data, datetime.now(UTC))
    return replace(known, path_params={**known.path_params, **parameters})


def _extracted(method: Method, response: Response) -> ResponseRows:
    answer = Answer(method, Capture(response.captured_at, response.parameters), response.data)
    held = (HeldDocument({}, b""),) if method.items is None else answer.documents()
    extracts = [answer.extract(each.keys, each.places) for each in held]
    rows = [
        [_named(table, row) for each in extracts for row in each.rows[place]]
        for place, table in enumerate(method.tables)
    ]
    return ResponseRows(method, rows, len(extracts))


def _named(table: Table, row: Sequence[Any]) -> dict[str, Any]:
    return {column.name: value for column, value in zip(table.columns, row, strict=True)}
