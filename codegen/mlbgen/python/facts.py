"""Facts that several generated modules state."""

from collections.abc import Iterable
from typing import assert_never

from mlbgen import ir
from mlbgen.ir.columns import item_path
from mlbgen.language.names import Identifier, identifier
from mlbgen.python.code import Code, Names, quoted, quoted_around

# Modules beside those of the tables, and names of method.py, which imports them.
_TAKEN = ("accept", "api", "convert", "document", "method", "msgspec")


def partition(declared: ir.Partition | None) -> Code:
    """The `partition=` of a table."""
    if declared is None:
        return Code("None")
    return Code(f"Partition(column={quoted(declared.column)}, kind={quoted(_kind(declared))})")


def _kind(declared: ir.Partition) -> str:
    """The kind that mlb_contracts.Partition has for it."""
    match declared:
        case ir.ListPartition():
            return "list"
        case ir.MonthPartition():
            return "month"
        case _:
            assert_never(declared)


def modules(method: ir.Method) -> tuple[Identifier, ...]:
    """The names of the tables' modules, in the tables' order."""
    names = Names(_TAKEN)
    return tuple(names.take(identifier(each.name), f"{each.schema}_{each.name}") for each in method.tables)


class Paths:
    """Constants for the paths of levels and look-ups, so that the paths of columns are short."""

    def __init__(self, table: ir.Table, taken: Iterable[str]) -> None:
        names = Names({"KEY", "TABLE", *taken})
        self._constants: dict[str, str] = {}  # by path
        self._definitions: dict[str, Code] = {}
        self._used: set[str] = set()
        variables: tuple[ir.Level | ir.LookUp, ...] = (*table.levels, *table.lookups)
        for each in variables:
            path = item_path(each)
            if path not in self._constants:
                constant = names.take(each.name.upper())
                self._definitions[constant] = Code(f"{constant} = {self.shown(path)}")
                self._constants[path] = constant

    def shown(self, path: str) -> Code:
        """The path as a literal, after the longest part that has a constant."""
        known = [each for each in self._constants if path == each or path.startswith((f"{each}.", f"{each}["))]
        if not known:
            return quoted(path)
        longest = max(known, key=len)
        constant = self._constants[longest]
        self._used.add(constant)
        return Code(constant) if path == longest else quoted_around("", constant, path[len(longest) :])

    def definitions(self) -> tuple[Code, ...]:
        """The constants that something was shown with."""
        return tuple(definition for constant, definition in self._definitions.items() if constant in self._used)
