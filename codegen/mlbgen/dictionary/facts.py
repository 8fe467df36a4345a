"""The dictionary of a project as plain values: the content of its JSON, from which all other forms are made."""

from dataclasses import dataclass
from typing import Literal

VERSION = 1
"""Of the form. A field that is added leaves it; one that changes its meaning or goes raises it."""

SourceKind = Literal[
    "path", "parameter", "index", "key", "item", "constant", "carried", "derived", "none", "captured_at", "ingested_at"
]
Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where a column's value comes from, in the rows of one origin, or of all if `origin` is empty.

    `paths` are the places in the response, of which the first that has a value counts; of a carried value all that
    decide about it. `converters` read texts there that the column's type can't read by itself. `text` is the name of a
    request's parameter, a constant, the number that an index starts with, or the SQL expression of a derived column.
    """

    kind: SourceKind
    paths: tuple[str, ...] = ()
    converters: tuple[str, ...] = ()
    text: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """A column of a table. `refers_to` is `schema.table.column` and is not enforced."""

    name: str
    type: str
    unit: str | None
    nullable: bool
    key: bool
    description: str
    sources: tuple[Source, ...]
    default: Value | None = None
    null_if: tuple[str, ...] = ()
    unreadable: Literal["null", "reject"] = "null"
    refers_to: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A reference from columns of a table to those of another; the database enforces foreign keys only."""

    columns: tuple[str, ...]
    table: str
    references: tuple[str, ...]
    enforced: bool


@dataclass(frozen=True, slots=True)
class CheckFacts:
    """A condition in SQL. `error` puts a document that breaks it in quarantine, `warn` is counted."""

    name: str
    condition: str
    severity: Literal["error", "warn"]


@dataclass(frozen=True, slots=True)
class RowSource:
    """A place that rows come from: one for each item at `path` that meets `where`, which concerns the path's items.

    Conditions of outer lists precede, each with its path. Without any path there is one row for each document.
    """

    path: str | None
    where: tuple[str, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """How many rows the documents of the project's samples give."""

    documents: int
    least: int
    median: int
    most: int


@dataclass(frozen=True, slots=True)
class PartitionFacts:
    """The column that partitions a table: one partition for each value (`list`) or calendar month (`month`)."""

    column: str
    kind: Literal["list", "month"]


@dataclass(frozen=True, slots=True)
class TableFacts:
    """A table; `example` is a query of it in PostgreSQL.

    `document` has the columns that identify the document that a row is of. `hydration`: only answers to requests that
    ask for it fill the table. `only_for`: a key of the document, and the values whose documents have rows.
    """

    name: str
    subject: str
    description: str
    response: str
    document: tuple[str, ...]
    primary_key: tuple[str, ...]
    columns: tuple[ColumnFacts, ...]
    links: tuple[Link, ...]
    rows: tuple[RowSource, ...]
    example: str
    measured: Measured | None = None
    partition: PartitionFacts | None = None
    checks: tuple[CheckFacts, ...] = ()
    hydration: str | None = None
    only_for: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True)
class ViewColumnFacts:
    """A column of a view: the columns of tables that its value is computed from, and their places in responses.

    A parameter of the request stands for a place as `parameter NAME`. `type` is told where it follows from the types of
    columns, and else None.
    """

    name: str
    description: str
    columns: tuple[str, ...]
    paths: tuple[str, ...]
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """A view. A materialized one has a unique `key`. `reads` has the tables and views that its query names."""

    name: str
    description: str
    materialized: bool
    key: tuple[str, ...]
    columns: tuple[ViewColumnFacts, ...]
    reads: tuple[str, ...]
    example: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A leaf of the responses, how often samples have it, and its columns, or the reason why it has none."""

    path: str
    count: int
    columns: tuple[str, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A key that identifies a document, and the parameter or the place in the response that has it."""

    name: str
    type: str
    description: str
    source: str


@dataclass(frozen=True, slots=True)
class ResponseFacts:
    """A method of the API: how it is requested, which tables it fills, and what becomes of each place."""

    name: str
    description: str
    urls: tuple[str, ...]
    mapping: str
    raw_table: str
    document: tuple[KeyFacts, ...]
    documents: str | None
    tables: tuple[str, ...]
    places: tuple[PlaceFacts, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """Tables that documentation shows together."""

    name: str
    tables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All tables, views and responses of a project, each by name."""

    version: int
    subjects: tuple[Subject, ...]
    tables: tuple[TableFacts, ...]
    views: tuple[ViewFacts, ...]
    responses: tuple[ResponseFacts, ...]
