"""What the paths of `ignore:` leave out: a place and all below it, or with `$..name` each member of that name."""

from dataclasses import dataclass

from mlbgen.language import paths
from mlbgen.language.paths import Each

_ANYWHERE = "$.."

Segments = tuple[str | Each, ...]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Segments from `$`, or the name of a member anywhere."""

    segments: Segments
    anywhere: bool

    def covers(self, segments: Segments) -> bool:
        """Whether it leaves out the place at those segments; `[*]` and `.*` are the same."""
        if self.anywhere:
            return self.segments[0] in segments
        return segments[: len(self.segments)] == self.segments


def parse(text: str) -> Ignored:
    """Read `$.liveData.plays.currentPlay` or `$..link`; raises paths.PathError."""
    anywhere = text.startswith(_ANYWHERE)
    path = paths.parse(f"$.{text.removeprefix(_ANYWHERE)}" if anywhere else text)
    return Ignored(path.segments, anywhere)
