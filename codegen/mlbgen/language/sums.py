"""`sums`: numbers that have to agree across the tables of a document."""

from pydantic import Field, model_validator

from mlbgen.language.base import ForEach, Spec, Text, exactly_one


class SumSide(Spec):
    """A number for each group of a table's rows."""

    table: Text = Field(description="schema.table whose rows are summed.")
    value: Text = Field(
        default="count(*)",
        description="What is compared: an expression over columns, summed, or one with sum, count, min or max.",
    )
    by: list[Text] | dict[str, Text] = Field(
        min_length=1,
        description="Columns that make the groups: [issue_id, kind], or names with expressions, {person: author_id}. "
        "The document's keys are among them.",
    )
    where: Text | None = Field(default=None, description="Condition that rows have to meet.")
    each: list[Text] = Field(
        default=[],
        description="Compute the value for each of these smaller groups, and sum those: max(hours) for each day.",
    )


class SumException(Spec):
    """Groups that are known to differ."""

    where: Text = Field(description="Condition on the names in `by`, such as issue_id = 7.")
    reason: Text = Field(description="Why they differ; printed with them.")


class Sum(Spec):
    """A rule; exactly one of `is` and `in`."""

    for_each: ForEach | None = Field(default=None, description="{side: [home, away]}: one rule for each value.")
    name: Text = Field(description="Name of the rule, in snake case.")
    description: Text = Field(description="The rule in words.")
    sum: SumSide = Field(description="The side whose groups are compared with the other.")
    is_: SumSide | None = Field(default=None, alias="is", description="The side that has the same numbers.")
    in_: SumSide | None = Field(default=None, alias="in", description="The side that has each group of `sum`.")
    except_: list[SumException] = Field(default=[], alias="except", description="Groups that are known to differ.")

    @model_validator(mode="after")
    def _one_kind(self) -> "Sum":
        exactly_one(self, "is_", "in_")
        return self


class SumsOf(Spec):
    """The documents for which the sums have to agree."""

    table: Text = Field(description="schema.table with a row for each document.")
    where: Text = Field(description="Condition that this row has to meet, such as state = 'closed'.")


class Sums(Spec):
    """Sums that have to agree in each document; `mlb-etl verify sums` checks them."""

    only: SumsOf = Field(description="The documents for which they have to agree.")
    rules: list[Sum] = Field(min_length=1, description="What has to agree.")
