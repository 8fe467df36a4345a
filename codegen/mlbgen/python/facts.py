"""Facts that several generated modules share."""

from collections.abc import Iterable
from typing import assert_never

from mlbgen import ir
from mlbgen.ir.columns import item_path
from mlbgen.language.names import Identifier, identifier
from mlbgen.python.code import Code, Names, quoted, quoted_around

# Other modules of the package, and names in method.py, which imports the tables' modules.
_TAKEN = ("accept", "api", "convert", "document", "known", "method", "msgspec", "sums")


def partition_fact(declared: ir.Partition | None) -> Code:
    """The `partition=` of a table."""
    if declared is None:
        return Code("None")
    return Code(f"Partition(column={quoted(declared.column)}, kind={quoted(_kind(declared))})")


def only_for_fact(declared: ir.OnlyFor) -> Code:
    """The `only_for=` of a table or a document key."""
    return Code(f"OnlyFor({quoted(declared.key)}, {quoted(declared.among)})")


def _kind(declared: ir.Partition) -> str:
    """The kind of partitioning in mlb_contracts.Partition."""
    match declared:
        case ir.ListPartition():
            return "list"
        case ir.MonthPartition():
            return "month"
        case _:
            assert_never(declared)


def modules(method: ir.Method) -> tuple[Identifier, ...]:
    """The names of the tables' modules, in the order of the tables."""
    names = Names(_TAKEN)
    return tuple(names.take(identifier(each.name), f"{each.schema}_{each.name}") for each in method.tables)


class Paths:
    """Constants for the paths of levels and look-ups, which shorten the paths of columns."""

    def __init__(self, table: ir.Table, taken: Iterable[str]) -> None:
        names = Names({"KEY", "TABLE", *taken})
        self._constants: dict[str, str] = {}  # by path
        self._definitions: dict[str, Code] = {}
        self._used: set[str] = set()
        for origin in table.origins:
            levels: tuple[ir.Level | ir.LookUp, ...] = (*origin.levels, *origin.lookups)
            for each in levels:
                self._add(names, each, f"{origin.name}_{each.name}" if origin.name else each.name)

    def _add(self, names: Names, each: ir.Level | ir.LookUp, longer: str) -> None:
        path = item_path(each)
        if path not in self._constants:
            constant = names.take(each.name.upper(), longer.upper())
            self._definitions[constant] = Code(f"{constant} = {self.shown(path)}")
            self._constants[path] = constant

    def shown(self, path: str) -> Code:
        """The path as a literal, starting with the longest constant that is a prefix of it."""
        known = [each for each in self._constants if path == each or path.startswith((f"{each}.", f"{each}["))]
        if not known:
            return quoted(path)
        longest = max(known, key=len)
        constant = self._constants[longest]
        self._used.add(constant)
        return Code(constant) if path == longest else quoted_around("", constant, path[len(longest) :])

    def definitions(self) -> tuple[Code, ...]:
        """The definitions of the constants that were used."""
        return tuple(definition for constant, definition in self._definitions.items() if constant in self._used)
