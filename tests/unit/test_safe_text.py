"""What stands in generated code is a checked name, or code that an emitter made; no text of a mapping as it came."""

import ast
import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

import pytest
from checks import some

import mlbgen
from mlbgen import python
from mlbgen.language.names import Identifier, identifier, python_name
from mlbgen.postgres import nodes
from mlbgen.python.code import Code, Names

ROOT = Path(mlbgen.__file__).parent


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
    with pytest.raises(ValueError, match="is no name in SQL"):
        nodes.name(text)
