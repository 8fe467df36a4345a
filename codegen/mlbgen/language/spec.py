"""The grammar of mappings: what can be written, and nothing derived from it.

These models are the grammar: `mlbgen schema` prints their JSON Schema, so that editors complete and check a mapping
as it is typed. All cross-checks live in `lower`.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from mlb_contracts import extensions, sql_types
from mlbgen.language.base import TYPE_NAMES, ForEach, Label, Paths, PathText, Scalar, Spec, Text, exactly_one
from mlbgen.language.carry import Carry, CarryRule, Visit
from mlbgen.language.partition import Partition, TablePartition
from mlbgen.language.responses import Assumption, DocumentKey, Form, OnlyFor, Rule, ShrinkGuard, Source
from mlbgen.language.sums import Sum, SumException, Sums, SumSide

__all__ = [
    "Assumption", "Carry", "CarryRule", "Check", "Column", "Defaults", "DocumentKey", "ForEach", "ForeignKey", "Form",
    "Ignore", "Index", "LookUp", "Mapping", "OnlyFor", "Origin", "Partition", "Rule", "Scalar", "ShrinkGuard", "Source",
    "Sum", "SumException", "SumSide", "Sums", "Table", "TablePartition", "Visit",
]  # fmt: skip

_HYDRATE = r"^[A-Za-z][A-Za-z0-9_{}]*([.,][A-Za-z][A-Za-z0-9_{}]*)*$"


def _offer_converters(schema: dict[str, Any]) -> None:
    schema["enum"] = [*sql_types.converter_names(), None]


def _offer_checks(schema: dict[str, Any]) -> None:
    """Offer what is installed; where nothing is, leave any name to `mlbgen check`."""
    if names := extensions.names(extensions.CHECKS):
        schema["enum"] = [*names, None]


class Column(Spec):
    """A column, and where its value comes from.

    Exactly one of path, parameter, index_of, key_of, item_of, constant, derive, carry and origin says so.
    """

    name: Text = Field(description="Name of the column, in snake case.")
    type: Text = Field(description="SQL type of the column.", json_schema_extra=TYPE_NAMES)
    description: Text = Field(description="What the value means; it becomes the comment in the database.")
    unit: Label | None = Field(
        default=None, description="Unit of a number, such as mph, feet or percent; for documentation only."
    )
    path: Paths | None = Field(
        default=None,
        description="Where the response has the value; of several paths the first that exists counts.",
    )
    parameter: Text | None = Field(
        default=None, description="A parameter of the request that is a key of the document."
    )
    index_of: Text | None = Field(default=None, description="Ordinal of a level's item in its list.")
    start: int = Field(default=0, description="With index_of: the number of the first item.")
    key_of: Text | None = Field(
        default=None, description="Key of a level's item in its object, such as ID660271, or away and home."
    )
    item_of: Text | None = Field(default=None, description="The item itself, for a level over scalars.")
    constant: Scalar | None = Field(default=None, description="The same value in every row.")
    derive: Text | None = Field(
        default=None,
        description="An SQL expression over other columns of the row, such as 'net + tax'; the database computes "
        "it. Allowed is what checks allow: comparisons, arithmetic, AND, OR, NOT, CASE, and a few functions.",
    )
    carry: Carry | None = Field(default=None, description="A value kept from one item of a list to the next.")
    origin: Literal[True] | None = Field(default=None, description="The name of the origin that the row comes from.")
    nullable: bool = Field(
        default=True, description="false makes it NOT NULL; a response without the value goes to quarantine."
    )
    default: Scalar | None = Field(
        default=None, description="Value if the response has none, or if rows of an origin lack the level."
    )
    null_if: list[str] = Field(default=[], description="Placeholders that mean no value, such as '.---'.")
    convert: Text | None = Field(
        default=None,
        description="A converter by name, for texts whose column type does not say how to read them.",
        json_schema_extra=_offer_converters,
    )
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
        "tracker.users.user_id. It is checked and documented; the database does not enforce it.",
    )
    for_each: ForEach | None = Field(
        default=None,
        description="Several of one declaration: {side: [home, away]} replaces {side} in every string.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> "Column":
        exactly_one(self, "path", "parameter", "index_of", "key_of", "item_of", "constant", "derive", "carry", "origin")
        return self


class LookUp(Spec):
    """An object found elsewhere in the document: by its key, by a member's value, or by its index."""

    in_: PathText = Field(alias="in", description="The list or object to look in.")
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
    let: dict[str, LookUp] = Field(default={}, description="Look-ups, as those of the table.")


class ForeignKey(Spec):
    """A reference to a row of another table of the mapping, which the database enforces."""

    columns: list[Text] = Field(min_length=1, description="Columns with the values of the other table's primary key.")
    references: Text = Field(description="The other table, as schema.table.")


