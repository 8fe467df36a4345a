"""What `mlb-etl schema` does where the database is a lake."""

from typing import TYPE_CHECKING

import click

from mlb_etl import api
from mlb_etl.cli import report
from mlb_etl.settings import Settings

if TYPE_CHECKING:
    from mlb_etl.stores.delta.lake import Lake
    from mlb_etl.stores.delta.schema import Difference


def lake_of(settings: Settings) -> "Lake | None":
    """The lake in the settings; None if they name a PostgreSQL database."""
    if (place := api.lake_place(settings)) is None:
        return None
    from mlb_etl.stores.delta.lake import Lake  # noqa: PLC0415 - it needs an extra that may not be installed

    return Lake.at(place)


def init(settings: Settings, form: str) -> None:
    """Make the tables and columns that the lake lacks, and print which."""
    from mlb_etl.stores.delta import schema  # noqa: PLC0415 - it needs an extra that may not be installed

    lake = lake_of(settings)
    made = [] if lake is None else schema.apply(lake, settings.tables)
    if form == "json":
        report.print_json({"applied": made})
        return
    for name in made:
        click.echo(f"made {name}")
    if not made:
        click.echo("the schema is up to date")


def status(settings: Settings, form: str) -> int:
    """Print what the lake lacks, and return the exit code: 0 if nothing."""
    from mlb_etl.stores.delta import schema  # noqa: PLC0415 - it needs an extra that may not be installed

    lake = lake_of(settings)
    found = [] if lake is None else schema.differences(lake, settings.tables)
    said = [(each.table.qualified_name, _said(each)) for each in found]
    if form == "json":
        report.print_json({"differences": [{"table": name, "difference": what} for name, what in said]})
    elif said:
        report.print_table(("table", "difference"), said)
    else:
        click.echo("the schema is up to date")
    return int(bool(found))


def _said(of: "Difference") -> str:
    if of.missing:
        return "missing"
    added = [f"column {each.name} is missing" for each in of.added]
    return "; ".join((*added, *(f"column {each}" for each in of.refused)))
