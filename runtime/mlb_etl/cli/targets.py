"""The databases that a command works on: one or several, by `--target`, by the job or by the environment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import click

from mlb_etl.cli import completing, report
from mlb_etl.errors import EtlError, printable, redacted, with_notes
from mlb_etl.jobs.spec import Job
from mlb_etl.settings import LAKE, POSTGRES, Settings, is_lake_place
from mlb_etl.stores.postgres import refusals
from mlb_etl.stores.postgres.dsn import without_secrets

T = TypeVar("T")
_URLS = ("postgresql://", "postgres://")


def _checked(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for each in given:
        is_lake = each.startswith(LAKE) and is_lake_place(each.removeprefix(LAKE))
        if each != POSTGRES and not is_lake and not each.startswith(_URLS) and "=" not in each:
            expected = "postgres, delta:FOLDER, delta:s3://bucket/prefix or a DSN is expected"
            raise click.BadParameter(f"{redacted(each) or 'an empty text'} is not a target: {expected}")
    return given


OPTION = click.option(
    "--target",
    "chosen",
    multiple=True,
    shell_complete=completing.targets,
    metavar="DSN",
    callback=_checked,
    help="A database: postgres, a DSN, or delta:FOLDER or delta:s3://bucket/prefix for a lake. Repeatable. [default:"
    " $MLB_ETL_DSN]",
)


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """What came of the work on a database: a result, or the error that ended it. Both, if it ended half way."""

    target: str
    result: T | None
    error: str | None = None


def settings_of(given: Sequence[str], of_job: Sequence[str] = ()) -> dict[str, Settings]:
    """The settings for each database, by its name in reports.

    `--target` takes precedence over the job. If only `postgres` is named, by the job, MLB_ETL_DSN says which database
    that is, even if it is a lake. Raises EtlError if there is no PostgreSQL among several.
    """
    settings, names = Settings.from_environment(), list(dict.fromkeys(given or of_job))
    if not given and {*names} <= {POSTGRES}:
        return {POSTGRES: settings}
    found = {_shown(each): settings.at(each) for each in names}
    if len(found) < max(len(names), len(given)):
        raise click.UsageError("--target names a database twice")
    return found


def of_job(given: Sequence[str], job: Job) -> tuple[dict[str, Settings], frozenset[str]]:
    """The databases that captures go to, as `settings_of` says, and those of them whose tables the job leaves alone."""
    raw, applied = job.storage.raw_databases, job.storage.target_databases
    return settings_of(given, (*raw, *applied)), frozenset() if given else frozenset(raw) - {*applied}


def run_each(chosen: Mapping[str, Settings], work: Callable[[str, Settings], T]) -> list[Outcome[T]]:
    """Work on each database. Of several, one that fails does not hold back the others."""
    if len(chosen) == 1:
        return [Outcome(name, work(name, settings)) for name, settings in chosen.items()]
    return [_outcome(name, settings, work) for name, settings in chosen.items()]


def _outcome(name: str, settings: Settings, work: Callable[[str, Settings], T]) -> Outcome[T]:
    try:
        with refusals.translated(settings):
            return Outcome(name, work(name, settings))
    except EtlError as error:
        return Outcome(name, None, with_notes(error))


def print_each(outcomes: Sequence[Outcome[T]], form: str, plain: Callable[[T], Any], show: Callable[[T], None]) -> None:
    """Print each result, below the name of its database if there are several."""
    if form == "json":
        results = {each.target: _plain(each, plain) for each in outcomes}
        report.print_json({"targets": results} if len(results) > 1 else next(iter(results.values())))
        return
    for each in outcomes:
        if len(outcomes) > 1:
            click.echo(f"{each.target}: failed" if each.error else f"{each.target}:")
        if each.result is not None:
            show(each.result)


def _plain(outcome: Outcome[T], plain: Callable[[T], Any]) -> Any:
    found = None if outcome.result is None else plain(outcome.result)
    return found if outcome.error is None else {**(found or {}), "error": outcome.error}


def require_all(outcomes: Sequence[Outcome[T]]) -> list[T]:
    """The results of all databases; raises EtlError that names those that failed."""
    failed = {each.target: each.error for each in outcomes if each.error is not None}
    if failed:
        reasons = "\n".join(f"{target}: {error}" for target, error in failed.items())
        raise EtlError(f"{len(failed)} of {len(outcomes)} targets failed\n{reasons}")
    return [each.result for each in outcomes if each.result is not None]


def _shown(target: str) -> str:
    """A database's name in reports, without secrets."""
    return printable(target, 1100) if target == POSTGRES or target.startswith(LAKE) else without_secrets(target)
