"""What a person may write in a job file: the models are its grammar, and `schema` is what editors check it with."""

import json
import re
from collections.abc import Callable, Collection
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mlb_contracts import convert, times
from mlb_etl.errors import Rejected
from mlb_etl.jobs import placeholders
from mlb_etl.settings import FASTEST, SLOWEST

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NOTE = "Generated from runtime/mlb_etl/jobs/spec.py. DO NOT EDIT. Regenerate: just generate"
_INTEGERS = range(-(2**63), 2**63)  # what a bigint holds
_TEXT = 1000  # characters
GAMES = "schedule"
"""The listing that no mapping describes: whoever runs a job passes it in."""


def _flag(value: object) -> object:
    if isinstance(value, str):
        if value not in {"true", "false"}:
            raise ValueError("true or false is expected")
        return value == "true"
    return value


def _always(what: str) -> AfterValidator:
    def check(value: bool) -> bool:  # noqa: FBT001 - the value that is checked
        if not value:
            raise ValueError(what)
        return value

    return AfterValidator(check)


def _listed(value: object) -> object:
    """A list of what stands there once; nothing is an empty one."""
    return value if isinstance(value, list | tuple) else [] if value is None else [value]


def _listing(by: str) -> str:
    if by != GAMES and not re.fullmatch(r"[A-Za-z]\w*\.[A-Za-z]\w*", by, re.ASCII):
        raise ValueError(f"{GAMES}, or a method such as schedule.schedule, is expected")
    return by


def _backends(value: object) -> object:
    """The list that a short form stands for."""
    if value is None or isinstance(value, str):
        short: dict[str | None, object] = {"true": [{"backend": "postgres"}], "false": [], None: []}
        if value not in short:
            raise ValueError("true, false, a backend or a list of backends is expected")
        return short[value]
    return _listed(value)


Scalar = str | int | float | bool  # of which the reader makes text
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=63)]
Flag = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=bool)]
Always = Annotated[bool, BeforeValidator(_flag, json_schema_input_type=Literal[True])]
Value = Annotated[str, BeforeValidator(lambda value: value, json_schema_input_type=Scalar)]
_CAPTURED = "responses are never kept without their time, since it decides which is newer: leave it out, or say true"
_PRESERVED = (
    "responses are never kept without their request, which tells what they are about: leave it out, or say true"
)


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Model):
    """The method of the API."""

    endpoint: str = Field(description="The method's endpoint, such as game.")
    method: str = Field(description="The method, such as liveGameV1; `mlbgen` has made its tables.")
    capture_metadata: Annotated[Always, _always(_CAPTURED)] = Field(
        default=True, description="The time of a request is always noted; false is refused."
    )
    query: dict[str, Value] = Field(
        {},
        description="Parameters that the method is asked with, in which ${NAME} stands for a parameter of the job;"
        " those that are not named here go by their own names.",
    )

    @property
    def name(self) -> str:
        return f"{self.endpoint}.{self.method}"


Type = Literal[
    "int", "str", "date", "timecode", "list[int]", "list[str]", "list[date]", "list[timecode]", "integer", "text"
]  # fmt: skip


class Parameter(_Model):
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
        tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=Scalar | list[Scalar] | None)
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
            known(text, placeholders.DAYS)
        return default

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.default) > 1 and not self.many:
            raise ValueError(f"default: several values are for a list[{self.type}]")
        for text in self.default:
            if not any(placeholders.names(text)):
                self.read(text, ZoneInfo("UTC"))
        return self


class Expansion(_Model):
    """Makes a request for each row of a listing."""

    by: Annotated[str, AfterValidator(_listing)] = Field(
        description="schedule, for the games of a schedule; or a method that has a mapping, such as schedule.schedule."
    )
    table: str | None = Field(
        None, description="The table of that method, the rows of which are listed, such as schedule.schedule_games."
    )
    query: dict[str, Value] = Field(
        description="What the listing is asked for; ${NAME} stands for a parameter's value."
    )
    parameters: dict[str, Name] = Field(
        {},
        description="Parameters of the requests, each with the column of the listing that it comes from; those that"
        " the method needs come from columns of their names. A schedule has game_pk and coded_game_state.",
    )
    leave_out: dict[Name, tuple[Value, ...]] = Field(
        {}, description="Columns of the listing, and the values with which a row is left out."
    )
    except_states: tuple[str, ...] = Field((), description="Short for values of coded_game_state under leave_out.")

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The values with which a row is left out, by column."""
        states = {"coded_game_state": self.except_states} if self.except_states else {}
        return {**self.leave_out, **states}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.table is None) != (self.by == GAMES):
            raise ValueError(f"a table is needed of a method, and {GAMES} has none")
        if self.except_states and "coded_game_state" in self.leave_out:
            raise ValueError("except_states is short for coded_game_state under leave_out: leave one out")
        return self


class Requests(_Model):
    """How the API is asked."""

    rate: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] | None = Field(
        None, description="Requests a second at most, where that is to be less than MLB_ETL_RATE allows."
    )
    attempts: Annotated[int, Field(ge=1, le=20)] = Field(6, description="How often a request is made that fails.")


class Raw(_Model):
    """A place where responses are kept as they came."""

    backend: Literal["postgres", "object_store"] = Field(
        description="postgres is the method's raw table; object_store keeps a second copy in MLB_ETL_OBJECT_STORE."
    )
    table: str | None = Field(None, description="The method's raw table, such as game.live_game_v1.")
    preserve_metadata: Annotated[Always, _always(_PRESERVED)] = Field(
        default=True, description="The request is always kept beside its response; false is refused."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.table is not None and self.backend != "postgres":
            raise ValueError("table: only postgres has tables")
        return self


class Target(_Model):
    """A place where the method's tables are."""

    backend: Literal["postgres"]


