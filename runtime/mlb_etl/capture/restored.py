"""What became of captures that were stored once more, from an object store or another raw table."""

from dataclasses import dataclass
from typing import Self

from mlb_etl.errors import Rejected
from mlb_etl.stores.interfaces.captures import Fate


@dataclass(frozen=True, slots=True)
class RestoreFailure:
    """An object, or a row, of which nothing was stored, and why."""

    name: str
    why: Rejected


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of captures: rows of their own, counted in rows of the same content, there before, refused."""

    stored: int = 0
    seen: int = 0
    known: int = 0
    failures: tuple[RestoreFailure, ...] = ()

    @classmethod
    def of(cls, fate: Fate) -> Self:
        """Of one capture."""
        return cls(int(fate == "stored"), int(fate == "seen"), int(fate == "known"))

    @property
    def done(self) -> int:
        return self.stored + self.seen + self.known + len(self.failures)

    @property
    def skipped(self) -> int:
        """Those that took no time: none, as each is read."""
        return 0

    @property
    def failed(self) -> int:
        return len(self.failures)

    def __add__(self, other: "Restored") -> "Restored":
        return Restored(
            self.stored + other.stored,
            self.seen + other.seen,
            self.known + other.known,
            self.failures + other.failures,
        )
