"""Values that refer to code tables (`refers_to`), over all captured samples: the code table has them, but for some."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mlb_contracts import Capture, Method, Rejected
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import Answer
from mlb_etl.extract.extract import extract

PACKAGE = "mlb_tables"
METHODS = [registry.method(PACKAGE, name) for name in registry.methods(PACKAGE)]
CODES = (
    "config.game_status.status_code",
    "config.game_type.game_type",
    "division.division.division_id",
    "league.league.league_id",
    "sports.sport.sport_id",
)
_MINOR = "109 110 111 112 113 116 118 119 121 122 123 124 125 128 130 135 159 160 565 6006"
EXCEPTIONS: Mapping[str, frozenset[int]] = {"league.league.league_id": frozenset(map(int, _MINOR.split()))}
"""Values that the captured code table lacks: it was asked for the leagues of Major League Baseball only."""


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


@pytest.mark.parametrize("code", CODES)
def test_the_code_table_has_the_values_that_refer_to_it(code: str, stubs_dir: Path) -> None:
    table, _, column = code.rpartition(".")
    (owner,) = (method for method in METHODS if any(each.qualified_name == table for each in method.tables))
    known = rows(owner.name, stubs_dir)[table][column]
    referring = [
        (method, each, one)
        for method in METHODS
        for each in method.tables
        for one in each.columns
        if one.refers_to is not None and f"{one.refers_to.table}.{one.refers_to.column}" == code
    ]
    assert referring, "some column refers to it"
    lacking = (
        {
            value
            for method, each, one in referring
            for value in rows(method.name, stubs_dir).get(each.qualified_name, {}).get(one.name, frozenset())
        }
        - known
        - {None}
    )
    assert lacking <= EXCEPTIONS.get(code, frozenset())
