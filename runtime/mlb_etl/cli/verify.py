"""mlb-etl verify: compare the tables with the captures."""

import json
import textwrap
from dataclasses import asdict
from typing import Any

import click

from mlb_etl import api
from mlb_etl.cli import completing, documents, parameters, report, shortcuts
from mlb_etl.cli.tables import print_paragraph
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.operations import BrokenCheck, ComparedDocument, RowDifference, SumDifference

_WIDTH = 80


@click.group(invoke_without_command=True)
@parameters.TARGET
@click.pass_context
def verify(ctx: click.Context, *, target: str | None) -> None:
    """Compare the tables with the captures, and with each other.

    Without a command, `rows` and `sums` run, of all documents.

    \b
    Examples:
      mlb-etl verify
      mlb-etl verify rows
      mlb-etl verify sums
    """
    ctx.obj = target
    if ctx.invoked_subcommand is None:
        settings = parameters.settings_for(target)
        given: dict[str, list[str]] = {}
        right = _rows(settings, None, given, "text")
        ctx.exit(0 if _sums(settings, None, given, None, "text") and right else 1)


@verify.command()
@documents.METHOD
@shortcuts.of_documents
@parameters.PARAM
@parameters.TARGET
@report.FORMAT
@click.pass_context
def rows(
    ctx: click.Context,
    /,
    *,
    method: str | None,
    params: tuple[str, ...],
    target: str | None,
    form: str,
    **chosen: tuple[str, ...],
) -> None:
    """Compare the rows of documents with those derived from their captures, and list each row that differs.

    A row is missing; extra, if the capture has no row with its key; different, in the columns listed; or later than the
    capture, which then can't replace it. The cause is a change by hand or a lost watermark; `mlb-etl repair` corrects
    it. The command only reads. Its JSON output has one line per document with differences.

    The exit code is 1 if a row differs or a document could not be compared.

    \b
    Examples:
      mlb-etl verify rows --method tracker.issues --param issue_id=7
      mlb-etl verify rows --target delta:data/lake --format json
    """
    given = parameters.given(params, chosen)
    ctx.exit(0 if _rows(parameters.settings_for(target or ctx.obj), method, given, form) else 1)


@verify.command()
@documents.METHOD
@shortcuts.of_documents
@parameters.PARAM
@shortcuts.if_known(
    "season",
    click.option(
        "--season",
        type=click.IntRange(1, 9999),
        shell_complete=completing.seasons,
        help="Only documents of this season.",
    ),
)
@parameters.TARGET
@report.FORMAT
@click.pass_context
def sums(
    ctx: click.Context,
    /,
    *,
    method: str | None,
    params: tuple[str, ...],
    target: str | None,
    form: str,
    season: int | None = None,
    **chosen: tuple[str, ...],
) -> None:
    """Compare sums across tables that have to agree, and test the checks of all tables.

    Mappings state the sums, such as those of parts and of their total, for documents that are complete. Groups
    that are known to differ are counted, and JSON lists them with the reason. The command only reads.

    The exit code is 1 if a sum differs or a row breaks a check, except checks that only warn.

    \b
    Examples:
      mlb-etl verify sums --param issue_id=7
      mlb-etl verify sums --format json
    """
    given = parameters.given(params, chosen)
    ctx.exit(0 if _sums(parameters.settings_for(target or ctx.obj), method, given, season, form) else 1)


def _rows(settings: Settings, method: str | None, given: dict[str, list[str]], form: str) -> bool:
    """Compare rows with captures, print what differs, and return whether nothing does."""
    number = differing = 0
    with api.database(settings).open() as stores:
        stores.require_migrated()
        for each, scope in documents.chosen(settings.tables, method, given):
            for checked in stores.operations().compare(each, scope):
                number += 1
                if not checked.right:
                    differing += 1
                    click.echo(json.dumps(_plain(checked)) if form == "json" else _text(checked))
    if form == "text":
        click.echo(f"{number} documents compared, {differing} differ from their captures")
    return not differing


def _sums(settings: Settings, method: str | None, given: dict[str, list[str]], season: int | None, form: str) -> bool:
    """Compare sums and test checks, print what fails, and return whether nothing does."""
    different: list[SumDifference] = []
    broken: list[BrokenCheck] = []
    rules = 0
    with api.database(settings).open() as stores:
        stores.require_migrated(writing=False)
        operations = stores.operations()
        for each, scope in documents.chosen(settings.tables, method, given):
            rules += 0 if each.sums is None else len(each.sums.rules)
            different += operations.different_sums(each, scope, season)
            broken += operations.broken_checks(each, scope) if season is None else ()
    if form == "json":
        report.print_json({"sums": list(map(asdict, different)), "checks": [_check(each) for each in broken]})
    else:
        _print_sums(rules, different, broken)
    return all(each.exception for each in different) and not any(each.severity == "error" for each in broken)


def _print_sums(rules: int, different: list[SumDifference], broken: list[BrokenCheck]) -> None:
    unknown = [each for each in different if each.exception is None]
    for each in unknown:
        print_paragraph(f"{each.rule}: {_keys(each.by)}: {each.left}, but {each.right}: {each.description}")
    for row in broken:
        print_paragraph(f"{row.table}: {_keys(row.key)}: breaks {row.check} ({row.severity})")
    known = len(different) - len(unknown)
    click.echo(f"{rules} sums compared, {len(unknown)} groups differ, and {known} that are known to")


def _check(broken: BrokenCheck) -> dict[str, Any]:
    return asdict(broken) | {"key": {name: _value(value) for name, value in broken.key.items()}}


def _value(value: object) -> object:
    return value if isinstance(value, int) else str(value)


def _text(checked: ComparedDocument) -> str:
    lines = [f"{checked.method} {_keys(checked.document)}"]
    if checked.why is not None:
        lines += textwrap.wrap(checked.why, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    for each in checked.differences:
        lines += textwrap.wrap(_told(each), _WIDTH, initial_indent="  ", subsequent_indent="    ")
    return "\n".join(lines)


def _told(each: RowDifference) -> str:
    what = f"{each.table}, {_keys(each.key)}: {each.kind}"
    if each.kind == "later" and each.captured_at is not None:
        what += f", of {each.captured_at.isoformat()}"
    return f"{what}, in {', '.join(each.columns)}" if each.columns else what


def _keys(of: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in of.items())


def _plain(checked: ComparedDocument) -> dict[str, Any]:
    rows = [
        {
            "table": each.table,
            "key": {name: _value(value) for name, value in each.key.items()},
            "kind": each.kind,
            "columns": list(each.columns),
            "captured_at": each.captured_at.isoformat() if each.captured_at else None,
        }
        for each in checked.differences
    ]
    return {"method": checked.method, "document": checked.document, "rows": rows, "why": checked.why}
