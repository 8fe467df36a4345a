"""The grammar of mappings: what can be written, and nothing derived from it.

These models are the grammar: `mlbgen schema` prints their JSON Schema, so that editors complete and check a mapping
as it is typed. All cross-checks live in `lower`.
"""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints, model_validator

from mlbgen.language.base import Paths, PathText, Scalar, Spec, Text, exactly_one
from mlbgen.language.carry import Carry, Visit

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
QueryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
_HYDRATE = r"^[A-Za-z][A-Za-z0-9_{}]*([.,][A-Za-z][A-Za-z0-9_{}]*)*$"
ForEach = Annotated[
    dict[str, Annotated[list[str], Field(min_length=1)]],
    Field(
        min_length=1,
        max_length=1,
        description="One declaration for several: {side: [home, away]} replaces {side} in every string.",
    ),
]


class DocumentKey(Spec):
    """A column that tells what a document is about; the write laws work for each value of it.

    Its value stands in the document, or is what was asked for where a response can be silent about it.
    """

    type: Text
    path: PathText | None = None
    parameter: Text | None = Field(default=None, description="A parameter of the request.")
    asked_by: list[Text] = Field(
        default=[],
        description="With items: how a request asks for documents by this key. A parameter (personIds) holds one value "
        "or several, separated by commas; two of them (startDate..endDate) hold the first and the last day.",
    )
    description: str = ""

    @model_validator(mode="after")
    def _one_source(self) -> "DocumentKey":
        exactly_one(self, "path", "parameter")
        return self


class Assumption(Spec):
    """What a request means that lacks a parameter; exactly one of them."""

    day_of_capture: Text | None = Field(
        default=None, description="The day of the capture in this time zone, such as America/New_York."
    )
    year_of: QueryName | None = Field(
        default=None, description="The year of the day in another parameter, given or assumed before."
    )

    @model_validator(mode="after")
    def _one_meaning(self) -> "Assumption":
        exactly_one(self, "day_of_capture", "year_of")
        return self


class Rule(Spec):
    """A condition that a response must meet to be accepted; exactly one of the tests."""

    rule: Text = Field(description="The rule in words, shown when a response breaks it.")
    path: PathText
    present: Literal[True] | None = None
    absent: Literal[True] | None = None
    type: Literal["string", "integer", "number", "boolean", "object", "array"] | None = None
    equals_parameter: Text | None = Field(
        default=None, description="A parameter of the request; on a path that loops, each value found must equal it."
    )

    @model_validator(mode="after")
    def _one_test(self) -> "Rule":
        exactly_one(self, "present", "absent", "type", "equals_parameter")
        return self


class ShrinkGuard(Spec):
    """When a loss of rows is suspicious."""

    share: float = Field(default=0.2, gt=0, le=1, description="Share of a document's rows that may vanish.")
    emptied_table_rows: int = Field(default=5, ge=1, description="A table with this many rows may not become empty.")
    once: list[Text] = Field(
        default=[], description="Tables; the guard applies to a document once one of them has rows of it."
    )


class Partition(Spec):
    """How a table is partitioned; the migration premakes `from` to `to`, others are created on demand."""

    column: Text
    kind: Literal["list", "month"]
    from_: int | Month | None = Field(
        default=None, alias="from", description="First value (2024) or month (2024-01) to premake."
    )
    to: int | Month | None = Field(default=None, description="Last value or month to premake.")


class TablePartition(Partition):
    """The partitioning of tables; its column is added to their keys, and so may not be NULL."""

    of: Text | None = Field(
        default=None, description="Table that has the column: tables without it copy it from there, with the same path."
    )
    foreign_keys: Literal["none"] | None = Field(
        default=None, description="With captured_at: omit foreign keys to the table, which are not possible."
    )


MethodName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,62}$")]
Url = Annotated[str, StringConstraints(pattern=r"^/")]


