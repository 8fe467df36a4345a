"""Job files: what to run, which parameters it takes, and what becomes of the responses."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from mlb_etl import placeholders
from mlb_etl.contracts import convert, times
from mlb_etl.counts import Counts
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.pipeline import pipeline
from mlb_etl.settings import FASTEST, SLOWEST
from mlb_etl.watermark import Policy


def _timecode(text: str) -> str:
    try:
        time = convert.timecode(text, "$")
        if time is not None:
            times.of_capture(time, "$")
    except Rejected as why:
        raise ValueError(why.reason) from why
    return text


Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_READ: dict[str, Callable[[str], Any]] = {
    "integer": int,
    "text": str,
    "date": times.read_day,
    "timecode": _timecode,
}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Model):
    """The method of the API.

    `query` are parameters that it is asked with, in which ${NAME} stands for a parameter of the job; those that it does
    not name go by their own names.
    """

    endpoint: str
    method: str
    query: dict[str, str] = {}

    @property
    def name(self) -> str:
        return f"{self.endpoint}.{self.method}"


class Parameter(_Model):
    """A value that the job takes, once or, where it is repeatable, as often as given.

    In its default ${TODAY} and ${YESTERDAY} stand for dates.
    """

    name: Name
    type: Literal["integer", "text", "date", "timecode"]
    required: bool = False
    default: str | None = None
    repeatable: bool = False
    description: str = ""

    @field_validator("default")
    @classmethod
    def _known(cls, default: str | None) -> str | None:
        _check(default or "", placeholders.DAYS)
        return default

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.default is not None and not any(placeholders.names(self.default)):
            _READ[self.type](self.default)
        return self


class Expansion(_Model):
    """Makes a request for each game of a schedule, which `query` asks for; ${NAME} stands for a parameter's value.

    `except_states` are codedGameStates of games that are left out.
    """

    by: Literal["schedule"]
    query: dict[str, str]
    except_states: tuple[str, ...] = ()


class Requests(_Model):
    """How the API is asked: requests a second at most, where that is to be less than the settings allow; tries."""

    rate: Annotated[float, Field(ge=SLOWEST, le=FASTEST)] | None = None
    attempts: Annotated[int, Field(ge=1, le=20)] = 6


class Storage(_Model):
    """What becomes of responses: raw keeps what is captured, transform makes the method's tables of what is kept.

    `object_store` keeps what is captured in $MLB_ETL_OBJECT_STORE too.
    """

    raw: bool
    object_store: bool = False
    transform: bool

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.object_store and not self.raw:
            raise ValueError("object_store is for what raw keeps, and raw is false")
        return self


class Job(_Model):
    """A job file; `timezone` is where its ${TODAY} is."""

    name: Name
    description: str = ""
    timezone: str = "America/New_York"
    parameters: tuple[Parameter, ...] = ()
    source: Source
    expand: Expansion | None = None
    requests: Requests = Requests()
    storage: Storage

    @field_validator("timezone")
    @classmethod
    def _there(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"{name} is no time zone") from error
        return name

    @field_validator("source", "expand")
    @classmethod
    def _known(cls, asks: Source | Expansion | None, info: ValidationInfo) -> Source | Expansion | None:
        if asks is not None and "parameters" in info.data:  # which are missing where they are wrong themselves
            parameters = [parameter.name for parameter in info.data["parameters"]]
            for text in asks.query.values():
                _check(text, (*parameters, *placeholders.DAYS))
        return asks

    def values(self, given: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
        """The parameters' values by name, of texts and defaults; raises EtlError for what does not fit."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := [name for name in given if name not in known]:
            raise EtlError(f"job {self.name} has no parameter {unknown[0]}; it has {', '.join(known) or 'none'}")
        values = {name: self._values(parameter, given.get(name, ())) for name, parameter in known.items()}
        return {name: found for name, found in values.items() if found}

    def _values(self, parameter: Parameter, given: Sequence[str]) -> list[Any]:
        texts = given or ([self._filled(parameter.default)] if parameter.default is not None else [])
        if parameter.required and not texts:
            raise EtlError(f"job {self.name} needs its parameter {parameter.name}")
        if len(texts) > 1 and not parameter.repeatable:
            raise EtlError(f"job {self.name} takes its parameter {parameter.name} once, not {len(texts)} times")
        try:
            return [_READ[parameter.type](text) for text in texts]
        except ValueError as error:
            raise EtlError(f"job {self.name}: {parameter.name} is of type {parameter.type}: {error}") from error

    def _filled(self, default: str) -> str:
        return placeholders.fill(default, placeholders.days(ZoneInfo(self.timezone)))

    def combinations(self, given: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
        """The parameters' values as texts, one of each, in all combinations where some are given repeatedly."""
        values = self.values(given)
        for combination in product(*values.values()):
            yield {name: str(value) for name, value in zip(values, combination, strict=True)}

    def asked(self, given: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
        """What the method is asked with, of a job that does not expand."""
        query = self.source.query
        named = {name for text in query.values() for name in placeholders.names(text)}
        return [
            {name: value for name, value in values.items() if name not in named} | self._fill(query, values)
            for values in self.combinations(given)
        ]

    def queries(self, given: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
        """What the schedule is asked for, of a job that goes by it."""
        return [self._fill(self.expand.query, values) for values in self.combinations(given)] if self.expand else []

    def _fill(self, query: Mapping[str, str], values: dict[str, str]) -> dict[str, str]:
        known = placeholders.days(ZoneInfo(self.timezone)) | values
        return {name: placeholders.fill(text, known) for name, text in query.items()}


def _check(text: str, known: Collection[str]) -> None:
    if unknown := [name for name in placeholders.names(text) if name not in known]:
        raise ValueError(f"${{{unknown[0]}}} is not known here; {', '.join(known)} are")


class _Loader(yaml.BaseLoader):
    """Reads every scalar as text, which the models convert: no surprising types; refuses duplicate keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {key.value} repeats", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read(file: Path) -> Job:
    """The job in the file; raises EtlError with the place of each error."""
    try:
        text = file.read_text()
        return Job.model_validate(yaml.load(text, _Loader))  # noqa: S506 - a loader of texts only
    except OSError as error:
        raise EtlError(f"{file}: can't be read: {error.strerror}") from error
    except (UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise EtlError(f"{file}: is not YAML: {error}") from error
    except yaml.MarkedYAMLError as error:
        raise EtlError(f"{file}{_mark(error.problem_mark)}: {error.problem}") from error
    except ValidationError as error:
        root = yaml.compose(text, _Loader)
        raise EtlError(
            "\n".join(f"{file}{_mark(_find(root, e['loc']))}: {_said(e)}" for e in error.errors())
        ) from error


def run(
    job: Job,
    given: Mapping[str, Sequence[str]],
    *,
    workers: int = 1,
    policy: Policy = "new",
    progress: Callable[[int, int], None] | None = None,
) -> Counts:
    """Run a job that transforms, for the documents that the parameters' values name."""
    if not job.storage.transform:
        raise EtlError(f"job {job.name} does not transform: its storage.transform is false")
    work = pipeline(job.source.name, workers=workers)
    keys = [key.name for key in work.method.document]
    if stray := [parameter.name for parameter in job.parameters if parameter.name not in keys]:
        raise EtlError(f"job {job.name}: {stray[0]} is not what {job.source.name} is about: {', '.join(keys)}")
    return work.run(job.values(given), policy, progress)


def settle(method: str, numbers: Sequence[int], policy: Policy) -> Counts:
    """Apply the captures of a method that stand in quarantine under these numbers."""
    return pipeline(method).settle(numbers, policy)


def _find(node: yaml.Node | None, loc: Sequence[str | int]) -> yaml.Mark | None:
    """Where the place that pydantic names stands: its value, or the mapping that lacks it."""
    for part in loc:
        inside = None
        if isinstance(node, yaml.MappingNode):
            inside = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            inside = node.value[part]
        if inside is None:
            break
        node = inside
    return node.start_mark if node else None


def _mark(mark: yaml.Mark | None) -> str:
    return f":{mark.line + 1}:{mark.column + 1}" if mark else ""


def _said(error: ErrorDetails) -> str:
    words = {"missing": "is missing", "extra_forbidden": "is not a key that a job has here"}
    text = words.get(error["type"], error["msg"]).removeprefix("Value error, ")  # pydantic's words for our own
    return f"{'.'.join(map(str, error['loc'])) or 'the file'}: {text}"
