"""mlb-etl raw: what the raw tables hold."""

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
from mlb_etl.cli import parameters, report
from mlb_etl.cli.progress import capturing
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.archive import Captured, Filter

_DIGITS = 8  # of a hash, in tables
_SHORTEST = 4  # digits of a hash that mean something
_DIR = click.Path(file_okay=False, path_type=Path)
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"])
_DAY = "YYYY-MM-DD, today or yesterday."
_PARAM = click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="Only requests with this parameter, in their path or query. Repeatable; of one name, any of the values.",
)
_FILTERS = (
    click.option("--method", "methods", multiple=True, help="Only this method's, such as game.liveGameV1. Repeatable."),
    _PARAM,
    click.option(
        "--since",
        callback=parameters.day(ZoneInfo("UTC")),
        metavar="DAY",
        help=f"Only what was captured on this day (UTC) or later: {_DAY}",
    ),
    click.option(
        "--before",
        callback=parameters.day(ZoneInfo("UTC")),
        metavar="DAY",
        help=f"Only what was captured before this day (UTC): {_DAY}",
    ),
)


def _chosen_by(command: Callable[..., None]) -> Callable[..., None]:
    """Adds the filters to a command, which gets the names of methods, and the rest as one."""

    @functools.wraps(command)
    def parsed(*, params: tuple[str, ...], since: date | None, before: date | None, **others: Any) -> None:
        command(wanted=Filter(parameters.given(params), _midnight(since), _midnight(before)), **others)

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
    """Look at the captures in the raw tables, and take them out.

    \b
    Examples:
      mlb-etl raw list --method game.liveGameV1
      mlb-etl raw show --method game.liveGameV1 --pretty
      mlb-etl raw export data/exported
    """


@raw.command("list")
@_chosen_by
@click.option(
    "--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many of each method, the newest."
)
@report.FORMAT
def list_(*, wanted: Filter, methods: tuple[str, ...], limit: int, form: str) -> None:
    """List captures, the newest first, those of a method together.

    bytes is the size of the body as it came, seen how many responses one after the other had it. JSON has all that is
    known of a capture but its body: also its size in the table (stored), and until when it was seen.

    \b
    Examples:
      mlb-etl raw list
      mlb-etl raw list --method schedule.schedule --param date=2024-10-25
      mlb-etl raw list --since 2024-07-01 --limit 1000 --format json
    """
    settings = Settings.from_environment()
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=False)
        archives = [(method.name, stores.archive(method)) for method in _methods(settings.tables, methods)]
        found = {name: archive.recent(wanted, limit + 1) for name, archive in archives}
    if form == "json":
        report.as_json([_plain(each) for captures in found.values() for each in captures[:limit]])
    elif any(found.values()):
        for name, captures in found.items():
            _show(name, captures[:limit], more=len(captures) > limit)
    else:
        click.echo("nothing")


@raw.command()
@click.option("--method", required=True, help="The method, such as game.liveGameV1.")
@_PARAM
@click.option("--captured-at", type=_TIME, metavar="TIME", help="The one of this time, such as 2024-07-13T04:19:09Z.")
@click.option("--hash", "digest", callback=_digest, metavar="DIGITS", help="The one whose hash begins so.")
@click.option("--pretty", is_flag=True, help="Indent the JSON.")
@click.option("--metadata", is_flag=True, help="Print what is known of the capture instead of its body.")
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
    """Print the body of a capture, byte for byte as it came; of several, the newest.

    On a terminal, standard error tells first which capture it is. A body that is damaged is not printed, and the exit
    code is 1.

    \b
    Examples:
      mlb-etl raw show --method game.liveGameV1 --param game_pk=747175 > feed.json
      mlb-etl raw show --method game.liveGameV1 --hash 5f0c2a91 --pretty
      mlb-etl raw show --method schedule.schedule --metadata --format json
    """
    if form == "json" and not metadata:
        raise click.UsageError("--format json is for --metadata: a body is JSON already")
    if pretty and metadata:
        raise click.UsageError("say --pretty or --metadata")
    given = parameters.given(params)
    until = None if captured_at is None else captured_at + _precision(captured_at)
    settings = Settings.from_environment()
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=False)
        of = registry.method(settings.tables, method)
        found = stores.archive(of).newest(Filter(given, captured_at, until, digest))
    if found is None:
        raise EtlError(f"{method} has no such capture; `mlb-etl raw list --method {method}` shows which there are")
    captured, kept = found
    if metadata:
        if form == "json":
            report.as_json(_plain(captured))
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
@click.option("--quiet", is_flag=True, help="No progress.")
@report.FORMAT
@click.pass_context
def export(
    ctx: click.Context, *, folder: Path, wanted: Filter, methods: tuple[str, ...], quiet: bool, form: str
) -> None:
    """Write captures as stubs below DIR, one file each, which `mlb-etl load` and `mlbgen --stubs` read.

    Each body is compared with its hash. A file that is there already with the same content stays, so that it can be
    done again, and goes on after it was stopped; a file with another content is never overwritten. A capture that can't
    be written is listed with the reason, does not stop the rest, and makes the exit code 1. A stub does not tell how
    often a response was seen.

    \b
    Examples:
      mlb-etl raw export data/exported
      mlb-etl raw export data/july --since 2024-07-01 --before 2024-08-01
      mlb-etl raw export data/one --method game.liveGameV1 --param game_pk=747175
    """
    from mlb_etl.capture import export as work  # noqa: PLC0415 - list and show do without it

    settings = Settings.from_environment()
    with api.database(settings).open() as stores, capturing(quiet=quiet) as progress:
        stores.require_migrated(writing=False)
        done = work.export_captures(stores, _methods(settings.tables, methods), folder, wanted, progress)
    if form == "json":
        bad = [{"capture": each.name, **report.facts(each.why)} for each in done.failures]
        report.as_json({"written": done.written, "present": done.present, "failed": bad})
    else:
        report.some(done.failures, lambda each: report.rejected(f"not written: {each.name}", each.why), "failed")
        click.echo(f"written {done.written}, there before {done.present}, failed {len(done.failures)}")
    ctx.exit(1 if done.failures else 0)


def _methods(package: str, names: Sequence[str]) -> list[Method]:
    """Those of these names, or all; one of each raw table, which several methods may share."""
    found: dict[str, Method] = {}
    for name in names or sorted(registry.methods(package)):
        method = registry.method(package, name)
        found.setdefault(method.qualified_raw_table, method)
    return list(found.values())


def _precision(of: datetime) -> timedelta:
    """How much time a time stands for: a second where it has no fraction."""
    return timedelta(microseconds=1) if of.microsecond else timedelta(seconds=1)


def _show(method: str, captures: Sequence[Captured], *, more: bool) -> None:
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
    report.table(("captured at", "parameters", "status", "seen", "bytes", "hash"), rows)
    if more:
        click.echo("and more; --limit lists them")


def _asked(captured: Captured, method: str | None = None) -> str:
    """What was asked for; with the method where it is another form than the one that is named."""
    form = [captured.name] if method not in {None, captured.name} else []
    return " ".join([*form, *(f"{name}={_text(value)}" for name, value in captured.parameters.items())])


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _plain(captured: Captured) -> Mapping[str, Any]:
    return asdict(captured) | {"content_hash": captured.content_hash.hex()}


def _pretty(data: bytes) -> bytes:
    """The JSON with line breaks; its numbers and texts stay as they are written."""
    try:
        return msgspec.json.format(data, indent=2) + b"\n"
    except msgspec.DecodeError as error:
        raise Rejected(f"not JSON: {error}; without --pretty it is printed as it is", path="body") from error
