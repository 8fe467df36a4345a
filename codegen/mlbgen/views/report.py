"""The mistakes of one SQL file, by their offset in its text."""

import re

from mlbgen.language.diagnostics import Diagnostic, Position

_LINE_BREAK = re.compile("\r\n|[\r\n]")


class ViewReport:
    """Collects the mistakes of a file."""

    def __init__(self, file: str, text: str) -> None:
        self.file, self.text = file, text
        self.found: list[Diagnostic] = []

    def add(self, code: str, offset: int, message: str, help_: str = "") -> None:
        """Add a mistake at an offset, in characters."""
        position = self.position(offset)
        line = _LINE_BREAK.split(self.text)[position.line - 1]
        shown = "".join(each if each.isprintable() else " " for each in line)
        self.found.append(Diagnostic(position, code, message, help_, shown))

    def position(self, offset: int) -> Position:
        """The line and column of an offset."""
        before = _LINE_BREAK.split(self.text[:offset])
        return Position(self.file, len(before), len(before[-1]) + 1)
