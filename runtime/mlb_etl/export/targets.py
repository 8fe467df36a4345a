"""What a place that takes an export has to do, whatever its format."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from mlb_etl.errors import EtlError
from mlb_etl.export.manifest import Format, Held, Manifest
from mlb_etl.stores.interfaces.reading import Relation


@dataclass(frozen=True, slots=True)
class Change:
    """The documents of a relation whose rows are to be replaced: their `keys`, and a table of the values of these.

    Without `keys` all rows are replaced.
    """

    relation: Relation
    schema: pa.Schema
    shape: str
    keys: tuple[str, ...] = ()
    documents: pa.Table | None = None


class Writer(Protocol):
    """An export that is being written; nothing of it shows before `finish`."""

    def remove(self, change: Change) -> int:
        """Take the rows of the documents out, children before parents; return their number as far as it is known."""

    def add(self, change: Change, season: int | None, batches: pa.RecordBatchReader) -> int:
        """Add rows of a season, None if they have none, parents before children; return their number."""

    def held(self, change: Change) -> Held:
        """What it has of the relation after all changes."""

    def finish(self, manifest: Manifest) -> None:
        """Make all of it visible."""


class Target(Protocol):
    """A place for exports, locked as long as its block lasts."""

    @property
    def form(self) -> Format:
        """The format."""

    def manifest(self) -> Manifest | None:
        """What the export there holds; None if there is none. Raises EtlError for anything that is not an export."""

    def begin(self, changes: Sequence[Change], before: Manifest | None) -> Writer:
        """Begin to write; without `before`, all of it."""


@contextmanager
def locked(lock: Path, place: Path) -> Iterator[None]:
    """Hold the lock of a place; raises EtlError if another process does, or if the file can't be made."""
    advice = "wait for it, or choose another place"
    while True:
        held = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            raise EtlError(f"another export is writing to {place}: {advice}") from None
        with suppress(FileNotFoundError):  # whoever held it has just removed it
            if os.fstat(held).st_ino == lock.stat().st_ino:
                break
        os.close(held)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        os.close(held)


@contextmanager
def explained(place: Path) -> Iterator[None]:
    """Raise EtlError for what the file system refuses, except that nobody reads the output."""
    try:
        yield
    except (BrokenPipeError, InterruptedError):
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise EtlError(f"{place}: {reason}; what was exported there before is unchanged") from error


def sync(place: Path) -> None:
    """Have a file or folder on the disk before the next step."""
    held = os.open(place, os.O_RDONLY)
    try:
        os.fsync(held)
    finally:
        os.close(held)
