"""mlb-etl verify: compare the tables with the captures."""

import json
import textwrap
from typing import Any

import click

from mlb_etl.cli import documents, parameters, report
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate
from mlb_etl.stores.postgres import verify as work
from mlb_etl.stores.postgres.verify import ComparedDocument, RowDifference

_WIDTH = 80


@click.group()
def verify() -> None:
    """Compare the tables with the captures.

    \b
    Example:
      mlb-etl verify rows
    """


@verify.command()
@documents.METHOD
@documents.GAME_PK
@parameters.PARAM
@report.FORMAT
@click.pass_context
def rows(
    ctx: click.Context, *, method: str | None, game_pk: tuple[str, ...], params: tuple[str, ...], form: str
) -> None:
    """Compare the rows of documents with those derived from their captures, and list each row that differs.

    A row is missing; extra, if the capture has no row with its key; different, in the columns listed; or later than the
    capture, which then can't replace it. The cause is a change by hand or a lost watermark; `mlb-etl repair` corrects
    it. The command only reads. Its JSON output has one line per document with differences.

    The exit code is 1 if a row differs or a document could not be compared.

    \b
    Examples:
      mlb-etl verify rows --method game.liveGameV1 --game-pk 747175
      mlb-etl verify rows --format json
    """
    given = parameters.given(params, game_pk=game_pk)
    settings = Settings.from_environment()
    number = differing = 0
    with db.connect(settings) as connection, db.translate_errors():
        migrate.require(connection, settings.tables)
        for each, scope in documents.chosen(settings.tables, method, given):
            for checked in work.compare_documents(connection, each, scope):
                number += 1
                if not checked.right:
                    differing += 1
                    click.echo(json.dumps(_plain(checked)) if form == "json" else _text(checked))
    if form == "text":
        click.echo(f"{number} documents compared, {differing} differ from their captures")
    ctx.exit(1 if differing else 0)


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
            "key": {name: value if isinstance(value, int) else str(value) for name, value in each.key.items()},
            "kind": each.kind,
            "columns": list(each.columns),
            "captured_at": each.captured_at.isoformat() if each.captured_at else None,
        }
        for each in checked.differences
    ]
    return {"method": checked.method, "document": checked.document, "rows": rows, "why": checked.why}
