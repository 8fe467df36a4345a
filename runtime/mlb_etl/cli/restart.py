"""mlb-etl schema restart: replaces a schema from before the first release."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import click

from mlb_etl.capture.restored import Restored
from mlb_etl.cli import report
from mlb_etl.cli.progress import capturing
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, unreleased
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.unreleased import OldRawTable, Schemas

_Progress: TypeAlias = Callable[[Restored, int], None]
_Fill: TypeAlias = Callable[[Settings, Connection, Sequence[OldRawTable], _Progress], Restored]


@click.command()
@click.option("--from-raw", is_flag=True, help="Fill the new raw tables from the old ones.")
@click.option(
    "--from-store", "place", metavar="PLACE", help="Fill them from an object store: s3://bucket/prefix or a folder."
)
@click.option("--yes", is_flag=True, help="Restart, instead of only listing what would be done.")
@click.option("--quiet", is_flag=True, help="Don't report progress.")
@report.FORMAT
@click.pass_context
def restart(ctx: click.Context, *, from_raw: bool, place: str | None, yes: bool, quiet: bool, form: str) -> None:
    """Replace schemas from before the first release by new ones, and keep every capture.

    Nothing is deleted: the schemas are renamed, such as tracker to tracker_unreleased, and new ones are created and
    filled with the captures. Afterwards `mlb-etl transform` fills the tables. Stop all workers first. Decisions about
    captures in quarantine are not kept.

    You can run it again, also after it was stopped. A capture that can't be read is listed with the reason and stays in
    the old schema; the others are copied, and the exit code is 1.

    \b
    Examples:
      mlb-etl schema restart --from-raw
      mlb-etl schema restart --from-raw --yes
      mlb-etl schema restart --from-store s3://captures/mlb --yes
    """
    if from_raw == (place is not None):
        raise click.UsageError("give either --from-raw or --from-store")
    settings = Settings.from_environment()
    fill = _from_raw if place is None else _from_store(place)
    with db.connect(settings) as connection, db.translate_errors():
        if not yes:
            found, done = unreleased.find_schemas(connection, settings.tables), None
        else:
            found = unreleased.set_aside(connection, settings.tables)
            with capturing(quiet=quiet) as progress:
                done = fill(settings, connection, found.raw_tables, progress)
    if form == "json":
        report.print_json(_plain(found, done))
    else:
        _show(found, done)
    ctx.exit(1 if done is not None and done.failures else 0)


def _from_raw(
    settings: Settings, connection: Connection, tables: Sequence[OldRawTable], progress: _Progress
) -> Restored:
    from mlb_etl.cli import restarting as work  # noqa: PLC0415 - other commands of the group don't need it

    with db.connect(settings) as reader:
        return work.copy(connection, reader, settings.tables, tables, progress)


def _from_store(place: str) -> _Fill:
    """Opens the object store first, so that an error is raised before anything changes."""
    from mlb_etl.capture import object_store, restore  # noqa: PLC0415 - they need an extra that may not be installed

    store = object_store.ObjectStore(place)
    return lambda settings, connection, _, progress: restore.restore_captures(
        PostgresStores(connection, settings.tables), settings.tables, store, progress
    )


def _show(found: Schemas, done: Restored | None) -> None:
    report.print_table(
        ("raw table", "method", "captures"), [(each.table, each.method, each.captures) for each in found.raw_tables]
    )
    if done is None:
        for name, other in found.to_move.items():
            click.echo(f"{name} becomes {other}")
        if found.aside:
            click.echo(f"set aside already: {', '.join(found.aside)}")
        click.echo("nothing was changed; --yes restarts")
        return
    report.some(done.failures, lambda each: report.rejected(f"refused {each.name}", each.why), "were refused")
    click.echo(f"stored {done.stored}, unchanged {done.seen}, known {done.known}, refused {len(done.failures)}")
    for method in dict.fromkeys(each.method for each in found.raw_tables):
        click.echo(f"now run: mlb-etl transform --method {method}")
    click.echo(f"when nothing is missing: DROP SCHEMA {', '.join(found.aside)} CASCADE")


def _plain(found: Schemas, done: Restored | None) -> dict[str, Any]:
    tables = [{"table": each.table, "method": each.method, "captures": each.captures} for each in found.raw_tables]
    became = done or Restored()
    return {
        "to_move": found.to_move,
        "aside": found.aside,
        "raw_tables": tables,
        "restarted": done is not None,
        "stored": became.stored,
        "unchanged": became.seen,
        "known": became.known,
        "refused": [{"capture": each.name, "reason": str(each.why)} for each in became.failures],
    }
