"""Markdown from plain text: what it would take for markup stays text."""

import re
from collections.abc import Iterable, Sequence

NOTE = "<!-- Made from the code when the site is built. -->"
_CODE = re.compile(r"`[^`]+`|\$\{[A-Z0-9_]+\}|(?<![\w/$-])(?:\$?[A-Z][A-Z0-9]*_[A-Z0-9_]+|--[a-z][a-z0-9-]*)")
_MARKUP = re.compile(r"([\\*_{}\[\]<>#|])")


def text(plain: str) -> str:
    """Plain text, in which what stands in backticks, variables of the environment and options are code."""
    line = " ".join(plain.split())
    codes = [f"`{found.strip('`')}`".replace("|", "\\|") for found in _CODE.findall(line)]
    texts = [_MARKUP.sub(r"\\\1", part) for part in _CODE.split(line)]
    return "".join(part + code for part, code in zip(texts, [*codes, ""], strict=True))


def code(plain: str) -> str:
    """Code within a line, in a cell of a table too."""
    return f"`{plain}`".replace("|", "\\|")


def block(plain: str, language: str) -> str:
    """Lines of code."""
    return f"```{language}\n{plain}\n```"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, of cells that are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