class Storage(_Model):
    """What becomes of responses."""

    raw: Annotated[
        tuple[Raw, ...], BeforeValidator(_backends, json_schema_input_type=bool | Raw | list[Raw] | None)
    ] = Field((), description="Where what is captured is kept; true is postgres. Without it nothing is captured.")
    targets: Annotated[
        tuple[Target, ...], BeforeValidator(_backends, json_schema_input_type=bool | Target | list[Target] | None)
    ] = Field((), description="Where the tables are that it is applied to; true is postgres.")
    object_store: Flag = Field(default=False, description="Short for a backend object_store under raw.")
    transform: Flag = Field(default=False, description="Short for a backend postgres under targets.")

    @property
    def captures(self) -> bool:
        """Whether the job asks for responses and keeps them."""
        return bool(self.raw)

    @property
    def in_object_store(self) -> bool:
        """Whether they are kept in the object store too."""
        return self.object_store or any(each.backend == "object_store" for each in self.raw)

    @property
    def transforms(self) -> bool:
        """Whether the method's tables are made of what is kept."""
        return self.transform or bool(self.targets)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        backends = [each.backend for each in self.raw]
        if len({*backends}) < len(backends) or len(self.targets) > 1:
            raise ValueError("a backend is there twice")
        if self.in_object_store and "postgres" not in backends:
            raise ValueError("the object store keeps a second copy: postgres is to be under raw too")
        if "transform" in self.model_fields_set and not self.transform and self.targets:
            raise ValueError("transform is false, and targets says where the tables are: leave one out")
        if not self.captures and not self.transforms:
            raise ValueError("raw says where responses are kept, targets where their tables are: neither is there")
        return self


class Job(_Model):
    """What to ask the API for, and what becomes of the responses."""

    name: Name = Field(description="The job's name, as its file is called.")
    description: str = Field("", description="What it does, for people.")
    timezone: str = Field("America/New_York", description="Where its today is.")
    parameters: tuple[Parameter, ...] = Field((), description="The values that it takes.")
    source: Source
    expand: Expansion | None = None
    requests: Requests = Requests()
    storage: Storage

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @field_validator("timezone")
    @classmethod
    def _there(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"{name} is not a time zone; America/New_York is one") from error
        return name

    @field_validator("parameters")
    @classmethod
    def _once(cls, parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
        names = [parameter.of for parameter in parameters]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")
        return parameters

    @field_validator("source", "expand")
    @classmethod
    def _known(cls, asks: Source | Expansion | None, info: ValidationInfo) -> Source | Expansion | None:
        if asks is not None and "parameters" in info.data:  # which are missing where they are wrong themselves
            parameters = [parameter.name for parameter in info.data["parameters"]]
            for text in asks.query.values():
                known(text, (*parameters, *placeholders.DAYS))
        return asks


def known(text: str, names: Collection[str]) -> None:
    """Raise ValueError for a placeholder in the text that is none of these."""
    if unknown := [name for name in placeholders.names(text) if name not in names]:
        raise ValueError(f"${{{unknown[0]}}} is not known here; {', '.join(names)} are")


def schema() -> str:
    """The JSON Schema of job files, as it is committed in schemas/job.schema.json."""
    properties = {"$schema": _DIALECT, "$comment": _NOTE, **Job.model_json_schema()}
    return json.dumps(properties, indent=2, ensure_ascii=False) + "\n"


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
            times.of_capture(time, "$")
    except Rejected as why:
        raise ValueError(why.reason) from why
    return text


_READ: dict[str, Callable[[str, ZoneInfo], int | str | date]] = {
    "int": _integer,
    "integer": _integer,
    "str": _text,
    "text": _text,
    "date": placeholders.day,
    "timecode": _timecode,
}