class Form(Spec):
    """Another URL that gives documents of the same kind; they share tables, keys and rules."""

    method: MethodName | None = Field(default=None, description="What the API calls it; as the source unless said.")
    url: Url = Field(description="Template of the request's path, such as /api/v1/seasons/{seasonId}.")
    query: list[QueryName] | None = Field(
        default=None, description="Parameters that a request may have in its query; any unless said."
    )


class Source(Spec):
    """The API method, and what a response of it holds."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,62}$")]
    method: MethodName
    url: Url = Field(description="Template of the request's path, such as /api/v1/people/{personId}.")
    description: str = ""
    raw_table: Text = Field(description="schema.table that keeps the responses byte for byte.")
    raw_partitions: Partition | None = Field(default=None, description="Months of captured_at to premake.")
    query: list[QueryName] | None = Field(
        default=None,
        description="Parameters that a request may have in its query; by default, any. A response to a request with "
        "others is refused, because it may hold only a part of the document.",
    )
    forms: list[Form] = Field(
        default=[], description="Further URLs that give documents of the same kind, under this method's one watermark."
    )
    items: dict[str, PathText] | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="{day: $.dates[*]}: each item of the list is a document by itself, and the paths of its keys and "
        "tables start with that name. Without it the whole response is one document.",
    )
    document: dict[str, DocumentKey] = Field(min_length=1)
    assume: dict[QueryName, Assumption] = Field(
        default={},
        description="Parameters that are keys of the document and that a request may lack, each with what it then "
        "means, in the order in which they build on each other.",
    )
    absent: dict[str, JsonValue] | None = Field(
        default=None,
        description="With items: what stands for a document that was asked for and is absent, such as "
        "{date: '{schedule_date}', totalItems: 0}. Without it such a document has no rows.",
    )
    accept: list[Rule] = []
    shrink_guard: ShrinkGuard = ShrinkGuard()


class Column(Spec):
    """A column, and where its value comes from.

    Exactly one of path, parameter, index_of, key_of, item_of, constant, derive, carry and origin says so.
    """

    name: Text
    type: Text
    description: Text
    path: Paths | None = None
    parameter: Text | None = Field(
        default=None, description="A parameter of the request that is a key of the document."
    )
    index_of: Text | None = Field(default=None, description="Ordinal of a level's item in its list.")
    start: int = Field(default=0, description="With index_of: the number of the first item.")
    key_of: Text | None = Field(
        default=None, description="Key of a level's item in its object, such as ID660271, or away and home."
    )
    item_of: Text | None = Field(default=None, description="The item itself, for a level over scalars.")
    constant: Scalar | None = None
    derive: Text | None = Field(
        default=None,
        description="An SQL expression over other columns of the row, such as 'balls + strikes'; the database computes "
        "it. Allowed is what checks allow: comparisons, arithmetic, AND, OR, NOT, CASE, and a few functions.",
    )
    carry: Carry | None = Field(default=None, description="A value kept from one item of a list to the next.")
    origin: Literal[True] | None = Field(default=None, description="The name of the origin that the row comes from.")
    nullable: bool = True
    default: Scalar | None = Field(
        default=None, description="Value if the response has none, or if rows of an origin lack the level."
    )
    null_if: list[str] = Field(default=[], description="Placeholders that mean no value, such as '.---'.")
    convert: Text | None = Field(default=None, description="A converter by name, such as innings_to_outs.")
    unreadable: Literal["null", "reject"] = Field(
        default="null",
        description="How to treat an unreadable value: null stores NULL and reports it; reject puts the "
        "whole response in quarantine, as always happens for keys and for columns with a default.",
    )
    renamed_from: Text | None = Field(
        default=None,
        description="What the column was called in the released tables: the next migration renames it instead of "
        "dropping one column and adding another. Has no effect after that.",
    )
    refers_to: Text | None = Field(
        default=None,
        description="Column of another table with the same values, part of that table's key, such as "
        "person.person.person_id. It is checked and documented; the database does not enforce it.",
    )
    for_each: ForEach | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "Column":
        exactly_one(self, "path", "parameter", "index_of", "key_of", "item_of", "constant", "derive", "carry", "origin")
        return self


class LookUp(Spec):
    """An object found elsewhere in the document: by its key, by a member's value, or by its index."""

    in_: PathText = Field(alias="in")
    key: Text | None = Field(default=None, description="Key in an object; 'ID{id}' inserts the item of level id.")
    where: dict[Text, Text] | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="{about.atBatIndex: at_bat}: the member equals the item of a level.",
    )
    index: Text | None = Field(default=None, description="Level whose item is the index in the list.")

    @model_validator(mode="after")
    def _one_way(self) -> "LookUp":
        exactly_one(self, "key", "where", "index")
        return self


