"""What the binary COPY takes from inside psycopg, and that only versions that were tried are installed.

psycopg does not promise these parts. Before the upper bound in pyproject.toml is raised, this test and those of COPY
must pass with the new version.
"""

import ast
import inspect
import io
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import copy, errors, generators
from psycopg._copy_base import BinaryFormatter
from psycopg.pq import abc
from psycopg.types import datetime as datetimes
from psycopg.types import numeric

ROOT = Path(__file__).parents[2]
COPYING = ROOT / "runtime" / "mlb_etl" / "stores" / "postgres" / "copying.py"
IMPORTED = {
    "psycopg.generators",
    "psycopg.pq",
    "psycopg.abc.Buffer",
    "psycopg.abc.PQGen",
    "psycopg.copy.Copy",
    "psycopg.copy.FileWriter",
    "psycopg.types.datetime.DatetimeBinaryDumper",
    "psycopg.types.numeric.DecimalBinaryDumper",
}
PARTS = [
    (generators.fetch, ["pgconn"]),
    (generators.fetch_many, ["pgconn"]),
    (generators.send, ["pgconn"]),
    (generators.copy_to, ["pgconn", "buffer", "flush"]),
    (errors.error_from_result, ["result", "encoding"]),
    (psycopg.Connection.wait, ["self", "gen", "interval", "timeout"]),
    (copy.Copy.set_types, ["self", "types"]),
    (BinaryFormatter.write_row, ["self", "row"]),
    (BinaryFormatter.end, ["self"]),
    (abc.PGconn.send_query, ["self", "command"]),
    (abc.PGconn.put_copy_end, ["self", "error"]),
]


def test_the_next_minor_version_has_to_be_tried() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    [needed] = [each for each in project["dependencies"] if each.startswith("psycopg[")]
    major, minor = map(int, version("psycopg").split(".")[:2])
    assert needed.endswith(f",<{major}.{minor + 1}")


def test_copying_imports_no_other_part() -> None:
    found = set()
    for node in ast.walk(ast.parse(COPYING.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("psycopg"):
            found |= {f"{node.module}.{each.name}" for each in node.names}
    assert found == IMPORTED


@pytest.mark.parametrize(("part", "parameters"), PARTS, ids=[part.__qualname__ for part, _ in PARTS])
def test_a_private_part_is_as_it_was(part: Any, parameters: list[str]) -> None:
    found = list(inspect.signature(part).parameters)
    assert found[: len(parameters)] == parameters, "more may follow, with defaults"


@pytest.mark.parametrize("dumper", [datetimes.DatetimeBinaryDumper, numeric.DecimalBinaryDumper])
def test_a_dumper_packs_a_value_by_itself(dumper: Any) -> None:
    assert issubclass(dumper, psycopg.adapt.Dumper)
    assert list(inspect.signature(dumper).parameters) == ["cls", "context"]


def test_attributes_that_are_used(database: str) -> None:
    with psycopg.connect(database) as connection:
        assert connection.lock.acquire(blocking=False), "it is a lock, and nobody has it"
        connection.lock.release()
        made = copy.Copy(connection.cursor(), binary=True, writer=copy.FileWriter(io.BytesIO()))
        assert isinstance(made.formatter, BinaryFormatter)
