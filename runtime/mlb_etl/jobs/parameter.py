"""The values that a job takes, and how they are read from texts."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, field_validator, model_validator

from mlb_contracts import convert, times
from mlb_etl.errors import Rejected
from mlb_etl.jobs import placeholders
from mlb_etl.jobs.grammar import Flag, Model, Name, Scalar, as_list

_INTEGERS = range(-(2**63), 2**63)  # what a bigint holds
_TEXT = 1000  # characters

Type = Literal[
    "int", "str", "date", "timecode", "list[int]", "list[str]", "list[date]", "list[timecode]", "integer", "text"
]  # fmt: skip


class Parameter(Model):
    """A value that the job takes, or a list of values."""

    name: Name = Field(
        description="A list in the plural stands for its singular: game_pks asks for each game_pk, given by --game-pk."
    )
    type: Type = Field(
        description="A list takes as many values as are given; integer and text are other words for int and str."
        " A date is YYYY-MM-DD, today, yesterday or tomorrow; a timecode YYYYMMDD_HHMMSS in UTC."
    )
    required: Flag = Field(default=False, description="Whether the job refuses to run without it.")
    default: Annotated[
        tuple[str, ...], BeforeValidator(as_list, json_schema_input_type=Scalar | list[Scalar] | None)
    ] = Field((), description="What it is unless given; ${TODAY}, ${YESTERDAY} and ${TOMORROW} stand for dates.")
    repeatable: Flag = Field(
        default=False, description="Says of another type than a list that it may be given repeatedly."
    )
    description: str = Field("", description="What it is, for people.")

    @property
    def many(self) -> bool:
        """Whether it takes several values."""
        return self.repeatable or self.type.startswith("list[")

    @property
    def of(self) -> str:
        """The name of one of its values in a request."""
        return self.name.removesuffix("s") if self.type.startswith("list[") else self.name

    def read(self, text: str, zone: ZoneInfo) -> Any:
        """The value that a text stands for; raises ValueError."""
        return _READ[self.type.removeprefix("list[").removesuffix("]")](text, zone)

    @field_validator("default")
    @classmethod
    def _known(cls, default: tuple[str, ...]) -> tuple[str, ...]:
        for text in default:
            placeholders.require_known(text, placeholders.DAYS)
        return default

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.default) > 1 and not self.many:
            raise ValueError(f"default: several values are for a list[{self.type}]")
        for text in self.default:
            if not any(placeholders.placeholder_names(text)):
                self.read(text, ZoneInfo("UTC"))
        return self


def _integer(text: str, _: ZoneInfo) -> int:
    if re.fullmatch(r"-?[0-9]{1,19}", text) and (number := int(text)) in _INTEGERS:
        return number
    raise ValueError(f"{text[:40]!r} is no integer")


def _text(text: str, _: ZoneInfo) -> str:
    if len(text) > _TEXT or not text.isprintable():
        raise ValueError(f"at most {_TEXT} printable characters are expected")
    return text


def _timecode(text: str, _: ZoneInfo) -> str:
    try:
        time = convert.timecode(text, "$")
        if time is not None:
            times.capture_time(time, "$")
    except Rejected as why:
        raise ValueError(why.reason) from why
    return text


_READ: dict[str, Callable[[str, ZoneInfo], int | str | date]] = {
    "int": _integer,
    "integer": _integer,
    "str": _text,
    "text": _text,
    "date": placeholders.parse_day,
    "timecode": _timecode,
}
