"""The building blocks of job-file models: texts, flags and lists, as people write them."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, StringConstraints


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("true or false is expected")
        return value == "true"
    return value


def always(what: str) -> AfterValidator:
    """A validator that only accepts true, and rejects false with the message `what`."""

    def check(value: bool) -> bool:  # noqa: FBT001 - the value that is checked
        if not value:
            raise ValueError(what)
        return value

    return AfterValidator(check)


def as_list(value: object) -> object:
    """The value as a list: a single value is wrapped, and None becomes an empty list."""
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


Scalar = str | int | float | bool  # the reader turns each into text
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
ApiName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=63)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Always = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=Literal[True])]
Value = Annotated[str, BeforeValidator(lambda value: value, json_schema_input_type=Scalar)]


class Model(BaseModel):
    """A part of a job file, without unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)