class Index(Spec):
    """An index; exactly one of columns and expression says of what."""

    columns: list[Text] | None = Field(default=None, min_length=1, description="The columns, in order.")
    expression: Text | None = Field(default=None, description="An SQL expression over columns, instead of `columns`.")
    unique: bool = Field(default=False, description="Whether no two rows may have the same values.")
    where: Text | None = Field(default=None, description="An SQL condition, for a partial index.")
    using: Literal["btree", "brin"] = Field(
        default="btree", description="brin is tiny and cheap to write; it suits values that grow with the table."
    )

    @model_validator(mode="after")
    def _one_subject(self) -> "Index":
        exactly_one(self, "columns", "expression")
        return self


class Check(Spec):
    """A condition that rows must meet."""

    name: Text = Field(description="Name of the check, unique in the table.")
    expression: Text | None = Field(default=None, description="An SQL condition over the table's columns.")
    use: Text | None = Field(
        default=None,
        description="A check of an installed package, by name, over `columns`; its condition becomes the expression.",
        json_schema_extra=_offer_checks,
    )
    columns: list[Text] = Field(default=[], description="The columns that the check of `use` is about, in its order.")
    severity: Literal["error", "warn"] = Field(
        description="error: rows that break it are refused; warn: they are counted and reported."
    )

    @model_validator(mode="after")
    def _one_condition(self) -> "Check":
        exactly_one(self, "expression", "use")
        if (self.use is None) != (not self.columns):
            raise ValueError("columns belong to use, which needs them")
        return self


class Table(Spec):
    """A table, and which parts of a document its rows come from."""

    name: Text = Field(description="Schema and name, such as tracker.issues.")
    description: Text = Field(description="What a row is; it becomes the comment in the database.")
    subject: Label | None = Field(
        default=None,
        description="Heading under which documentation lists the table; as `defaults` says, or else the schema's name.",
    )
    for_each: ForEach | None = Field(
        default=None,
        description="Several of one declaration: {side: [home, away]} replaces {side} in every string.",
    )
    hydrate: Annotated[str, StringConstraints(pattern=_HYDRATE)] | None = Field(
        default=None,
        description="A hydration, such as education, or several as in location,timezone: only answers to requests that "
        "ask for all of them say anything of the rows; others leave them as they are. How requests ask for hydrations, "
        "an installed package says under mlb_etl.conventions.",
    )
    only_for: OnlyFor | None = Field(
        default=None, description="The documents that have rows in the table, such as {kind: [month]}."
    )
    rows: dict[str, PathText] = Field(
        default={},
        description="Levels, outermost first; without any, the table has one row per document. $.plays[*] yields the "
        "items of a list, $.users.* the members of an object, $.sides['left','right'] those named, and play.review "
        "the object itself if it is present.",
    )
    let: dict[str, LookUp] = Field(
        default={},
        description="Objects elsewhere in the document, each with a name that paths start with.",
    )
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
    primary_key: list[Text] = Field(
        min_length=1, description="Columns that identify a row; those of the document's key come first."
    )
    partition_by: TablePartition | Literal["none"] | None = Field(
        default=None, description="How the table is partitioned; as `defaults` says unless said."
    )
    columns: list[Column] = Field(min_length=1, description="The columns, after those of `defaults`.")
    foreign_keys: list[ForeignKey] = Field(default=[], description="References to other tables of the mapping.")
    indexes: list[Index] = Field(default=[], description="Indexes, besides those of `defaults`.")
    checks: list[Check] = Field(default=[], description="Conditions that rows must meet.")
    shrink_guard: bool = Field(
        default=True,
        description="false for lists whose rows come and go, so that losing them is not suspicious.",
    )


class Defaults(Spec):
    """What every table has unless it overrides it.

    A column with `nullable: false` is NOT NULL in those tables whose key or partitioning it belongs to.
    """

    subject: Label | None = Field(default=None, description="Heading under which documentation lists the tables.")
    partition_by: TablePartition | Literal["none"] = Field(
        default="none", description="How tables are partitioned that do not say it themselves."
    )
    columns: list[Column] = Field(default=[], description="Columns that every table starts with.")
    indexes: list[Index] = Field(default=[], description="Indexes that every table has.")


class Ignore(Spec):
    """A path ignored on purpose, with all below it that no column takes; `$..link` is every member of that name."""

    path: Text = Field(description="The path, from $, or $..name.")
    reason: Text = Field(description="Why no column takes it.")


class Mapping(Spec):
    """One API method and the tables made from its responses."""

    version: Literal[1] = Field(description="Version of the mapping language.")
    source: Source = Field(description="The API method, its requests and documents.")
    defaults: Defaults = Field(default=Defaults(), description="What every table has unless it overrides it.")
    tables: list[Table] = Field(min_length=1, description="The tables that responses fill.")
    sums: Sums | None = Field(default=None, description="Sums that have to agree across the tables of a document.")
    ignore: list[Ignore] = Field(default=[], description="Paths that no column takes, each with the reason.")
