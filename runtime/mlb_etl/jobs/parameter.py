"""Parameters of a job, and how their values are parsed."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from mlb_contracts import convert, extensions, times
from mlb_etl.errors import Rejected
from mlb_etl.jobs import placeholders
from mlb_etl.jobs.grammar import ApiName, Flag, Model, Scalar, as_list

_INTEGERS = range(-(2**63), 2**63)  # what a bigint holds
_TEXT = 1000  # characters

_LIST = re.compile(r"list\[(\w+)\]")


def _offer_types(schema: dict[str, Any]) -> None:
    names = _type_names()
    schema["enum"] = [*names, *(f"list[{each}]" for each in names)]


def _type_names() -> tuple[str, ...]:
    """The types of single values: ours, and the converters of installed packages."""
    return (*_READ, *(each for each in extensions.names(extensions.CONVERTERS) if each not in _READ))


def _known_type(name: str) -> str:
    if _LIST.sub(r"\1", name) not in _type_names():
        raise ValueError(f"one of {', '.join(_type_names())} is expected, or a list of one, such as list[int]")
    return name


class Parameter(Model):
    """A parameter of the job: a value or a list of values."""

    name: ApiName = Field(
        description="The name. A list in the plural stands for its singular: issue_ids takes any number of"
        " --param issue_id=N, and each is requested."
    )
    type: Annotated[str, AfterValidator(_known_type)] = Field(
        description="A list takes any number of values; integer and text are synonyms of int and str."
        " A date is YYYY-MM-DD, today, yesterday, tomorrow or, seven days before today, today-7. The name of an"
        " installed package's converter stands for the texts that it reads.",
        json_schema_extra=_offer_types,
    )
    required: Flag = Field(default=False, description="Whether the job can't run without it.")
    default: Annotated[
        tuple[str, ...], BeforeValidator(as_list, json_schema_input_type=Scalar | list[Scalar] | None)
    ] = Field((), description="The value if none is given; ${TODAY}, ${YESTERDAY} and ${TOMORROW} stand for dates.")
    repeatable: Flag = Field(
        default=False, description="Whether a parameter that is not a list may be given several times."
    )
    description: str = Field("", description="A description for people.")

    @property
    def many(self) -> bool:
        """Whether the parameter takes several values."""
        return self.repeatable or self.type.startswith("list[")

    @property
    def of(self) -> str:
        """The name of a value in a request."""
        return self.name.removesuffix("s") if self.type.startswith("list[") else self.name

    def read(self, text: str, zone: ZoneInfo) -> Any:
        """Parse a value; raises ValueError. `zone` is the time zone of today."""
        of = _LIST.sub(r"\1", self.type)
        return _READ[of](text, zone) if of in _READ else _converted(text, of)

    @field_validator("default")
    @classmethod
    def _known(cls, default: tuple[str, ...]) -> tuple[str, ...]:
        for text in default:
            placeholders.require_known(text, placeholders.DAYS)
        return default

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.default) > 1 and not self.many:
            raise ValueError(f"default: several values need the type list[{self.type}]")
        for text in self.default:
            if not any(placeholders.placeholder_names(text)):
                self.read(text, ZoneInfo("UTC"))
        return self


def _integer(text: str, _: ZoneInfo) -> int:
    if re.fullmatch(r"-?[0-9]{1,19}", text) and (number := int(text)) in _INTEGERS:
        return number
    raise ValueError(f"{text[:40]!r} is not an integer")


def _text(text: str, _: ZoneInfo) -> str:
    if len(text) > _TEXT or not text.isprintable():
        raise ValueError(f"at most {_TEXT} printable characters are expected")
    return text


def _converted(text: str, converter: str) -> str:
    """The text, if a converter of an installed package reads it."""
    try:
        value = convert.own(converter, min(extensions.installed_converter(converter).fills))(text, "$")
        if isinstance(value, datetime):
            times.capture_time(value, "$")
    except Rejected as why:
        raise ValueError(why.reason) from why
    return text


_READ: dict[str, Callable[[str, ZoneInfo], int | str | date]] = {
    "int": _integer,
    "integer": _integer,
    "str": _text,
    "text": _text,
    "date": placeholders.parse_day,
}
