"""What options and arguments are completed with in a shell: names that are known, and what the database has.

Nobody waits for a completion: a look-up in the database takes 0.3 seconds at most. Errors end in `shells`, which tells
none. Values from a database are told only if a shell can't be confused by them.
"""

import json
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, TypeAlias

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from mlb_etl.settings import Settings
    from mlb_etl.stores.interfaces.viewing import Viewer

SECONDS = 0.3
_MOST = 200  # values of a kind
_SAFE = re.compile(r"[\w.:@/+=-]{1,200}")
_HELP = 80  # characters

Item: TypeAlias = CompletionItem[str]
Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[Item]]


def completer(found: Callable[[click.Context, str], Iterable[tuple[str, str]]]) -> Completer:
    """A completer that tells those values, each with a line about it, that begin as the incomplete one does."""

    @wraps(found)
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[Item]:
        items = [(value, line) for value, line in found(ctx, incomplete) if value.startswith(incomplete)]
        return [CompletionItem(value, help=_line(line)) for value, line in items[:_MOST] if _SAFE.fullmatch(value)]

    return complete


@completer
def methods(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """The methods of the package."""
    from mlb_etl import registry  # noqa: PLC0415 - help does not need it

    return ((name, "") for name in sorted(registry.captured_names(_settings(ctx).tables)))


@completer
def tables(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """The tables of the package, without raw tables."""
    found = _described(ctx, "tables")
    of_documents = {name.removesuffix("_documents") for name in found if name.endswith("_documents")}
    raw = {name for name in of_documents if name in found} | {f"{name}_documents" for name in of_documents}
    return ((name, line) for name, line in found.items() if name not in raw)


@completer
def views(ctx: click.Context, _: str) -> Iterable[tuple[str, str]]:
    """The views of the package."""
    return _described(ctx, "views").items()


def _described(ctx: click.Context, kind: str) -> dict[str, str]:
    """The names of all tables or views with their descriptions, from the description of the package's schema."""
    from mlb_etl import registry  # noqa: PLC0415 - help does not need it

    schema = json.loads((registry.migrations_folder(_settings(ctx).tables) / "schema.json").read_bytes())
    return {f"{each['schema']}.{each['name']}": each["description"] or "" for each in schema[kind]}


@completer
def _job_names(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    from mlb_etl.jobs import job_files  # noqa: PLC0415 - help does not need it

    return ((name, "") for name in job_files.known())


def jobs(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[Item]:
    """The jobs that are known by name, or else files."""
    return _job_names(ctx, parameter, incomplete) or [CompletionItem(incomplete, type="file")]


@completer
def job_parameters(ctx: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The parameters of the job that --job names, as NAME=."""
    from mlb_etl.jobs import job_files  # noqa: PLC0415 - help does not need it

    job = job_files.load_job(ctx.params["job"], _settings(ctx).tables)
    return ((f"{each.name}=", each.description) for each in job.parameters if "=" not in incomplete)


@completer
def months(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    """The months of last year, this year and the next one."""
    year = datetime.now(UTC).year
    return ((f"{each}-{month:02}", "") for each in range(year - 1, year + 2) for month in range(1, 13))


@completer
def days(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    """The days that have a name."""
    return ((name, "") for name in ("today", "yesterday", "tomorrow"))


@completer
def seasons(_: click.Context, __: str) -> Iterator[tuple[str, str]]:
    """This year and the nine before it."""
    year = datetime.now(UTC).year
    return ((str(each), "") for each in range(year, year - 10, -1))


@completer
def profiles(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """The profiles of the settings file."""
    from mlb_etl.settings import file, working_directory  # noqa: PLC0415 - help does not need it

    _choose(ctx, "config")
    found = file.find(working_directory())
    return ((name, "") for name in sorted(found.profiles if found else ()))


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[Item]:
    """Folders."""
    return [CompletionItem(incomplete, type="dir")]


@completer
def targets(_: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The ways to name a database; after delta:, the folders."""
    if not incomplete.startswith("delta:"):
        yield "postgres", "the database of the settings"
        yield "postgresql://", "a DSN"
        yield "delta:", "a lake: a folder, or s3://bucket/prefix"
        return
    yield from _places("delta:", incomplete)


@completer
def exports(_: click.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The formats of an export; after one, the folders, and the files of those that are files."""
    formats = {"parquet:": "a folder", "csv:": "a folder", "duckdb:": "a file", "sqlite:": "a file"}
    chosen = next(filter(incomplete.startswith, formats), None)
    yield from formats.items() if chosen is None else _places(chosen, incomplete, files=formats[chosen] == "a file")


def _places(before: str, incomplete: str, *, files: bool = False) -> Iterator[tuple[str, str]]:
    """The folders, and files if wanted, in the folder that is typed already."""
    place = incomplete.removeprefix(before).rpartition("/")[0]
    for each in sorted(os.scandir(place or "."), key=lambda each: each.name):
        if (files or each.is_dir()) and not each.name.startswith("."):
            yield f"{before}{f'{place}/' if place else ''}{each.name}", ""


def looked_up(found: "Callable[[Viewer], Iterable[tuple[str, str]]]") -> Completer:
    """A completer for what a database has, which is that of the settings or of --target.

    It only reads, and starts no server.
    """

    def values(ctx: click.Context, _: str) -> Iterable[tuple[str, str]]:
        from mlb_etl import api  # noqa: PLC0415 - help does not need it

        viewing = api.viewing(_settings(ctx))

        def look() -> list[tuple[str, str]]:
            viewer = viewing.open()
            try:
                return list(found(viewer))
            finally:
                viewer.close()

        return _within(SECONDS, look)

    return completer(values)


def _waiting(viewer: "Viewer") -> Iterator[tuple[str, str]]:
    return ((str(each.id), each.reason) for each in viewer.quarantined(_MOST))


quarantined = looked_up(_waiting)
"""The ids of captures that wait in quarantine."""


def _within(seconds: float, work: Callable[[], list[tuple[str, str]]]) -> list[tuple[str, str]]:
    """What the work returns, or nothing if it takes longer: it goes on in a thread that ends with the program."""
    done: list[list[tuple[str, str]]] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception:  # noqa: BLE001 - whatever it is, a thread would print it
            done.append([])

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    return done[0] if done else []


def _settings(ctx: click.Context) -> "Settings":
    """The settings that the command would have: the options before it count."""
    from mlb_etl.settings import Settings  # noqa: PLC0415 - help does not need it

    _choose(ctx, "config", "profile")
    settings = Settings.from_environment()
    target = ctx.params.get("target") or next(iter(ctx.params.get("chosen") or ()), None)
    return settings if target is None else settings.at(target)


def _choose(ctx: click.Context, *names: str) -> None:
    """Let options of the program count as the environment's variables do."""
    for name in names:
        if chosen := ctx.find_root().params.get(name):
            os.environ[f"MLB_ETL_{name.upper()}"] = str(chosen)


def _line(text: str) -> str | None:
    """The first sentence, in one line that no shell takes for anything but text."""
    first = re.sub(r"[^\w .,'()-]+", " ", text.split(". ", maxsplit=1)[0]).strip().removesuffix(".")
    return (first if len(first) <= _HELP else f"{first[: _HELP - 1]}…") or None
