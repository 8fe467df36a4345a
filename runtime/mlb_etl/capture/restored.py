"""The outcome of restoring captures, from an object store or from another raw table."""

from dataclasses import dataclass
from typing import Self

from mlb_etl.errors import Rejected
from mlb_etl.stores.interfaces.captures import Fate


@dataclass(frozen=True, slots=True)
class RestoreFailure:
    """An object or row that could not be restored, and why."""

    name: str
    why: Rejected


@dataclass(frozen=True, slots=True)
class Restored:
    """Captures, by outcome: new rows, counted in rows with the same content, already there, or failed."""

    stored: int = 0
    seen: int = 0
    known: int = 0
    failures: tuple[RestoreFailure, ...] = ()

    @classmethod
    def of(cls, fate: Fate) -> Self:
        """The outcome of one capture."""
        return cls(int(fate == "stored"), int(fate == "seen"), int(fate == "known"))

    @property
    def done(self) -> int:
        return self.stored + self.seen + self.known + len(self.failures)

    @property
    def skipped(self) -> int:
        """None, because each capture is read."""
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
