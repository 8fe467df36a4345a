"""The questions of docs/questions.md, each with statement and answer: python questions.py DSN writes the answers."""

import re
import sys
from pathlib import Path
from typing import Any, LiteralString, cast

import psycopg

PAGE = Path(__file__).parents[1] / "docs" / "questions.md"
_QUESTION = re.compile(r"^```sql\n(?P<statement>.*?)^```\n\n?(?P<answer>(?:\|[^\n]*\n)*)", re.MULTILINE | re.DOTALL)
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """The commands of the page, which load what the statements read."""
    return [line for language, text in _BLOCK.findall(PAGE.read_text()) if not language for line in text.splitlines()]


def answered(connection: psycopg.Connection[Any]) -> str:
    """The page, with the answers that this database gives."""

    def answer(found: re.Match[str]) -> str:
        cursor = connection.execute(cast("LiteralString", found["statement"]))
        assert cursor.description is not None
        names = [column.name for column in cursor.description]
        rows = [names, ["---"] * len(names), *(["" if each is None else str(each) for each in row] for row in cursor)]
        return f"```sql\n{found['statement']}```\n\n" + "".join(f"| {' | '.join(row)} |\n" for row in rows)

    return _QUESTION.sub(answer, PAGE.read_text())


if __name__ == "__main__":
    with psycopg.connect(sys.argv[1]) as connected:
        PAGE.write_text(answered(connected))
