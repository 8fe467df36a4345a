"""Paths of `ignore:`: they exclude a place and everything below it, or with `$..name` every member of that name."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from mlbgen.language import paths
from mlbgen.language.paths import Each, Path

_ANYWHERE = "$.."


@dataclass(frozen=True, slots=True)
class Below:
    """A place and everything below it."""

    path: Path


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Each member of that name, and everything below it."""

    name: str


Extent: TypeAlias = Below | Anywhere


def parse(text: str) -> Extent | None:
    """Read `$.liveData.plays.currentPlay` or `$..link`; None for another path. Raises paths.PathError."""
    if text.startswith(_ANYWHERE):
        segments = paths.parse(f"$.{text.removeprefix(_ANYWHERE)}").segments
        return Anywhere(segments[0]) if len(segments) == 1 and isinstance(segments[0], str) else None
    path = paths.parse(text)
    filtered = any(isinstance(each, Each) and each.where is not None for each in path.segments)
    return Below(path) if path.root == "$" and path.segments and not filtered else None


def covers(extent: Extent, segments: tuple[str | Each, ...]) -> bool:
    """Whether it leaves out the place at those segments from `$`; `[*]` and `.*` are the same, and take any member."""
    match extent:
        case Below(path):
            return len(segments) >= len(path.segments) and all(map(_leads_to, path.segments, segments))
        case Anywhere(name):
            return name in segments
        case _:
            assert_never(extent)


def _leads_to(step: str | Each, segment: str | Each) -> bool:
    if isinstance(step, Each) and step.names:
        return segment in step.names
    return isinstance(step, Each) or step == segment
