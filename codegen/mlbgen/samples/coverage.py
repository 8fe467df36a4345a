"""Coverage of samples by a mapping: each value becomes a column, is ignored for a reason, or is not mapped yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from mlb_contracts import jsonpath
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language import ignores, paths
from mlbgen.samples import shape_file
from mlbgen.samples.shape import Shape

_NOTHING = frozenset({"null", "object", "array"})  # types of a leaf without a value: null, or an empty container
_FATES = ("mapped", "ignored", "unmapped")

_Segments: TypeAlias = tuple[str | paths.Each, ...]


@dataclass(frozen=True, slots=True)
class LeafCoverage:
    """A path of the samples without members or items, and how often samples have it.

    `columns` are those that depend on its value, as `schema.table.column`. A null or an empty list on the way to mapped
    paths belongs to the columns there.
    """

    path: str
    count: int
    columns: tuple[str, ...]
    reason: str | None

    @property
    def fate(self) -> str:
        """mapped, ignored or unmapped; a path with columns is mapped, even if it is also ignored."""
        if self.columns:
            return "mapped"
        return "unmapped" if self.reason is None else "ignored"

    def json(self) -> dict[str, Any]:
        """The path and its count; if it is mapped, its columns; if it is ignored, the reason."""
        facts: dict[str, Any] = {"path": self.path, "count": self.count}
        if self.columns:
            return facts | {"columns": list(self.columns)}
        return facts if self.reason is None else facts | {"reason": self.reason}


@dataclass(frozen=True, slots=True)
class Coverage:
    """All leaves of a method's samples."""

    method: str
    leaves: tuple[LeafCoverage, ...]

    def of(self, fate: str) -> tuple[LeafCoverage, ...]:
        """The leaves that are mapped, ignored or unmapped."""
        return tuple(leaf for leaf in self.leaves if leaf.fate == fate)

    def json(self) -> dict[str, Any]:
        """The report on one mapping, as JSON."""
        return {"mapping": self.method, **{fate: [leaf.json() for leaf in self.of(fate)] for fate in _FATES}}


def as_json(reports: Sequence[Coverage]) -> dict[str, Any]:
    """The reports on several mappings, as JSON."""
    return {"mappings": [each.json() for each in reports]}


def as_text(reports: Sequence[Coverage]) -> str:
    """A table of how many paths are mapped, ignored and unmapped, and below it the unmapped ones with their counts."""
    width = max((len(each.method) for each in reports), default=0)
    rows = [("mapping", *_FATES), *((each.method, *(str(len(each.of(fate))) for fate in _FATES)) for each in reports)]
    lines = [f"{name:{width}}  {mapped:>7}  {ignored:>7}  {unmapped:>8}" for name, mapped, ignored, unmapped in rows]
    for each in reports:
        if unmapped := each.of("unmapped"):
            lines += ["", f"Unmapped paths of {each.method}, with how often samples have them:"]
            lines += [f"{leaf.count:>7}  {leaf.path}" for leaf in unmapped]
    return "\n".join(lines)


def report(method: ir.Method, shape: Shape) -> Coverage:
    """Account for every leaf path of the shape; the first ignore that matches gives the reason."""
    taken: dict[_Segments, list[str]] = {}
    for path, column in _mapped(method):
        taken.setdefault(paths.parse(path).segments, []).append(column)
    leaves = []
    for leaf in shape_file.leaves(shape):
        covering = (each for each in method.ignored if ignores.covers(each.extent, leaf.segments))
        reason = next((each.reason for each in covering), None)
        leaves.append(LeafCoverage(leaf.path, leaf.place.seen, tuple(_columns(leaf, taken)), reason))
    return Coverage(method.name, tuple(leaves))


def _columns(leaf: shape_file.Leaf, taken: Mapping[_Segments, Sequence[str]]) -> Iterable[str]:
    """The columns that take the leaf; of a null or an empty container, those that take what others have below it."""
    if not leaf.place.types <= _NOTHING:
        return dict.fromkeys(taken.get(leaf.segments, ()))
    below = (names for way, names in taken.items() if way[: len(leaf.segments)] == leaf.segments)
    return dict.fromkeys(name for names in below for name in names)


def _mapped(method: ir.Method) -> Iterator[tuple[str, str]]:
    """Each path that a column takes its value from, or that a carried value depends on, with the column."""
    for table in method.tables:
        for origin in table.origins:
            for column in origin.columns:
                name = f"{table.schema}.{table.name}.{column.name}"
                match column.value:
                    case ir.PathValue() | ir.CarryValue() | ir.ItemValue():
                        found = columns.paths(origin, column)
                        yield from ((path, name) for each in found for path in jsonpath.expanded(each))
                    case ir.ParameterValue() | ir.IndexValue() | ir.KeyValue() | ir.ConstantValue():
                        pass  # not filled from a leaf of the response
                    case ir.NoValue() | ir.CapturedAt() | ir.IngestedAt():
                        pass
                    case _:
                        assert_never(column.value)
