"""The mapping, complete and decided: what `lower` makes of the YAML and the API's shape, and all that emitters see.

Frozen and made of tuples; names are checked, paths resolved against the shape, keys widened, `for_each` expanded.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from mlb_contracts import jsonpath
from mlb_contracts.jsonpath import Step, Steps
from mlb_contracts.sql_types import SqlType
from mlbgen.language.diagnostics import Position
from mlbgen.language.ignores import Extent
from mlbgen.language.paths import Condition

ValueType = Literal["string", "integer", "number", "boolean", "object", "array", "map", "any"]
RuleType = Literal["string", "integer", "number", "boolean", "object", "array"]
Scalar = str | int | float | bool

DOCUMENTS_SUFFIX = "_documents"
_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in the document: a variable (`$`, a level, a look-up) and the members to walk from it.

    `$` is the document, which can be an item of the response. `path` is the whole way through the response, such as
    `$.liveData.plays.allPlays[*].about.atBatIndex`; maps are walked by `.*`.
    """

    root: str
    members: tuple[str, ...]
    path: str
    type: ValueType


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list: its items have an order."""

    item: ValueType


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose members are keyed by id: its items have keys."""

    item: ValueType


Container: TypeAlias = ListOf | MapOf


@dataclass(frozen=True, slots=True)
class Level:
    """A loop over the list or the map at `source`."""

    name: str
    source: Reference
    container: Container
    where: Condition | None


@dataclass(frozen=True, slots=True)
class KeyOf:
    """The key `prefix + item of level + suffix` of a map."""

    prefix: str
    level: str
    suffix: str


@dataclass(frozen=True, slots=True)
class MemberEquals:
    """The list's first item whose member equals the item of a level."""

    members: tuple[str, ...]
    level: str


@dataclass(frozen=True, slots=True)
class AtIndex:
    """The list's item at the index that is the item of a level."""

    level: str


@dataclass(frozen=True, slots=True)
class LookUp:
    """An object found elsewhere: `source` is the map or list; by what is `by`."""

    name: str
    source: Reference
    by: KeyOf | MemberEquals | AtIndex


@dataclass(frozen=True, slots=True)
class PathValue:
    """The first of the references that is there."""

    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter of the request, in its path or its query: a text."""

    name: str


@dataclass(frozen=True, slots=True)
class IndexValue:
    level: str
    start: int


@dataclass(frozen=True, slots=True)
class KeyValue:
    level: str


@dataclass(frozen=True, slots=True)
class ItemValue:
    """The scalar that a level yields; `type` as in the response."""

    level: str
    type: ValueType
    path: str


@dataclass(frozen=True, slots=True)
class ConstantValue:
    value: Scalar


@dataclass(frozen=True, slots=True)
class CapturedAt:
    """When the request was made."""


@dataclass(frozen=True, slots=True)
class IngestedAt:
    """When the row was written; the database's default, never sent."""


Value: TypeAlias = (
    PathValue | ParameterValue | IndexValue | KeyValue | ItemValue | ConstantValue | CapturedAt | IngestedAt
)


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: SqlType
    value: Value
    nullable: bool
    description: str
    position: Position
    default: Scalar | None = None
    null_if: tuple[str, ...] = ()
    convert: str | None = None
    unreadable: Literal["null", "reject"] = "null"


@dataclass(frozen=True, slots=True)
class ListPartition:
    """One partition a value; the migration makes those of `values`."""

    column: str
    values: tuple[int, ...]

    @property
    def ahead(self) -> tuple[int, ...]:
        """What the migration makes partitions of."""
        return self.values


@dataclass(frozen=True, slots=True)
class MonthPartition:
    """One partition a calendar month (UTC); the migration makes those of `months`, such as "2024-01"."""

    column: str
    months: tuple[str, ...]

    @property
    def ahead(self) -> tuple[str, ...]:
        """What the migration makes partitions of."""
        return self.months


Partition: TypeAlias = ListPartition | MonthPartition


@dataclass(frozen=True, slots=True)
class ForeignKey:
    name: str
    columns: tuple[str, ...]
    schema: str
    table: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expression:
    """An SQL expression that lowering has read, held to what is safe, and written anew; `columns` are what it names."""

    sql: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ColumnIndex:
    """Over columns; `where` makes it partial, `using` is how PostgreSQL keeps it."""

    name: str
    columns: tuple[str, ...]
    where: Expression | None
    unique: bool
    using: Literal["btree", "brin"] = "btree"


@dataclass(frozen=True, slots=True)
class ExpressionIndex:
    """Over the value of an expression; else as ColumnIndex."""

    name: str
    expression: Expression
    where: Expression | None
    unique: bool
    using: Literal["btree", "brin"] = "btree"


