"""docs/stores.md has each write law, by its number, with tests that are there, for each store."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "stores.md").read_text().splitlines()
    if line.startswith("| ") and not line.endswith("| PostgreSQL | Delta Lake |")
]
TEST = re.compile(r"`(test_\w+)::(test_\w+)`")


@cache
def defined_in(module: str) -> set[str]:
    [file] = (ROOT / "tests" / "integration").glob(f"{module}.py")
    return {each.name for each in ast.walk(ast.parse(file.read_text())) if isinstance(each, ast.FunctionDef)}


def test_each_law_has_a_row() -> None:
    numbers = [int(found[1]) for what, *_ in ROWS if (found := re.match(r"(\d+)\. ", what))]
    assert numbers == list(range(1, 11))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0][:30])
def test_each_store_has_tests_that_are_there(row: list[str]) -> None:
    _, postgres, lake = row
    for cell in (postgres, lake):
        named = TEST.findall(cell)
        assert named
        assert [name for module, name in named if name not in defined_in(module)] == []
