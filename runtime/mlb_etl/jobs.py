"""Job files: what to run, which parameters it takes, and what becomes of the responses."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from mlb_etl.counts import Counts
from mlb_etl.errors import EtlError
from mlb_etl.pipeline import pipeline
from mlb_etl.watermark import Policy

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_READ: dict[str, Callable[[str], Any]] = {"integer": int, "text": str, "date": date.fromisoformat}


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Model):
    """The method of the API."""

    endpoint: str
    method: str

    @property
    def name(self) -> str:
        return f"{self.endpoint}.{self.method}"


class Parameter(_Model):
    """A value that the job takes, once or, where it is repeatable, as often as given."""

    name: Name
    type: Literal["integer", "text", "date"]
    required: bool = False
    default: str | None = None
    repeatable: bool = False
    description: str = ""


class Storage(_Model):
    """What becomes of responses: raw keeps what is captured, transform makes the method's tables of what is kept."""

    raw: bool
    transform: bool


class Job(_Model):
    """A job file."""

    name: Name
    description: str = ""
    source: Source
    parameters: tuple[Parameter, ...] = ()
    storage: Storage

    def values(self, given: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
        """The parameters' values by name, of texts and defaults; raises EtlError for what does not fit."""
        known = {parameter.name: parameter for parameter in self.parameters}
        if unknown := [name for name in given if name not in known]:
            raise EtlError(f"job {self.name} has no parameter {unknown[0]}; it has {', '.join(known) or 'none'}")
        values = {name: self._values(parameter, given.get(name, ())) for name, parameter in known.items()}
        return {name: found for name, found in values.items() if found}

    def _values(self, parameter: Parameter, given: Sequence[str]) -> list[Any]:
        texts = given or ([parameter.default] if parameter.default is not None else [])
        if parameter.required and not texts:
            raise EtlError(f"job {self.name} needs its parameter {parameter.name}")
        if len(texts) > 1 and not parameter.repeatable:
            raise EtlError(f"job {self.name} takes its parameter {parameter.name} once, not {len(texts)} times")
        try:
            return [_READ[parameter.type](text) for text in texts]
        except ValueError as error:
            raise EtlError(f"job {self.name}: {parameter.name} is of type {parameter.type}: {error}") from error


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
    return f"{'.'.join(map(str, error['loc'])) or 'the file'}: {words.get(error['type'], error['msg'])}"
