"""A text of a mapping is read where it is lowered; what comes after looks at the IR."""

import ast
from pathlib import Path

import pytest

import mlbgen

ROOT = Path(mlbgen.__file__).parent
READERS = {
    # JSONPath; the samples' own paths are read in shape_file, and those that columns print in coverage
    "paths.parse": {"language/ignores.py", "lower/scope.py", "samples/coverage.py", "samples/shape_file.py"},
    "paths.parse_members": {"lower/carry.py", "lower/levels.py"},
    "ignores.parse": {"lower/ignored.py"},
    # SQL; renaming reads what a released schema keeps, and views are files of SQL
    "sqlglot.parse_one": {"lower/expressions.py", "postgres/renaming.py", "views/files.py"},
    "sqlglot.parse": set(),
}


def callers(function: str) -> set[str]:
    """The modules that call the function by that name."""
    return {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == function
    }


@pytest.mark.parametrize("function", READERS)
def test_paths_and_expressions_are_read_in_one_place(function: str) -> None:
    assert callers(function) == READERS[function]
