"""What generated code and the runtime agree on.

Generated packages import this and its modules `convert`, `fields`, `responses` and `rows`, and nothing else of the
runtime.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from mlb_contracts.errors import Rejected

_PARAMETER = re.compile(r"\{(\w+)\}")

DOCUMENTS = "_documents"
"""What the name of a documents table has behind that of its raw table."""

Row = tuple[Any, ...]
Body = bytes | bytearray | memoryview
# Is told of a value that can't be read: the path as columns state it, the value, and what was expected.
Unreadable = Callable[[str, object, str], None]


@dataclass(frozen=True, slots=True)
class Capture:
    """What is known of one response besides its body.

    `captured_at` is the time whose state it shows (UTC): when it was asked for, or the past time that it was asked of.
    `parameters` are those of the request, in its path and in its query. `unreadable` is told of the values that
    optional columns can't take, which become NULL; without it they raise errors.Rejected, as those of other columns do.
    """

    captured_at: datetime
    parameters: Mapping[str, str]
    unreadable: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column as it is sent: `wire` is its type in binary COPY.

    `paths` tell where in a response it comes from, or of which parameter of the request.
    """

    name: str
    type: str
    wire: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Partition:
    """How a table is partitioned; `kind` list has one partition a value, month one a calendar month (UTC)."""

    column: str
    kind: Literal["list", "month"]


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on `columns`, as an expression of the mapping with quoted names.

    A row that breaks it is refused (error), or counted and told of (warn).
    """

    name: str
    columns: tuple[str, ...]
    expression: str
    severity: Literal["error", "warn"]


@dataclass(frozen=True, slots=True, repr=False)
class Table:
    """One table: its facts, and the function that makes its rows. A store composes its statements of them.

    `columns` are those that rows hold, in their order; ingested_at is the store's own. `identity` is what makes a row
    the same one in another capture: the primary key, but for the column of a month that widens it. `guarded`: the
    shrink guard watches over its rows.
    """

    schema: str
    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    identity: tuple[str, ...]
    partition: Partition | None
    checks: tuple[Check, ...]
    guarded: bool
    extract: Callable[[Any, Capture], list[Row]]

    def __repr__(self) -> str:
        return f"Table({self.qualified_name!r})"

    @property
    def qualified_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def rows_move(self) -> bool:
        """Whether a row can move to another partition, so that its primary key does not tell which rows are one."""
        return {*self.identity} != {*self.primary_key}


@dataclass(frozen=True, slots=True)
class ByValues:
    """A parameter of a request that asks for documents by their key: one value, or several separated by commas."""

    parameter: str


@dataclass(frozen=True, slots=True)
class ByRange:
    """Two parameters of a request that ask for all days from one to the other, both included."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """A column that tells what a document is about.

    `read` takes it from a decoded document, or from the `parameter` of the request; None where it is missing.
    `asked_by` are the ways in which a request can ask for documents by this key.
    """

    name: str
    type: str
    read: Callable[[Any, Capture], Any]
    path: str | None = None
    parameter: str | None = None
    asked_by: tuple[ByValues | ByRange, ...] = ()

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return self.path or f"parameter {self.parameter}"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a response must be to be accepted.

    `path` and `argument` are as in the mapping: the rule can be tested on plain JSON, to explain a response that can't
    be decoded.
    """

    text: str
    path: str
    kind: Literal["present", "absent", "type", "equals_parameter"]
    argument: str | None


@dataclass(frozen=True, slots=True)
class Form:
    """A URL that gives documents of a method, under a method name of the API that may be another.

    `query` are the parameters that a request may have in its query, None for any.
    """

    method: str
    url: str
    query: tuple[str, ...] | None

    @property
    def path_parameters(self) -> frozenset[str]:
        """The parameters in the URL."""
        return frozenset(_PARAMETER.findall(self.url))

    def unknown(self, parameters: Iterable[str]) -> list[str]:
        """Parameters with which the answer may have only a part of a document."""
        return [] if self.query is None else sorted({*parameters} - self.path_parameters - {*self.query})


