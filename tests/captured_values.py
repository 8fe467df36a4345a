"""The values of each column in all captured samples of a method."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from mlb_contracts import Capture, Method, Rejected
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import Answer
from mlb_etl.extract.extract import extract

PACKAGE = "mlb_tables"


@cache
def rows(name: str, folder: Path) -> Mapping[str, Mapping[str, frozenset[Any]]]:
    """The values of each column, by table, in all samples of a method that are not refused."""
    method = registry.method(PACKAGE, name)
    found: defaultdict[str, defaultdict[str, set[Any]]] = defaultdict(lambda: defaultdict(set))
    for extracted in _extracts(method, folder):
        for table, its in zip(method.tables, extracted, strict=True):
            for row in its:
                for column, value in zip(table.columns, row, strict=True):
                    found[table.qualified_name][column.name].add(value)
    return {table: {column: frozenset(values) for column, values in its.items()} for table, its in found.items()}


def _extracts(method: Method, folder: Path) -> Iterator[Any]:
    needed = set() if method.hydration is None else {*method.hydration.split(",")}
    for form in sorted({form.method for form in method.forms}):
        for file in stub_files.find_stubs(folder / method.endpoint / form):
            response = stub_files.parse_stub(stub_files.read_file(file))
            if response is None or not needed <= {*response.hydrations}:
                continue
            capture = Capture(datetime(2026, 1, 1, tzinfo=UTC), response.parameters)
            try:
                if method.items is None:
                    yield extract(method, capture, response.data).rows
                    continue
                answer = Answer(method, capture, response.data)
                documents = [answer.extract(each.keys, each.places).rows for each in answer.documents()]
            except Rejected:
                continue
            yield from documents