class Origin(Spec):
    """A place that rows come from: levels below those of the table, and look-ups."""

    rows: dict[str, PathText] = Field(default={}, description="Levels below those of the table, outermost first.")
    let: dict[str, LookUp] = {}


class ForeignKey(Spec):
    columns: list[Text] = Field(min_length=1)
    references: Text


class Index(Spec):
    columns: list[Text] | None = Field(default=None, min_length=1)
    expression: Text | None = Field(default=None, description="An SQL expression over columns, instead of `columns`.")
    unique: bool = False
    where: Text | None = Field(default=None, description="An SQL condition, for a partial index.")
    using: Literal["btree", "brin"] = Field(
        default="btree", description="brin is tiny and cheap to write; it suits values that grow with the table."
    )

    @model_validator(mode="after")
    def _one_subject(self) -> "Index":
        exactly_one(self, "columns", "expression")
        return self


class Check(Spec):
    name: Text
    expression: Text = Field(description="An SQL condition over the table's columns.")
    severity: Literal["error", "warn"]


class Table(Spec):
    name: Text = Field(description="schema.table")
    description: Text
    for_each: ForEach | None = None
    hydrate: Annotated[str, StringConstraints(pattern=_HYDRATE)] | None = Field(
        default=None,
        description="A hydration, such as education, or several as in location,timezone: only answers to requests that "
        "ask for all of them, by their parameter hydrate, say anything of the rows; others leave them as they are. "
        "person.stats is the hydration that person(stats) asks for.",
    )
    rows: dict[str, PathText] = Field(
        default={},
        description="Levels, outermost first; without any, the table has one row per document. $.plays[*] yields the "
        "items of a list, $.teams.* the members of an object, $.review['away','home'] those named, and play.review "
        "the object itself if it is present.",
    )
    let: dict[str, LookUp] = {}
    visit: dict[str, Visit] = Field(
        default={}, description="Lists that only carried values look at; no rows are made from their items."
    )
    origins: dict[str, Origin] | None = Field(
        default=None,
        min_length=2,
        description="Several places that rows come from, by name: {play: {rows: {review: play.reviewDetails}}, event: "
        "...}. A column is NULL, or its default, in rows of an origin that lacks its level or path.",
    )
    duplicates: Literal["error", "first", "last"] = Field(
        default="error", description="What to do when a key repeats in a document."
    )
    primary_key: list[Text] = Field(min_length=1)
    partition_by: TablePartition | Literal["none"] | None = None
    columns: list[Column] = Field(min_length=1)
    foreign_keys: list[ForeignKey] = []
    indexes: list[Index] = []
    checks: list[Check] = []
    shrink_guard: bool = Field(
        default=True,
        description="false for lists whose rows come and go, so that losing them is not suspicious.",
    )


class Defaults(Spec):
    """What every table has unless it overrides it.

    A column with `nullable: false` is NOT NULL in those tables whose key or partitioning it belongs to.
    """

    partition_by: TablePartition | Literal["none"] = "none"
    columns: list[Column] = []
    indexes: list[Index] = []


class Ignore(Spec):
    """A path ignored on purpose, with all below it that no column takes; `$..link` is every member of that name."""

    path: Text
    reason: Text


class Mapping(Spec):
    """One API method and the tables made from its responses."""

    version: Literal[1]
    source: Source
    defaults: Defaults = Defaults()
    tables: list[Table] = Field(min_length=1)
    ignore: list[Ignore] = []
