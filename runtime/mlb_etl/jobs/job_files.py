"""Jobs: finding them by name or file, reading them, and running them with values for their parameters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mlb_contracts import Method
from mlb_etl import plugins, registry
from mlb_etl.errors import EtlError
from mlb_etl.jobs import listing, placeholders, plain_yaml
from mlb_etl.jobs.expansion import Expansion
from mlb_etl.jobs.parameter import Parameter
from mlb_etl.jobs.spec import Job, Source
from mlb_etl.jobs.storage import Raw, Storage, Target

_OWN = Path("config", "jobs")
_ERRORS = 20  # reported for one file, at most
_TYPES = {"bigint": "int", "integer": "int", "smallint": "int", "date": "date"}


def known() -> dict[str, Path]:
    """The jobs by name: those that plug-ins bring, and those in config/jobs of the project's folder, which come first.

    That is the nearest folder with config/jobs, from the working directory upwards.
    """
    here = Path.cwd()
    folder = next((each / _OWN for each in (here, *here.parents) if (each / _OWN).is_dir()), None)
    own = {} if folder is None else {file.stem: file for file in sorted(folder.glob("*.yaml"))}
    return dict(sorted({**plugins.jobs(), **own}.items()))


def find_job(given: str) -> Path:
    """The file of a job, given by its path or, for one that `known` has, by its name.

    Raises EtlError, which lists the known names.
    """
    file = Path(given)
    if file.suffix or file.parent.name or file.is_file():
        return file
    jobs = known()
    if given not in jobs:
        listed = f"the jobs are {', '.join(jobs)}" if jobs else f"{_OWN} has no jobs here"
        raise EtlError(f"there is no file and no job named {given}; {listed}")
    return jobs[given]


def read_job(file: Path) -> Job:
    """Read the job in a file; raises EtlError with the place of each error."""
    return _job(plain_yaml.read_yaml(file))


def load_job(given: str, package: str) -> Job:
    """Load a job, given by path or name, and check it against the package; raises EtlError with the place."""
    text = plain_yaml.read_yaml(find_job(given))
    job = _job(text)
    try:
        method = registry.method(package, job.source.name)
    except EtlError as error:
        raise EtlError(text.error(("source", "method"), str(error))) from error
    table = method.qualified_raw_table
    for place, raw in enumerate(job.storage.raw):
        if raw.table not in {None, table}:
            why = f"storage.raw.table: responses of {method.name} are stored in {table}, not in {raw.table}"
            raise EtlError(text.error(("storage", "raw", place, "table"), why))
    if job.pages is not None and method.items is None:
        why = f"pages: an answer of {method.name} is one document, so a page would replace the others; see `items`"
        raise EtlError(text.error(("pages",), why))
    if job.expand is not None and job.expand.table is not None:
        _check(text, job.expand, method, package)
    return job


def _check(text: plain_yaml.YamlFile, expand: Expansion, method: Method, package: str) -> None:
    """Raise EtlError unless the package has the table and columns that the job expands by."""
    try:
        listed = registry.method(package, expand.by)
    except EtlError as error:
        raise EtlError(text.error(("expand", "by"), str(error))) from error
    tables = {table.qualified_name: table for table in listed.tables}
    if expand.table not in tables:
        why = f"{listed.name} has no such table; its tables are {', '.join(tables)}"
        raise EtlError(text.error(("expand", "table"), why))
    columns = [column.name for column in tables[expand.table].columns]
    for column in (*listing.parameter_columns(method, expand).values(), *sorted(expand.columns)):
        if column not in columns:
            why = f"{expand.table} has no column {column}; under parameters, name another one"
            raise EtlError(text.error(("expand",), why))


def _job(text: plain_yaml.YamlFile) -> Job:
    try:
        return Job.model_validate(text.data)
    except ValidationError as error:
        wrong = error.errors()
        lines = [text.error(each["loc"], _said(text, each)) for each in wrong[:_ERRORS]]
        if len(wrong) > _ERRORS:
            lines.append(f"{text.file}: and {len(wrong) - _ERRORS} more")
        raise EtlError("\n".join(lines)) from error


def _said(text: plain_yaml.YamlFile, error: ErrorDetails) -> str:
    words = {"missing": "is missing", "extra_forbidden": "is not a valid key here"}
    said = words.get(error["type"], error["msg"]).removeprefix("Value error, ")  # pydantic's prefix for ValueError
    location = text.at(error["loc"])
    if error["type"] == "missing":
        location = (*location, error["loc"][-1])
    return f"{'.'.join(map(str, location)) or 'the file'}: {said}"


def transform_job(method: Method) -> Job:
    """A job that transforms the captures of a method; its parameters are the keys of the documents."""
    keys = ((key.name, _TYPES.get(key.type, "str")) for key in method.document)
    parameters = tuple(
        Parameter.model_validate({"name": name, "type": type_, "repeatable": True}) for name, type_ in keys
    )
    return Job(
        name="transform",
        parameters=parameters,
        source=Source(endpoint=method.endpoint, method=method.method),
        storage=Storage(targets=(Target(backend="postgres"),)),
    )


def ingest_job(method: Method, names: Iterable[str]) -> Job:
    """A job that captures responses of a method, whose requests have parameters of these names.

    Raises EtlError for what can't be the name of a parameter.
    """
    try:
        parameters = tuple(Parameter(name=name, type="str", repeatable=True) for name in names)
    except ValidationError as error:
        wrong = error.errors()[0]["input"]
        raise EtlError(f"{wrong!r} is not a parameter's name, such as projectId") from error
    return Job(
        name="ingest",
        parameters=parameters,
        source=Source(endpoint=method.endpoint, method=method.method),
        storage=Storage(raw=(Raw(backend="postgres"),)),
    )


def parameter_values(job: Job, given: Mapping[str, Sequence[str]]) -> dict[str, list[Any]]:
    """The values of a job's parameters, given or default, by their names in a request; raises EtlError if invalid."""
    names = {name: parameter for parameter in job.parameters for name in (parameter.name, parameter.of)}
    if unknown := [name for name in given if name not in names]:
        has = ", ".join(parameter.name for parameter in job.parameters) or "none"
        raise EtlError(f"job {job.name} has no parameter {unknown[0]}; it has {has}")
    found = {}
    for parameter in job.parameters:
        texts = [text for name in dict.fromkeys((parameter.of, parameter.name)) for text in given.get(name, ())]
        if read_ := _values(job, parameter, texts):
            found[parameter.of] = read_
    return found


