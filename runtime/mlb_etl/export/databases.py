"""What exports as one database file share: all is written to a file beside it, which then takes its place."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mlb_etl.errors import EtlError
from mlb_etl.export import manifest as manifests
from mlb_etl.export.manifest import Format, Manifest
from mlb_etl.export.targets import Change, Writer, explained, locked, sync


class OpenFile(Writer, Protocol):
    """A writer of a file that is closed in the end, complete or not."""

    def close(self) -> None:
        """Close the file; what was not finished is lost."""


class Engine(Protocol):
    """A library that reads and writes such files. What it raises for a file or a disk is EtlError."""

    @property
    def form(self) -> Format:
        """The format."""

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Suffixes of the files beside one that a program has open."""

    def manifest(self, place: Path) -> str | None:
        """The manifest in a file; None if it is no export."""

    def open(self, place: Path, changes: Sequence[Change], show: Callable[[], None]) -> OpenFile:
        """Open a file to write these changes, and make it if it is not there; `show` is called once it is complete."""


class DatabaseFile:
    """A database file that an engine writes."""

    def __init__(self, place: Path, engine: Engine) -> None:
        self._place = place
        self._engine = engine
        self._staged = place.with_name(f".{place.name}.incoming")
        self._open: OpenFile | None = None

    @property
    def form(self) -> Format:
        """As `Target` says."""
        return self._engine.form

    @classmethod
    @contextmanager
    def locked(cls, place: Path, engine: Engine) -> Iterator["DatabaseFile"]:
        """The file, for one process at a time; what is not finished when the block ends is removed."""
        with explained(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            with locked(place.with_name(f".{place.name}.lock"), place):
                its = cls(place, engine)
                try:
                    yield its
                finally:
                    its.discard()

    def manifest(self) -> Manifest | None:
        """As `Target` says."""
        if not self._place.exists():
            return None
        for suffix in self._engine.leftovers:
            if Path(f"{self._place}{suffix}").exists():
                raise EtlError(
                    f"{self._place} is open in another program, or was not closed: there is {self._place.name}{suffix};"
                    " close it, or open it once more and close it"
                )
        found = self._engine.manifest(self._place)
        if found is None:
            raise EtlError(f"{self._place} is not an export of mlb-etl, so it stays as it is: choose another place")
        return manifests.decode(found, self._place, self.form)

    def begin(self, changes: Sequence[Change], before: Manifest | None) -> Writer:
        """As `Target` says."""
        self.discard()
        if before is not None:
            shutil.copyfile(self._place, self._staged)
        self._open = self._engine.open(self._staged, changes, self._show)
        return self._open

    def _show(self) -> None:
        sync(self._staged)
        self._staged.replace(self._place)
        sync(self._place.parent)

    def discard(self) -> None:
        """Remove what was not finished."""
        if self._open is not None:
            self._open.close()
            self._open = None
        for suffix in ("", *self._engine.leftovers):
            Path(f"{self._staged}{suffix}").unlink(missing_ok=True)
        shutil.rmtree(f"{self._staged}.tmp", ignore_errors=True)  # what did not fit into memory
