"""The grammar of `source`: requests, the documents in their responses, and which responses are accepted."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints, model_validator

from mlbgen.language.base import TYPE_NAMES, PathText, Scalar, Spec, Text, exactly_one
from mlbgen.language.partition import Partition

QueryName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
MethodName = Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,62}$")]
Url = Annotated[str, StringConstraints(pattern=r"^/")]


OnlyFor = Annotated[dict[Text, Annotated[list[Text], Field(min_length=1)]], Field(min_length=1, max_length=1)]


class DocumentKey(Spec):
    """A column that tells what a document is about; the write laws work for each value of it.

    Its value stands in the document, or is what was asked for where a response can be silent about it.
    """

    type: Text = Field(description="SQL type of the key.", json_schema_extra=TYPE_NAMES)
    path: PathText | None = Field(default=None, description="Where the document has it, such as $.id or day.date.")
    parameter: Text | None = Field(default=None, description="A parameter of the request.")
    asked_by: list[Text] = Field(
        default=[],
        description="With items: how a request asks for documents by this key. A parameter (personIds) holds one value "
        "or several, separated by commas; two of them (startDate..endDate) hold the first and the last day.",
    )
    values: list[Text] = Field(
        default=[],
        description="With `items`: the values that this key may have; items with another value are not documents of "
        "this mapping, and are left out.",
    )
    default: Scalar | None = Field(
        default=None,
        description="Value if the document has none, or if only_for says that the parameter does not concern it.",
    )
    only_for: OnlyFor | None = Field(
        default=None,
        description="With items: the documents that the parameter concerns, such as {kind: [year, month]}; in "
        "others the key is the default.",
    )
    unordered: bool = Field(
        default=False, description="The parameter is a list whose order has no meaning: vr,vl is the same as vl,vr."
    )
    description: str = Field(default="", description="What it is, for documentation.")

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

    year_of_capture: Text | None = Field(
        default=None, description="The year of the capture in this time zone, such as America/New_York."
    )
    value: Annotated[str, StringConstraints(max_length=100)] | None = Field(
        default=None, description="A fixed value, written as in a request, such as R or '1'."
    )

    @model_validator(mode="after")
    def _one_meaning(self) -> "Assumption":
        exactly_one(self, "day_of_capture", "year_of", "year_of_capture", "value")
        return self


class Rule(Spec):
    """A condition that a response must meet to be accepted; exactly one of the tests."""

    rule: Text = Field(description="The rule in words, shown when a response breaks it.")
    path: PathText = Field(description="What the rule looks at, from $.")
    present: Literal[True] | None = Field(default=None, description="There must be a value other than null.")
    absent: Literal[True] | None = Field(default=None, description="There must be no value.")
    type: Literal["string", "integer", "number", "boolean", "object", "array"] | None = Field(
        default=None, description="JSON type that a value must have; null and missing ones pass."
    )
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


class Form(Spec):
    """Another URL that gives documents of the same kind; they share tables, keys and rules."""

    method: MethodName | None = Field(default=None, description="What the API calls it; as the source unless said.")
    url: Url = Field(description="Template of the request's path, such as /api/v1/stations/{station}.")
    query: list[QueryName] | None = Field(
        default=None, description="Parameters that a request may have in its query; any unless said."
    )


class Source(Spec):
    """The API method, and what a response of it holds."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^[a-z][A-Za-z0-9]{0,62}$")] = Field(
        description="Part of the API that the method belongs to, such as tracker."
    )
    method: MethodName = Field(description="What the API calls the method, such as issues.")
    url: Url = Field(description="Template of the request's path, such as /api/v1/people/{personId}.")
    description: str = Field(default="", description="What a response is, for documentation.")
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
    document: dict[str, DocumentKey] = Field(
        min_length=1, description="{issue_id: {type: bigint, path: $.id}}: the columns that identify a document."
    )
    assume: dict[QueryName, Assumption] = Field(
        default={},
        description="Parameters that are keys of the document and that a request may lack, each with what it then "
        "means, in the order in which they build on each other.",
    )
    absent: dict[str, JsonValue] | None = Field(
        default=None,
        description="With items: what stands for a document that was asked for and is absent, such as "
        "{date: '{day}', total: 0}. Without it such a document has no rows.",
    )
    accept: list[Rule] = Field(default=[], description="Conditions that a response must meet to be applied.")
    shrink_guard: ShrinkGuard = Field(
        default=ShrinkGuard(), description="Which losses of rows put a capture in quarantine until someone decides."
    )
    drift: Literal["report", "quarantine", "fail"] = Field(
        default="report",
        description="With captures that differ from the samples: report the difference and load them, put them into "
        "quarantine, or let the run fail.",
    )