Index: TypeAlias = ColumnIndex | ExpressionIndex


@dataclass(frozen=True, slots=True)
class Check:
    """A condition that rows meet."""

    name: str
    condition: Expression
    severity: Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` in their order in the database; captured_at and ingested_at are the last two.

    `identity` is what makes a row the same one in another capture: the primary key, but for a column that widens it and
    can change. `guarded`: a loss of its rows is suspicious. With `hydration` only answers that were asked for it count.
    """

    schema: str
    name: str
    description: str
    levels: tuple[Level, ...]
    lookups: tuple[LookUp, ...]
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    identity: tuple[str, ...]
    duplicates: Literal["error", "first", "last"]
    partition: Partition | None
    foreign_keys: tuple[ForeignKey, ...]
    indexes: tuple[Index, ...]
    checks: tuple[Check, ...]
    guarded: bool
    position: Position
    hydration: str | None = None


@dataclass(frozen=True, slots=True)
class ByValues:
    """A parameter that asks for documents by one value of a key, or by several."""

    parameter: str


@dataclass(frozen=True, slots=True)
class ByRange:
    """Two parameters that ask for the documents of all days from one to the other."""

    first: str
    last: str


AskedBy: TypeAlias = ByValues | ByRange


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """What a document is about; a path's value has one reference, from `$`."""

    name: str
    type: SqlType
    value: PathValue | ParameterValue
    description: str
    asked_by: tuple[AskedBy, ...] = ()


@dataclass(frozen=True, slots=True)
class Items:
    """Each item of the list at `source` is a document; `absent` is the JSON of one that was asked for in vain.

    In it `{name}` stands for the document's key of that name.
    """

    source: Reference
    absent: str | None

    @property
    def steps(self) -> Steps:
        """The way to the items from the response's root."""
        return (*self.source.members, Step.ITEM)

    @property
    def path(self) -> str:
        """The path of the items: `$.dates[*]`."""
        return jsonpath.below("$", self.steps)


@dataclass(frozen=True, slots=True)
class IsPresent:
    """Something is there that is not null."""


@dataclass(frozen=True, slots=True)
class IsAbsent:
    """Nothing is there but null."""


@dataclass(frozen=True, slots=True)
class HasType:
    """What is there has the JSON type."""

    type: RuleType


@dataclass(frozen=True, slots=True)
class EqualsParameter:
    """What is there is the parameter of the request, as a text."""

    name: str


RuleTest: TypeAlias = IsPresent | IsAbsent | HasType | EqualsParameter


@dataclass(frozen=True, slots=True)
class Rule:
    """A test of the response before anything is made of it, at the place that `steps` lead to from its root."""

    text: str
    steps: Steps
    test: RuleTest

    @property
    def path(self) -> str:
        """The place in full from `$`."""
        return jsonpath.below("$", self.steps)

    @property
    def loops(self) -> bool:
        """Whether the path leads to several places."""
        return any(isinstance(step, Step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class RawTable:
    """Append-only: the responses as they came, and in a table beside it which documents they hold."""

    schema: str
    name: str
    partition: Partition

    @property
    def documents(self) -> str:
        """The name of the table beside it, in the same schema."""
        return f"{self.name}{DOCUMENTS_SUFFIX}"


@dataclass(frozen=True, slots=True)
class ShrinkGuard:
    """`once` are the tables of which one has to have rows before the guard holds; without any it always does."""

    share: float
    emptied_table_rows: int
    once: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """A part of the response that is left out on purpose, and why."""

    extent: Extent
    reason: str


@dataclass(frozen=True, slots=True)
class Form:
    """A URL that gives documents of a method, under a name of the API that may be another than the method's.

    `query` are the parameters that a request may have beside those of its URL; None for any.
    """

    method: str
    url: str
    query: tuple[str, ...] | None

    @property
    def path_parameters(self) -> frozenset[str]:
        """The parameters in the URL."""
        return frozenset(_PARAMETER.findall(self.url))


@dataclass(frozen=True, slots=True)
class Method:
    """One API method: its documents and the tables made from them, parents before children.

    `url` and `query` are those of its first form. Without `items` each response is one document.
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

    @property
    def name(self) -> str:
        """Endpoint and method, such as `game.liveGameV1`, and the hydration that its tables are of."""
        return f"{self.endpoint}.{self.method}{'' if self.hydration is None else f':{self.hydration}'}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """The URLs that give its documents, its own first."""
        return (Form(self.method, self.url, self.query), *self.other_forms)

    @property
    def aliases(self) -> tuple[str, ...]:
        """The names of the API for its other forms, such as `season.allSeasons`."""
        names = dict.fromkeys(form.method for form in self.other_forms)
        return tuple(f"{self.endpoint}.{name}" for name in names if name != self.method)
