"""Text as Markdown (GFM): everything that comes from a mapping is escaped, so that it stays text."""

import re
from typing import NewType

Markdown = NewType("Markdown", str)

_SPECIAL = re.compile(r"[\\`*\[\]<>|~$]|(?<!\w)_|_(?!\w)|&(?=[#\w]+;)")
_SPACE = re.compile(r"\s+")


def text(plain: str) -> Markdown:
    """Plain text on one line, also within a table."""
    return Markdown(_SPECIAL.sub(lambda match: f"\\{match[0]}", _SPACE.sub(" ", plain).strip()))


def code(plain: str) -> Markdown:
    """Code within a line, also within a table."""
    one_line = _SPACE.sub(" ", plain)
    longest = max((len(run) for run in re.findall("`+", one_line)), default=0)
    fence, pad = "`" * (longest + 1), " " if "`" in one_line else ""
    return Markdown(f"{fence}{pad}{one_line}{pad}{fence}".replace("|", "\\|"))


def link(shown: str, page: str) -> Markdown:
    """A link to another page of the dictionary."""
    return Markdown(f"[{text(shown)}]({page}.md)")


def joined(parts: "list[Markdown]", by: str = ", ") -> Markdown:
    """Several pieces in a row."""
    return Markdown(by.join(parts))
