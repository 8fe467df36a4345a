"""Generated code holds checked names and code that an emitter wrote, never a text of a mapping as it came."""

import ast
import dataclasses
import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
import unmeasured
from checks import some

import mlbgen
from mlbgen import python
from mlbgen.language.names import Identifier, SqlName, identifier, python_name
from mlbgen.lower import naming
from mlbgen.lower.report import Report
from mlbgen.python.code import Code, Names

ROOT = Path(mlbgen.__file__).parent
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
# What an emitter may and may not do with `text`, which came from a mapping.
RIGHT = (
    "nodes.name(SqlName(text))",
    "nodes.table(relation.schema, relation.name)",
    "nodes.columns(table.primary_key)",
    "alter.schema_drop(SqlName(text))",
)
WRONG = (
    "nodes.name(text)",
    "nodes.column(text)",
    "nodes.columns([text])",
    "nodes.table(text, None)",
    "nodes.table(table.schema, f'{table.name}_{text}')",
    "ddl.schema(text)",
    "alter.schema_drop(text)",
    "replace(relation, schema=text)",
    "Field(text, 'text', nullable=True, description='')",
    "ir.ListPartition(text, ())",
)
IMPORTS = """
from dataclasses import replace

from mlbgen import ir
from mlbgen.language.names import Identifier, SqlName
from mlbgen.postgres import alter, ddl, nodes
from mlbgen.postgres.relation import Field, Relation


def emit(text: str, name: Identifier, relation: Relation, table: ir.Table) -> None:
"""


def contexts() -> Iterator[type]:
    """What emitters of Python give to templates."""
    for each in pkgutil.iter_modules(python.__path__):
        found = getattr(importlib.import_module(f"mlbgen.python.{each.name}"), "_Context", None)
        if found is not None:
            yield found


def leaves(annotation: Any) -> Iterator[Any]:
    """The types that an annotation is made of; of a dataclass those of its fields."""
    if dataclasses.is_dataclass(annotation):
        for each in get_type_hints(annotation).values():
            yield from leaves(each)
    elif inner := get_args(annotation):
        for each in inner:
            yield from leaves(each)
    else:
        yield annotation


def test_templates_of_python_get_checked_names_and_code_only() -> None:
    for context in some(contexts()):
        assert {*leaves(context)} <= {Code, Identifier, bool, NoneType, ...}, context.__module__


def test_names_in_python_are_made_in_one_place() -> None:
    makers = {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Identifier"
    }
    assert makers == {"language/names.py"}


@pytest.mark.parametrize("text", ["", "a b", "a-b", "1a", "class", "a\n", "a;import os", "a.b", "x=1"])
def test_what_is_no_name_in_python_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no name in Python"):
        python_name(text)
    with pytest.raises(ValueError, match="is no name in Python"):
        Names().take(text)
    assert identifier(text).isidentifier()


@pytest.mark.parametrize("text", ["", "a b", 'a"b', "A", "1a", "a;drop", "é", "x" * 64])
def test_what_is_no_name_in_sql_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a name in SQL"):
        SqlName(text)


def test_a_name_that_nothing_reported_has_no_stand_in() -> None:
    report = Report()
    with pytest.raises(ValueError, match="is not a name in SQL"):
        naming.sql_name(report, "a b")
    report.count = 1
    assert naming.sql_name(report, "a b") == naming.sql_name(report, "a b") != naming.sql_name(report, "a-b")
    assert naming.sql_name(report, "a_b") == "a_b"


def test_mypy_refuses_text_that_was_not_checked(tmp_path: Path) -> None:
    module = tmp_path / "emitter" / "__init__.py"
    module.parent.mkdir()
    module.write_text(IMPORTS + "".join(f"    {each}\n" for each in (*RIGHT, *WRONG)))
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(PYPROJECT), "-p", "emitter"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**unmeasured.environment(), "MYPYPATH": str(tmp_path)},
    )
    lines = module.read_text().splitlines()
    refused = {lines[int(number) - 1].strip() for number in re.findall(r"emitter/__init__.py:(\d+): error", run.stdout)}
    assert refused == {*WRONG}, run.stdout + run.stderr
