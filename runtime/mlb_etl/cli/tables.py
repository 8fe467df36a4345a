"""Text tables: aligned columns if they fit, otherwise one record per row. Lines fit the terminal; words stay whole."""

import textwrap
from collections.abc import Sequence
from typing import TypeAlias

from rich.console import Console
from rich.text import Text

from mlb_etl.cli.console import Output
from mlb_etl.errors import printable

Cell: TypeAlias = str | int

_GAP = 2  # spaces between two columns
_PIPE = 10**6  # columns; a pipe has no width


def print_table(headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, indent: int = 0) -> None:
    """Print the rows, with numbers aligned to the right; on a terminal, zeros are dim."""
    console = Output()
    cells = [[format_number(cell) if isinstance(cell, int) else printable(cell, 1000) for cell in row] for row in rows]
    numbers = [all(isinstance(row[place], int) for row in rows) for place in range(len(headers))]
    widths = [max(len(line[place]) for line in (headers, *cells)) for place in range(len(headers))]
    if indent + sum(widths) + _GAP * (len(widths) - 1) > width():
        _records(console, headers, cells, indent)
        return
    for line, style in ((headers, "bold"), *((row, "") for row in cells)):
        text = Text(" " * indent)
        for place, (cell, room, right) in enumerate(zip(line, widths, numbers, strict=True)):
            padded = cell.rjust(room) if right else cell.ljust(room)
            text.append(" " * _GAP if place else "").append(padded, "dim" if right and cell == "0" else style)
        text.rstrip()
        console.print(text, soft_wrap=True)


def print_paragraph(text: str, *, indent: int = 0, hang: int = 2) -> None:
    """Print a text in lines that fit; the second and later ones hang."""
    first, later = " " * indent, " " * (indent + hang)
    shown = printable(text, 1000)
    # breaks only words that are longer than a line, such as a path
    for line in textwrap.wrap(shown, width(), initial_indent=first, subsequent_indent=later, break_on_hyphens=False):
        Output().print(Text(line), soft_wrap=True)


def format_number(of: int) -> str:
    """The number; on a terminal, with separators between thousands."""
    return f"{of:,}" if Output().is_terminal else str(of)


def width() -> int:
    """Columns of the terminal; in a pipe, more than any line needs."""
    console = Output()
    return console.width if console.is_terminal else _PIPE


def _records(console: Console, headers: Sequence[str], rows: Sequence[Sequence[str]], indent: int) -> None:
    """Each row as its first cell, with the named other cells below it, as many per line as fit."""
    for row in rows:
        console.print(Text(" " * indent + row[0], "bold"), soft_wrap=True)
        facts = [f"{header} {cell}" for header, cell in zip(headers[1:], row[1:], strict=True) if cell]
        line = ""
        for fact in facts:
            longer = f"{line}, {fact}" if line else fact
            if line and indent + _GAP + len(longer) + 1 > width():  # a comma may follow
                print_paragraph(f"{line},", indent=indent + _GAP)
                line = fact
            else:
                line = longer
        print_paragraph(line, indent=indent + _GAP)
