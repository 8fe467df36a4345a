"""Differences between a response and what samples had."""

from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

ChangeKind: TypeAlias = Literal["new", "vanished", "type"]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """A path that is new, or vanished, or has values of another type; `seen` is the JSON type found, or empty."""

    path: str
    kind: ChangeKind
    seen: str = ""

    def __str__(self) -> str:
        match self.kind:
            case "new":
                return f"{self.path} is new: {self.seen}"
            case "vanished":
                return f"{self.path} has vanished"
            case "type":
                return f"{self.path} has another type: {self.seen}"
            case _:
                assert_never(self.kind)
