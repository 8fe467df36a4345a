"""mlb-etl raw: list, show and export the captures in the raw tables."""

import functools
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
import msgspec

from mlb_contracts import Method
from mlb_etl import api, registry
from mlb_etl.cli import completing, parameters, report
from mlb_etl.cli.progress import capturing
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.archive import CaptureFilter, CaptureRecord

_DIGITS = 8  # of a hash, as tables show it
_SHORTEST = 4  # digits of a hash that --hash accepts
_DIR = click.Path(file_okay=False, path_type=Path)
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"])
_DAY = "YYYY-MM-DD, today or yesterday."
_PARAM = click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only requests with this parameter, in the path or query. Repeatable; values of one name are alternatives.",
)
_FILTERS = (
    click.option(
        "--method",
        "methods",
        multiple=True,
        shell_complete=completing.methods,
        help="Only captures of this method, such as tracker.issues. Repeatable.",
    ),
    _PARAM,
    click.option(
        "--since",
        callback=parameters.day(ZoneInfo("UTC")),
        metavar="DAY",
        help=f"Only captures of this day (UTC) or later: {_DAY}",
    ),
    click.option(
        "--before",
        callback=parameters.day(ZoneInfo("UTC")),
        metavar="DAY",
        help=f"Only captures from before this day (UTC): {_DAY}",
    ),
)


