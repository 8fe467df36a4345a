"""Mistakes in a mapping with their places: collected, sorted, and rendered as compilers do."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mlbgen.language.errors import MlbgenError


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Diagnostic:
    """One mistake: a stable code (docs/errors.md), its place, a message, and what to do."""

    position: Position
    code: str
    message: str
    help: str = ""
    source_line: str = field(default="", compare=False)

    def render(self) -> str:
        """`file:line:col: error[CODE]: message`, the line with a caret, and the help."""
        at = self.position
        lines = [f"{at.file}:{at.line}:{at.column}: error[{self.code}]: {self.message}"]
        if self.source_line:
            gutter = f"{at.line:>5} | "
            lines += [
                f"{gutter}{self.source_line}",
                f"{' ' * (len(gutter) - 2)}| {' ' * (at.column - 1)}^",
            ]
        if self.help:
            lines.append(f"      = help: {self.help}")
        return "\n".join(lines)

    def json(self) -> dict[str, str | int]:
        """The mistake, for JSON."""
        at = self.position
        place: dict[str, str | int] = {"file": at.file, "line": at.line, "column": at.column}
        return {**place, "code": self.code, "message": self.message, "help": self.help}


class MappingErrors(MlbgenError):
    """All diagnostics of a run, sorted by place."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(set(diagnostics)))
        super().__init__("\n".join(each.render() for each in self.diagnostics))
