"""Tables for people: drawn on a terminal, plain aligned text in a pipe."""

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table

from mlb_etl.errors import Rejected, shortened

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


def rejected(title: str, why: Rejected) -> None:
    """Print why a response was turned down."""
    facts = {"table": why.table, "path": why.path, "value": shortened(why.value), "reason": why.reason}
    click.echo(title)
    for name, fact in facts.items():
        if fact is not None:
            click.echo(f"  {name:<6}  {fact}")


def _plain(headers: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: Sequence[bool]) -> None:
    lines = [headers, *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(headers))]
    for line in lines:
        cells = zip(line, widths, numbers, strict=True)
        click.echo(
            "  ".join(cell.rjust(width) if number else cell.ljust(width) for cell, width, number in cells).rstrip()
        )
