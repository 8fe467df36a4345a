"""What the models of the grammar share: texts of one kind, and strictness."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mlb_contracts.sql_types import TYPES

Scalar = str | int | float | bool
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Label = Annotated[Text, StringConstraints(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]  # one line of plain text
PathText = Annotated[Text, Field(description="RFC 9535 JSONPath from $, or from a level or look-up by its name.")]
Paths = PathText | Annotated[list[PathText], Field(min_length=2, description="The first one that exists.")]

_WITH_ARGUMENTS = "|".join(each.name for each in TYPES.values() if each.takes_arguments)
TYPE_NAMES: dict[str, Any] = {  # for editors; `lower` checks types, with help
    "anyOf": [{"enum": [*TYPES]}, {"pattern": rf"^({_WITH_ARGUMENTS}) ?\(\d+( ?, ?\d+)?\)$"}]
}


ForEach = Annotated[
    dict[str, Annotated[list[str], Field(min_length=1)]],
    Field(min_length=1, max_length=1),
]


class Spec(BaseModel):
    """Strict: an unknown key is an error, and no value is silently converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def exactly_one(model: BaseModel, *names: str) -> None:
    """Raise ValueError unless one of these members is given."""
    given = [name for name in names if getattr(model, name) is not None]
    if len(given) != 1:
        found = f", not {' and '.join(given)}" if given else ""
        raise ValueError(f"exactly one of {', '.join(names)} is needed{found}")
