"""What the models of a job file are built of: texts, flags and lists, as people write them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("true or false is expected")
        return value == "true"
    return value


def always(what: str) -> AfterValidator:
    """Accepts true alone, and says `what` of false."""

    def check(value: bool) -> bool:  # noqa: FBT001 - the value that is checked
        if not value:
            raise ValueError(what)
        return value

    return AfterValidator(check)


def as_list(value: object) -> object:
    """A list of what stands there once; nothing is an empty one."""
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


Scalar = str | int | float | bool  # of which the reader makes text
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Always = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=Literal[True])]
Value = Annotated[str, BeforeValidator(lambda value: value, json_schema_input_type=Scalar)]


class Model(BaseModel):
    """A part of a job file, in which each key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)
