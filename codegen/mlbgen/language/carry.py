"""The grammar of carried values: what a column keeps from one item of a list to the next."""

from typing import Literal

from pydantic import Field, model_validator

from mlbgen.language.base import Paths, PathText, Scalar, Spec, Text, exactly_one


class Visit(Spec):
    """A list that is run through for carried values only, once for each item of the level that its paths start from."""

    in_: PathText = Field(alias="in", description="The list to run through, from $ or a level.")
    where: dict[Text, PathText] = Field(
        default={},
        description="{details.playIndex: event.index}: only items whose member equals the value at the path; "
        "nothing that is missing equals anything.",
    )


class CarryRule(Spec):
    """When a carried value changes, and to what."""

    before: Text | None = Field(
        default=None, description="A level or a list of `visit`: for each of its items, before the rows made in it."
    )
    after: Text | None = Field(
        default=None, description="A level or a list of `visit`: for each of its items, after the rows made in it."
    )
    where: Text | None = Field(
        default=None, description="A condition on levels and visited lists: event.details.eventType == 'balk'."
    )
    fills: Literal[True] | None = Field(default=None, description="Only while nothing is carried.")
    replaces: PathText | None = Field(
        default=None, description="Only while the value at this path is carried, such as the user who is replaced."
    )
    path: Paths | None = Field(default=None, description="The value from now on; nothing changes where it is missing.")
    reset: Literal[True] | None = Field(default=None, description="From now on the value is `start` again, or none.")

    @model_validator(mode="after")
    def _consistent(self) -> "CarryRule":
        exactly_one(self, "before", "after")
        exactly_one(self, "path", "reset")
        if self.fills and self.replaces:
            raise ValueError("fills and replaces exclude each other: one needs no value, the other a certain one")
        return self


class Carry(Spec):
    """A value that is kept from one item to the next, in the order of the document; rules change it.

    All items count, also those that `rows` filters out. At each moment rules run in their order; outer levels come
    first before the rows, and last after them.
    """

    start: Scalar | None = Field(default=None, description="The value at first; none unless said.")
    by: list[PathText] = Field(
        default=[],
        description="A value of its own for each combination of values at these paths, such as each morning.",
    )
    rules: list[CarryRule] = Field(min_length=1, description="When it changes; those of one moment run in this order.")
