"""Boxes with rows, and lines between them, as SVG. graphlay places and routes them; nothing depends on fonts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphlay

from mlbgen.rendering import render

_CHARACTER = 7.3  # px, of monospace at 12 px, with some room
_ROW, _HEAD, _PAD, _MARGIN = 18, 26, 10, 12  # px
_OPTIONS: Mapping[str, Any] = {
    "direction": "leftright",
    "spacing": {"layer_gap": 44.0, "node_gap": 22.0, "isolated_gap": 22.0, "isolated_max_columns": 3},
    "routing": {"style": "orthogonal", "merge_edges": "forks"},
}


@dataclass(frozen=True, slots=True)
class BoxRow:
    """A row of a box: a name, and a fact beside it, which may lead to a page."""

    name: str
    fact: str
    key: bool = False
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A box with a title that leads to its page; `faint` stands for something that is shown elsewhere."""

    title: str
    page: str
    rows: tuple[BoxRow, ...]
    faint: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line from one box to another, by their titles; dashed unless it is enforced."""

    start: str
    end: str
    enforced: bool


@dataclass(frozen=True, slots=True)
class _Text:
    row: BoxRow
    y: int
    fact_x: int


@dataclass(frozen=True, slots=True)
class _Placed:
    box: Box
    x: int
    y: int
    width: int
    height: int
    texts: tuple[_Text, ...]


@dataclass(frozen=True, slots=True)
class _Routed:
    line: Line
    path: str


@dataclass(frozen=True, slots=True)
class _Context:
    title: str
    description: str
    width: int
    height: int
    lines: tuple[_Routed, ...]
    boxes: tuple[_Placed, ...]


def draw(title: str, description: str, boxes: Sequence[Box], lines: Iterable[Line]) -> str:
    """The SVG of the boxes, which are laid out from left to right along the lines."""
    graph, drawn = graphlay.Graph(), tuple(lines)
    for box in boxes:
        width, height = _size(box)
        graph.node(box.title, width=width, height=height)
    for line in drawn:
        graph.edge(line.start, line.end)
    layout = graphlay.layout(graph, options=_OPTIONS)
    left, top = (layout.bounds["min"][axis] - _MARGIN for axis in "xy")
    placed = tuple(_placed(box, node, left, top) for box, node in zip(boxes, layout.nodes, strict=True))
    routed = tuple(
        _Routed(line, _path(edge["points"], left, top)) for line, edge in zip(drawn, layout.edges, strict=True)
    )
    right, bottom = (layout.bounds["max"][axis] + _MARGIN for axis in "xy")
    return render(
        "dictionary_diagram.svg.jinja",
        _Context(title, description, round(right - left), round(bottom - top), routed, placed),
    )


def _size(box: Box) -> tuple[int, int]:
    names = max((len(row.name) for row in box.rows), default=0)
    facts = max((len(row.fact) for row in box.rows), default=0)
    characters = max(len(box.title) * 1.08, names + facts + 2)
    rows = len(box.rows) * _ROW + (_PAD if box.rows else 0)
    return round(characters * _CHARACTER) + 2 * _PAD, _HEAD + rows


def _placed(box: Box, node: Mapping[str, Any], left: float, top: float) -> _Placed:
    width, height = _size(box)
    names = max((len(row.name) for row in box.rows), default=0)
    fact_x = round((names + 2) * _CHARACTER) + _PAD
    x, y = node["center"]["x"] - width / 2 - left, node["center"]["y"] - height / 2 - top
    texts = (_Text(row, _HEAD + (number + 1) * _ROW, fact_x) for number, row in enumerate(box.rows))
    return _Placed(box, round(x), round(y), width, height, tuple(texts))


def _path(points: Sequence[Mapping[str, float]], left: float, top: float) -> str:
    return "M" + " L".join(f"{round(point['x'] - left)} {round(point['y'] - top)}" for point in points)
