"""What becomes of each value of the responses: a column, left out for a reason, or nothing yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from mlbgen import ir
from mlbgen.language import ignores
from mlbgen.samples import shape_file
from mlbgen.samples.shape import Shape


@dataclass(frozen=True, slots=True)
class Leaf:
    """A path of the samples that has no members or items, seen so often; `columns` as `schema.table.column`."""

    path: str
    seen: int
    columns: tuple[str, ...]
    reason: str | None

    @property
    def fate(self) -> str:
        """mapped, ignored or unmapped; what is a column counts as mapped, even where it is ignored too."""
        if self.columns:
            return "mapped"
        return "unmapped" if self.reason is None else "ignored"


@dataclass(frozen=True, slots=True)
class Coverage:
    """All leaves of a method's shape, by their paths."""

    method: str
    leaves: tuple[Leaf, ...]

    def of(self, fate: str) -> tuple[Leaf, ...]:
        """The leaves that are mapped, ignored or unmapped."""
        return tuple(leaf for leaf in self.leaves if leaf.fate == fate)

    def json(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {
            "method": self.method,
            "leaves": len(self.leaves),
            **{fate: len(self.of(fate)) for fate in ("mapped", "ignored", "unmapped")},
            "paths": [
                {
                    "path": leaf.path,
                    "seen": leaf.seen,
                    "fate": leaf.fate,
                    "columns": list(leaf.columns),
                    "reason": leaf.reason,
                }
                for leaf in self.leaves
            ],
        }

    def text(self) -> str:
        """The counts, and what is unmapped, for people."""
        unmapped = self.of("unmapped")
        counts = f"{len(self.of('mapped'))} mapped, {len(self.of('ignored'))} ignored, {len(unmapped)} unmapped"
        lines = [f"{self.method}: {len(self.leaves)} leaf paths: {counts}"]
        return "\n".join([*lines, *(f"  {leaf.path} (seen {leaf.seen} times)" for leaf in unmapped)])


def report(method: ir.Method, shape: Shape) -> Coverage:
    """Account for every leaf path of the shape; the first ignore that matches gives the reason."""
    columns: dict[str, list[str]] = {}
    for path, column in _mapped(method):
        columns.setdefault(path, []).append(column)
    leaves = []
    for leaf in shape_file.leaves(shape):
        covering = (each for each in method.ignored if ignores.covers(each.extent, leaf.segments))
        reason = next((each.reason for each in covering), None)
        leaves.append(Leaf(leaf.path, leaf.place.seen, tuple(columns.get(leaf.path, ())), reason))
    return Coverage(method.name, tuple(leaves))


def _mapped(method: ir.Method) -> Iterator[tuple[str, str]]:
    """Each path that a column takes its value from, with the column."""
    for table in method.tables:
        for column in table.columns:
            name = f"{table.schema}.{table.name}.{column.name}"
            match column.value:
                case ir.PathValue(references):
                    for reference in references:
                        yield reference.path, name
                case ir.ItemValue(path=path):
                    yield path, name
                case ir.ParameterValue() | ir.IndexValue() | ir.KeyValue() | ir.ConstantValue():
                    pass  # which no leaf of a response fills
                case ir.CapturedAt() | ir.IngestedAt():
                    pass
                case _:
                    assert_never(column.value)