@dataclass(frozen=True, slots=True)
class Items:
    """How an answer holds several documents: each item of the list at `path` is one, and is decoded by itself.

    `decode` reads the answer as far as `accept`, which holds its rules, and `each`, which gives the items' own bytes,
    need it; it raises as Method.decode does. `absent` is the JSON that stands for a document which was asked for and is
    absent, with its keys in braces; None where such a document has no rows.
    """

    path: str
    answer_type: Any
    decode: Callable[[Body], Any]
    accept: Callable[[Any, Capture], None]
    each: Callable[[Any], Sequence[Body]]
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class ShrinkGuard:
    """When a loss of rows is suspicious.

    That is, when a capture deletes more than `share` of a document's rows, or empties a table of `emptied_table_rows`;
    counting the rows of guarded tables, once one of the tables `once` has any, if such are named.
    """

    share: float
    emptied_table_rows: int
    once: tuple[str, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Method:
    """One method of the API: how to decode a response, and the tables made from it, parents before children.

    `decode` raises msgspec.DecodeError for what is no JSON and msgspec.ValidationError for JSON of another shape.
    `accept` raises errors.Rejected for a decoded response that breaks a rule. With `items` all of them are about one
    item. `other_forms` are further URLs that give such documents. With `hydration` the tables are filled only from
    answers whose request asked for it. `query` are the parameters that a request may have in its query, None for any.
    `required` are the paths that must be readable for the document to be applied: of keys, levels, look-ups, filters
    and rules, and of columns that may not be NULL. `fingerprint` changes with the mapping's meaning.
    """

    endpoint: str
    method: str
    url: str
    query: tuple[str, ...] | None
    raw_schema: str
    raw_table: str
    raw_partition: Partition
    document: tuple[DocumentKey, ...]
    required: tuple[str, ...]
    rules: tuple[Rule, ...]
    shrink_guard: ShrinkGuard
    tables: tuple[Table, ...]
    document_type: type[Any]
    decode: Callable[[Body], Any]
    accept: Callable[[Any, Capture], None]
    fingerprint: str
    other_forms: tuple[Form, ...] = ()
    items: Items | None = None
    hydration: str | None = None

    def __repr__(self) -> str:
        return f"Method({self.name!r})"

    @property
    def name(self) -> str:
        hydration = "" if self.hydration is None else f":{self.hydration}"
        return f"{self.endpoint}.{self.method}{hydration}"

    @property
    def forms(self) -> tuple[Form, ...]:
        """The URLs that give its documents, its own first."""
        return (Form(self.method, self.url, self.query), *self.other_forms)

    @property
    def key_parameters(self) -> frozenset[str]:
        """The parameters that say what the response is about, where it does not itself."""
        return frozenset(key.parameter for key in self.document if key.parameter is not None)

    def form(self, parameters: Collection[str]) -> Form | None:
        """The first form that a request with these parameters can have; None where none knows them all.

        Of a recorded request the parameters in the URL may be missing: a form that has them all is preferred.
        """
        possible = [form for form in self.forms if not form.unknown(parameters)]
        whole = (form for form in possible if form.path_parameters <= {*parameters})
        return next(whole, possible[0] if possible else None)

    def unknown(self, parameters: Collection[str]) -> list[str]:
        """Parameters that no form knows, of the form that knows most of them; none where `form` finds one."""
        return min((form.unknown(parameters) for form in self.forms), key=len)

    @property
    def documents_table(self) -> str:
        """The table beside the raw table that says which documents each capture holds."""
        return f"{self.raw_table}{DOCUMENTS}"

    @property
    def qualified_raw_table(self) -> str:
        return f"{self.raw_schema}.{self.raw_table}"


__all__: Sequence[str] = (
    "Body",
    "ByRange",
    "ByValues",
    "Capture",
    "Check",
    "Column",
    "DocumentKey",
    "Form",
    "Items",
    "Method",
    "Partition",
    "Rejected",
    "Row",
    "Rule",
    "ShrinkGuard",
    "Table",
    "Unreadable",
)
