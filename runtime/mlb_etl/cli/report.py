"""What people and machines read: tables, drawn on a terminal and plain in a pipe, and counts."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mlb_etl.counts import Counts, Quarantined
from mlb_etl.errors import Rejected, printable, shortened

Cell = str | int


def table(headers: Sequence[str], rows: Sequence[Sequence[Cell]]) -> None:
    """Print the rows; columns of numbers are aligned to the right."""
    numbers = [all(isinstance(row[place], int) for row in rows) for place in range(len(headers))]
    console = Console()
    if not console.is_terminal:
        _plain(headers, rows, numbers)
        return
    drawn = Table()
    for header, number in zip(headers, numbers, strict=True):
        drawn.add_column(header, justify="right" if number else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    console.print(drawn)


def counts(done: Counts) -> None:
    """Print what a run did."""
    rows = [(name, each.inserted, each.updated, each.unchanged, each.deleted) for name, each in done.tables.items()]
    table(("table", "inserted", "updated", "unchanged", "deleted"), rows)
    click.echo(", ".join(f"{name} {number}" for name, number in asdict(done.documents).items()))
    for warned in done.warnings:
        click.echo(f"warning: {warned.document}: {warned.rows} rows of {warned.table} break {warned.check}")
    for each in done.quarantined:
        rejected(f"quarantined {each.document}, captured at {each.captured_at:%Y-%m-%dT%H:%M:%S%z}", each.why)


def plain(done: Counts) -> dict[str, Any]:
    """What a run did, as JSON has it."""
    return {
        "documents": asdict(done.documents),
        "tables": {name: asdict(each) for name, each in done.tables.items()},
        "quarantined": [_quarantined(each) for each in done.quarantined],
        "warnings": [asdict(each) | {"document": json.loads(each.document)} for each in done.warnings],
    }


def _quarantined(each: Quarantined) -> dict[str, Any]:
    return {"document": json.loads(each.document), "captured_at": each.captured_at.isoformat(), **facts(each.why)}


def facts(why: Rejected) -> dict[str, str | None]:
    """Why a response was turned down, as JSON has it."""
    value = None if why.value is None else str(why.value)
    return {"table": why.table, "path": why.path, "value": value, "reason": why.reason}


def rejected(title: str, why: Rejected) -> None:
    """Print why a response was turned down."""
    facts = {"table": why.table, "path": why.path, "value": shortened(why.value), "reason": why.reason}
    click.echo(printable(title))
    for name, fact in facts.items():
        if fact is not None:
            click.echo(f"  {name:<6}  {printable(fact, 1000)}")


def _plain(headers: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: Sequence[bool]) -> None:
    lines = [headers, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headers))]
    for line in lines:
        cells = zip(line, widths, numbers, strict=True)
        click.echo(
            "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in cells).rstrip()
        )
