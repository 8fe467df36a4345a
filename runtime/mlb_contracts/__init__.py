"""The contract between generated code and the runtime.

Generated packages import this package and its modules `convert`, `fields`, `model` and `rows`, and nothing else from
the runtime. Importing the package loads nothing else: each name is imported when it is first used, as the commands
that need none of them start sooner.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlb_contracts.assumed import DayOfCapture, Value, YearOf, YearOfCapture
    from mlb_contracts.captures import Body, Capture, Row, Unreadable
    from mlb_contracts.errors import Rejected
    from mlb_contracts.known import KnownShape
    from mlb_contracts.methods import ByRange, ByValues, DocumentKey, Form, Items, Method, Rule, ShrinkGuard, form_of
    from mlb_contracts.sums import SumException, SumRule, SumRules, SumSide
    from mlb_contracts.tables import Check, Column, ColumnReference, DerivedColumn, OnlyFor, Partition, Table

__all__ = [
    "Body",
    "ByRange",
    "ByValues",
    "Capture",
    "Check",
    "Column",
    "ColumnReference",
    "DayOfCapture",
    "DerivedColumn",
    "DocumentKey",
    "Form",
    "Items",
    "KnownShape",
    "Method",
    "OnlyFor",
    "Partition",
    "Rejected",
    "Row",
    "Rule",
    "ShrinkGuard",
    "SumException",
    "SumRule",
    "SumRules",
    "SumSide",
    "Table",
    "Unreadable",
    "Value",
    "YearOf",
    "YearOfCapture",
    "form_of",
]

_MODULES = {
    "Body": "mlb_contracts.captures",
    "ByRange": "mlb_contracts.methods",
    "ByValues": "mlb_contracts.methods",
    "Capture": "mlb_contracts.captures",
    "Check": "mlb_contracts.tables",
    "Column": "mlb_contracts.tables",
    "ColumnReference": "mlb_contracts.tables",
    "DayOfCapture": "mlb_contracts.assumed",
    "DerivedColumn": "mlb_contracts.tables",
    "DocumentKey": "mlb_contracts.methods",
    "Form": "mlb_contracts.methods",
    "Items": "mlb_contracts.methods",
    "KnownShape": "mlb_contracts.known",
    "Method": "mlb_contracts.methods",
    "OnlyFor": "mlb_contracts.tables",
    "Partition": "mlb_contracts.tables",
    "Rejected": "mlb_contracts.errors",
    "Row": "mlb_contracts.captures",
    "Rule": "mlb_contracts.methods",
    "ShrinkGuard": "mlb_contracts.methods",
    "SumException": "mlb_contracts.sums",
    "SumRule": "mlb_contracts.sums",
    "SumRules": "mlb_contracts.sums",
    "SumSide": "mlb_contracts.sums",
    "Table": "mlb_contracts.tables",
    "Unreadable": "mlb_contracts.captures",
    "Value": "mlb_contracts.assumed",
    "YearOf": "mlb_contracts.assumed",
    "YearOfCapture": "mlb_contracts.assumed",
    "form_of": "mlb_contracts.methods",
}


def __getattr__(name: str) -> object:
    """Import a name of the contract when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The names of the contract."""
    return sorted(__all__)
