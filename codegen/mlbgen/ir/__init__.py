"""The mapping, complete and resolved: the output of `lower`, and the only input of the emitters.

Frozen and made of tuples; names are checked, paths resolved against the shape, keys widened, `for_each` expanded.
"""

from dataclasses import dataclass

from mlb_contracts.assumed import Assumed
from mlb_contracts.methods import DriftPolicy
from mlb_contracts.sums import SumRules
from mlbgen.ir.carry import (
    After,
    Before,
    CarryAction,
    CarryGuard,
    CarryMoment,
    CarryRule,
    CarryValue,
    Fills,
    Replaces,
    Reset,
    SetTo,
    Visit,
)
from mlbgen.ir.documents import AskedBy, ByRange, ByValues, DocumentKey, Form, Items
from mlbgen.ir.places import (
    AtIndex,
    Container,
    KeyOf,
    Level,
    ListOf,
    LookUp,
    MapOf,
    MemberEquals,
    MembersOf,
    Reference,
    Scalar,
    Single,
    ValueType,
)
from mlbgen.ir.rules import EqualsParameter, HasType, IsAbsent, IsPresent, Rule, RuleTest, RuleType
from mlbgen.ir.tables import (
    Check,
    Column,
    ColumnIndex,
    ColumnReference,
    DerivedColumn,
    Expression,
    ExpressionIndex,
    ForeignKey,
    Index,
    ListPartition,
    MonthPartition,
    Origin,
    Partition,
    Table,
)
from mlbgen.ir.values import (
    CapturedAt,
    ConstantValue,
    IndexValue,
    IngestedAt,
    ItemValue,
    KeyValue,
    NoValue,
    OnlyFor,
    ParameterValue,
    PathValue,
    Value,
)
from mlbgen.language.diagnostics import Position
from mlbgen.language.ignores import Extent
from mlbgen.language.names import SqlName

__all__ = [
    "DOCUMENTS_SUFFIX",
    "After",
    "AskedBy",
    "AtIndex",
    "Before",
    "ByRange",
    "ByValues",
    "CapturedAt",
    "CarryAction",
    "CarryGuard",
    "CarryMoment",
    "CarryRule",
    "CarryValue",
    "Check",
    "Column",
    "ColumnIndex",
    "ColumnReference",
    "ConstantValue",
    "Container",
    "DerivedColumn",
    "DocumentKey",
    "EqualsParameter",
    "Expression",
    "ExpressionIndex",
    "Fills",
    "ForeignKey",
    "Form",
    "HasType",
    "Ignored",
    "Index",
    "IndexValue",
    "IngestedAt",
    "IsAbsent",
    "IsPresent",
    "ItemValue",
    "Items",
    "KeyOf",
    "KeyValue",
    "Level",
    "ListOf",
    "ListPartition",
    "LookUp",
    "MapOf",
    "MemberEquals",
    "MembersOf",
    "Method",
    "MonthPartition",
    "NoValue",
    "OnlyFor",
    "Origin",
    "ParameterValue",
    "Partition",
    "PathValue",
    "RawTable",
    "Reference",
    "Replaces",
    "Reset",
    "Rule",
    "RuleTest",
    "RuleType",
    "Scalar",
    "SetTo",
    "ShrinkGuard",
    "Single",
    "Table",
    "Value",
    "ValueType",
    "Visit",
]

DOCUMENTS_SUFFIX = "_documents"


@dataclass(frozen=True, slots=True)
class RawTable:
    """An append-only table of the responses as received; its documents table lists the documents they hold."""

    schema: SqlName
    name: SqlName
    partition: Partition

    @property
    def documents(self) -> SqlName:
        """The name of the documents table, in the same schema."""
        return SqlName(f"{self.name}{DOCUMENTS_SUFFIX}")


@dataclass(frozen=True, slots=True)
class ShrinkGuard:
    """The guard applies once one of the tables in `once` has rows, or always if it is empty."""

    share: float
    emptied_table_rows: int
    once: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of the response that is ignored, with the reason."""

    extent: Extent
    reason: str


@dataclass(frozen=True, slots=True)
class Method:
    """One API method: its documents and the tables filled from them, parents before children.

    `url` and `query` are those of its first form. Without `items` each response is one document. `assumed` says what a
    request means where it lacks a parameter. `drift` says what to do with captures that differ from the samples, and
    `sums` what has to agree across the tables.
    """

    endpoint: str
    method: str
    url: str
    description: str
    mapping_file: str
    raw_table: RawTable
    query: tuple[str, ...] | None
    document: tuple[DocumentKey, ...]
    rules: tuple[Rule, ...]
    shrink_guard: ShrinkGuard
    tables: tuple[Table, ...]
    ignored: tuple[Ignored, ...]
    fingerprint: str
    position: Position
    items: Items | None = None
    other_forms: tuple[Form, ...] = ()
    hydration: str | None = None
    assumed: tuple[tuple[str, Assumed], ...] = ()
    drift: DriftPolicy = "report"
    sums: SumRules | None = None

    @property
    def name(self) -> str:
        """Endpoint and method, such as `game.liveGameV1`, and the hydration that fills its tables, if any."""
        return f"{self.endpoint}.{self.method}{'' if self.hydration is None else f':{self.hydration}'}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """All forms of the method, its own first."""
        return (Form(self.method, self.url, self.query), *self.other_forms)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The API's names for its other forms, such as `season.allSeasons`."""
        names = dict.fromkeys(form.method for form in self.other_forms)
        return tuple(f"{self.endpoint}.{name}" for name in names if name != self.method)
