"""Small tables for people, as text and as HTML."""

from collections.abc import Sequence
from html import escape
from typing import TypeAlias

Row: TypeAlias = Sequence[str | int]


def as_text(headers: Sequence[str], rows: Sequence[Row]) -> str:
    """Columns below their headers, numbers to the right."""
    cells = [list(headers), *([f"{each:,}" if isinstance(each, int) else each for each in row] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(headers))]
    right = [bool(rows) and isinstance(rows[0][place], int) for place in range(len(headers))]
    lines = (
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        )
        for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def as_html(title: str, headers: Sequence[str], rows: Sequence[Row]) -> str:
    """The same as a table of a notebook."""
    head = "".join(f"<th>{escape(each)}</th>" for each in headers)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f"<p>{escape(title)}</p><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(of: str | int) -> str:
    return f'<td style="text-align: right">{of:,}</td>' if isinstance(of, int) else f"<td>{escape(of)}</td>"
