"""The contract between generated code and the runtime.

Generated packages import this package and its modules `convert`, `fields`, `model` and `rows`, and nothing else from
the runtime.
"""

from collections.abc import Sequence

from mlb_contracts.assumed import DayOfCapture, Value, YearOf, YearOfCapture
from mlb_contracts.captures import Body, Capture, Row, Unreadable
from mlb_contracts.errors import Rejected
from mlb_contracts.known import KnownShape
from mlb_contracts.methods import ByRange, ByValues, DocumentKey, Form, Items, Method, Rule, ShrinkGuard, form_of
from mlb_contracts.sums import SumException, SumRule, SumRules, SumSide
from mlb_contracts.tables import Check, Column, ColumnReference, DerivedColumn, OnlyFor, Partition, Table

__all__: Sequence[str] = (
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
)
