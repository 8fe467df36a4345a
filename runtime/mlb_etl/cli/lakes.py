"""mlb-etl lake, and what `mlb-etl schema` does where the database is a lake."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from mlb_etl.cli import completing, parameters, report
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings

if TYPE_CHECKING:
    from mlb_etl.stores.delta.lake import Lake
    from mlb_etl.stores.delta.schema import Difference

_DAYS = 7  # as long as readers may use a version


def lake_of(settings: Settings) -> "Lake | None":
    """The lake in the settings; None if they name a PostgreSQL database."""
    if settings.lake is None:
        return None
    from mlb_etl.stores.delta.lake import Lake  # noqa: PLC0415 - it needs an extra that may not be installed

    return Lake.at(settings.lake)


@click.group()
def lake() -> None:
    """Keep the files of a lake few, and show who wrote them.

    \b
    Examples:
      mlb-etl lake optimize --target delta:data/lake
      mlb-etl lake vacuum --target delta:data/lake --days 30
      mlb-etl lake history tracker.issue_labels --target delta:data/lake
    """


@lake.command()
@parameters.TARGET
@report.FORMAT
def optimize(*, target: str | None, form: str) -> None:
    """Write the small files of each table together, so that readers open fewer.

    Each commit adds files; run this after many, such as once a day beside `mlb-etl live`. Writers go on meanwhile.
    `mlb-etl lake vacuum` deletes the files that were replaced.

    \b
    Examples:
      mlb-etl lake optimize --target delta:data/lake
      mlb-etl lake optimize --target delta:s3://bucket/mlb --format json
    """
    from mlb_etl.stores.delta import upkeep  # noqa: PLC0415 - it needs an extra that may not be installed

    settings = parameters.settings_for(target)
    done = list(upkeep.optimize(_lake(settings), settings.tables))
    if form == "json":
        report.print_json([asdict(each) for each in done])
        return
    rows = [(each.table, str(each.removed), str(each.added)) for each in done if each.removed]
    if rows:
        report.print_table(("table", "files before", "files after"), rows)
    else:
        click.echo("no table has small files")


@lake.command()
@click.option(
    "--days", type=click.IntRange(1, 3650), default=_DAYS, show_default=True, help="Keep files of versions this young."
)
@parameters.TARGET
@report.FORMAT
def vacuum(*, days: int, target: str | None, form: str) -> None:
    """Delete files that no version of the last days refers to.

    Who still reads an older version finds its files gone.

    \b
    Examples:
      mlb-etl lake vacuum --target delta:data/lake
      mlb-etl lake vacuum --target delta:data/lake --days 30
    """
    from mlb_etl.stores.delta import upkeep  # noqa: PLC0415 - it needs an extra that may not be installed

    settings = parameters.settings_for(target)
    done = list(upkeep.vacuum(_lake(settings), settings.tables, timedelta(days=days)))
    if form == "json":
        report.print_json([asdict(each) for each in done])
    else:
        click.echo(f"deleted {sum(each.files for each in done)} files of {len(done)} tables")


@lake.command()
@click.argument("table", shell_complete=completing.tables)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Number of versions.")
@parameters.TARGET
@report.FORMAT
def history(*, table: str, limit: int, target: str | None, form: str) -> None:
    """List the last versions of a table, newest first.

    \b
    Examples:
      mlb-etl lake history tracker.issue_labels --target delta:data/lake
      mlb-etl lake history etl.watermark --target delta:data/lake --limit 5
    """
    from mlb_etl.stores.delta import upkeep  # noqa: PLC0415 - it needs an extra that may not be installed

    settings = parameters.settings_for(target)
    found = upkeep.history(_lake(settings), settings.tables, table, limit)
    if form == "json":
        report.print_json([asdict(each) for each in found])
    else:
        rows = [(str(each.version), f"{each.written_at:%Y-%m-%d %H:%M:%S}", each.operation) for each in found]
        report.print_table(("version", "written at", "operation"), rows)


def _lake(settings: Settings) -> "Lake":
    if (found := lake_of(settings)) is None:
        raise EtlError("this needs a lake: name it with --target delta:FOLDER or delta:s3://bucket/prefix")
    return found


def init(of: "Lake", package: str) -> list[str]:
    """Make the tables and columns that the lake lacks, and return which."""
    from mlb_etl.stores.delta import schema  # noqa: PLC0415 - it needs an extra that may not be installed

    return schema.apply(of, package)


def status(of: "Lake", package: str) -> list[tuple[str, str]]:
    """What the lake lacks, by table."""
    from mlb_etl.stores.delta import schema  # noqa: PLC0415 - it needs an extra that may not be installed

    return [(each.table.qualified_name, _said(each)) for each in schema.differences(of, package)]


def show_status(found: Sequence[tuple[str, str]]) -> None:
    """Print what a lake lacks."""
    if found:
        report.print_table(("table", "difference"), found)
    else:
        click.echo("the schema is up to date")


def _said(of: "Difference") -> str:
    if of.missing:
        return "missing"
    added = [f"column {each.name} is missing" for each in of.added]
    return "; ".join((*added, *of.refused))