def _chosen_by(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the filters to a command, which receives them as one argument, except the methods."""

    @functools.wraps(command)
    def parsed(*, params: tuple[str, ...], since: date | None, before: date | None, **others: Any) -> None:
        command(wanted=CaptureFilter(parameters.given(params), _midnight(since), _midnight(before)), **others)

    for decorator in reversed(_FILTERS):
        parsed = decorator(parsed)
    return parsed


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, datetime.min.time(), UTC)


def _digest(_: click.Context, __: click.Parameter, text: str | None) -> str:
    if text is not None and not re.fullmatch(f"[0-9a-fA-F]{{{_SHORTEST},64}}", text):
        raise click.BadParameter(f"{text!r} is not {_SHORTEST} to 64 hexadecimal digits")
    return text or ""


@click.group()
def raw() -> None:
    """List, show and export the captures in the raw tables.

    \b
    Examples:
      mlb-etl raw list --method tracker.issues
      mlb-etl raw show --method tracker.issues --pretty
      mlb-etl raw export data/exported
    """


@raw.command("list")
@_chosen_by
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="Maximum number per method, the newest."
)
@report.FORMAT
def list_(*, wanted: CaptureFilter, methods: tuple[str, ...], limit: int, form: str) -> None:
    """List captures by method, newest first.

    The column bytes is the size of the body, and seen is the number of consecutive responses with this content. JSON
    also has the other columns of the raw table, except the body, and the size in the table (stored).

    \b
    Examples:
      mlb-etl raw list
      mlb-etl raw list --method weather.hours --param day=2024-10-25
      mlb-etl raw list --since 2024-07-01 --limit 1000 --format json
    """
    settings = Settings.from_environment()
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=False)
        archives = [(method.name, stores.archive(method)) for method in _methods(settings.tables, methods)]
        found = {name: archive.recent(wanted, limit + 1) for name, archive in archives}
    if form == "json":
        report.print_json([_plain(each) for captures in found.values() for each in captures[:limit]])
    elif any(found.values()):
        for name, captures in found.items():
            _show(name, captures[:limit], more=len(captures) > limit)
    else:
        click.echo("nothing")


@raw.command()
@click.option("--method", required=True, shell_complete=completing.methods, help="The method, such as tracker.issues.")
@_PARAM
@click.option(
    "--captured-at", type=_TIME, metavar="TIME", help="Only the capture of this time, such as 2024-07-13T04:19:09Z."
)
@click.option(
    "--hash", "digest", callback=_digest, metavar="DIGITS", help="Only the content whose hash begins with these digits."
)
@click.option("--pretty", is_flag=True, help="Indent the JSON.")
@click.option("--metadata", is_flag=True, help="Print the metadata of the capture instead of its body.")
@report.FORMAT
def show(
    *,
    method: str,
    params: tuple[str, ...],
    captured_at: datetime | None,
    digest: str,
    pretty: bool,
    metadata: bool,
    form: str,
) -> None:
    """Print the body of a capture, byte for byte; if several match, that of the newest.

    On a terminal, a line on standard error says which capture it is. A damaged body is not printed, and the exit code
    is 1.

    \b
    Examples:
      mlb-etl raw show --method tracker.issues --param issue_id=7 > issue.json
      mlb-etl raw show --method tracker.issues --hash 5f0c2a91 --pretty
      mlb-etl raw show --method weather.hours --metadata --format json
    """
    if form == "json" and not metadata:
        raise click.UsageError("--format json requires --metadata; a body is JSON already")
    if pretty and metadata:
        raise click.UsageError("give only one of --pretty and --metadata")
    given = parameters.given(params)
    until = None if captured_at is None else captured_at + _precision(captured_at)
    settings = Settings.from_environment()
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=False)
        of = registry.method(settings.tables, method)
        found = stores.archive(of).newest(CaptureFilter(given, captured_at, until, digest))
    if found is None:
        raise EtlError(f"{method} has no such capture; `mlb-etl raw list --method {method}` lists those that exist")
    captured, kept = found
    if metadata:
        if form == "json":
            report.print_json(_plain(captured))
        else:
            report.pairs(_plain(captured))
        return
    data = captured.response(kept).data
    if sys.stdout.isatty():
        click.echo(f"{captured.name} {_asked(captured)}, captured at {captured.captured_at.isoformat()}", err=True)
    click.echo(_pretty(data) if pretty else data, nl=False)


@raw.command()
@click.argument("folder", metavar="DIR", type=_DIR)
@_chosen_by
@click.option("--quiet", is_flag=True, help="Don't report progress.")
@report.FORMAT
@click.pass_context
def export(
    ctx: click.Context, *, folder: Path, wanted: CaptureFilter, methods: tuple[str, ...], quiet: bool, form: str
) -> None:
    """Write captures as stubs below DIR, one file each, for `mlb-etl load` and `mlbgen --stubs`.

    Each body is verified with its hash. You can run the command again, also after it was stopped: files that exist with
    the same content stay, and files with other content are never overwritten. A capture that can't be written is listed
    with the reason; the others are written, and the exit code is 1. Stubs don't record how often a response was seen.

    \b
    Examples:
      mlb-etl raw export data/exported
      mlb-etl raw export data/july --since 2024-07-01 --before 2024-08-01
      mlb-etl raw export data/one --method tracker.issues --param issue_id=7
    """
    from mlb_etl.capture import export as work  # noqa: PLC0415 - list and show don't need it

    settings = Settings.from_environment()
    with api.database(settings).open() as stores, capturing(quiet=quiet) as progress:
        stores.require_migrated(writing=False)
        done = work.export_captures(stores, _methods(settings.tables, methods), folder, wanted, progress)
    if form == "json":
        bad = [{"capture": each.name, **report.facts(each.why)} for each in done.failures]
        report.print_json({"written": done.written, "present": done.present, "failed": bad})
    else:
        report.some(done.failures, lambda each: report.rejected(f"not written: {each.name}", each.why), "failed")
        click.echo(f"written {done.written}, there before {done.present}, failed {len(done.failures)}")
    ctx.exit(1 if done.failures else 0)


def _methods(package: str, names: Sequence[str]) -> list[Method]:
    """The methods of these names, or all; of methods that share a raw table, the first."""
    found: dict[str, Method] = {}
    for name in names or sorted(registry.methods(package)):
        method = registry.method(package, name)
        found.setdefault(method.qualified_raw_table, method)
    return list(found.values())


def _precision(of: datetime) -> timedelta:
    """The precision of a given time: a second if it has no fraction."""
    return timedelta(microseconds=1) if of.microsecond else timedelta(seconds=1)


def _show(method: str, captures: Sequence[CaptureRecord], *, more: bool) -> None:
    if not captures:
        return
    click.echo(method)
    rows = [
        (
            f"{each.captured_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            _asked(each, method),
            each.status_code,
            each.seen,
            "unknown" if each.size is None else each.size,
            each.content_hash.hex()[:_DIGITS],
        )
        for each in captures
    ]
    report.print_table(("captured at", "parameters", "status", "seen", "bytes", "hash"), rows)
    if more:
        click.echo("more captures exist; raise --limit to list them")


def _asked(captured: CaptureRecord, method: str | None = None) -> str:
    """The parameters of the request, preceded by its method if that differs from `method`."""
    form = [captured.name] if method not in {None, captured.name} else []
    return " ".join([*form, *(f"{name}={_text(value)}" for name, value in captured.parameters.items())])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _plain(captured: CaptureRecord) -> Mapping[str, Any]:
    return asdict(captured) | {"content_hash": captured.content_hash.hex()}


def _pretty(data: bytes) -> bytes:
    """The indented JSON; its numbers and strings keep their spelling."""
    try:
        return msgspec.json.format(data, indent=2) + b"\n"
    except msgspec.DecodeError as error:
        raise Rejected(f"not JSON: {error}; without --pretty it is printed unchanged", path="body") from error