def _values(job: Job, parameter: Parameter, given: Sequence[str]) -> list[Any]:
    texts = given or [placeholders.fill(text, placeholders.days(job.zone)) for text in parameter.default]
    if parameter.required and not texts:
        raise EtlError(f"job {job.name} needs its parameter {parameter.name}")
    if len(texts) > 1 and not parameter.many:
        raise EtlError(f"job {job.name} takes its parameter {parameter.name} once, not {len(texts)} times")
    try:
        return [parameter.read(text, job.zone) for text in texts]
    except ValueError as error:
        raise EtlError(f"job {job.name}: {parameter.name} is of type {parameter.type}: {error}") from error


def combinations(job: Job, given: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """All combinations of the parameters' values, as texts, with one value for each parameter."""
    found = parameter_values(job, given)
    for combination in product(*found.values()):
        yield {name: str(value) for name, value in zip(found, combination, strict=True)}


def method_parameters(job: Job, given: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The parameters of each request, for a job that does not expand."""
    query = job.source.query
    named = {name for text in query.values() for name in placeholders.placeholder_names(text)}
    own = [parameter.of for parameter in job.parameters if parameter.name not in named]
    return [
        {name: value for name, value in each.items() if name in own} | _fill(job, query, each)
        for each in combinations(job, given)
    ]


def listing_parameters(job: Job, given: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
    """The parameters of each listing's request, for a job that expands."""
    return [_fill(job, job.expand.query, each) for each in combinations(job, given)] if job.expand else []


def _fill(job: Job, query: Mapping[str, str], one: Mapping[str, str]) -> dict[str, str]:
    named = {parameter.name: one[parameter.of] for parameter in job.parameters if parameter.of in one}
    known = placeholders.days(job.zone) | named
    return {name: placeholders.fill(text, known) for name, text in query.items()}
