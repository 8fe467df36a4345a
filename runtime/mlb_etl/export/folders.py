"""Exports as folders of files: DIR/schema.table/season=2024/part-0.parquet, and beside them the manifest.

New files are written to a folder within. Once all are complete, a list of what to do is written: from then on the
export is what the list says, and whoever comes next does what is left of it. Before that, it is what it was.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from mlb_etl.errors import EtlError
from mlb_etl.export import manifest as manifests
from mlb_etl.export.files import FileFormat
from mlb_etl.export.manifest import Format, Held, Manifest
from mlb_etl.export.parts import Parts
from mlb_etl.export.targets import Change, Writer, explained, sync

MANIFEST = "_export.json"
STAGED = ".incoming"
_TODO = "todo.json"
"""Dotted and underscored names are those that readers of data sets skip."""


class _Todo(msgspec.Struct, frozen=True):
    """Files to move to their place, from the folder of new ones, and files to delete; then the manifest moves."""

    move: list[str]
    delete: list[str]


class Folder:
    """A folder that holds an export as files of a format."""

    def __init__(self, place: Path, files: FileFormat) -> None:
        self._place = place
        self._files = files
        self._staged = place / STAGED

    @property
    def form(self) -> Format:
        """As `Target` says."""
        return self._files.form

    @classmethod
    @contextmanager
    def locked(cls, place: Path, files: FileFormat) -> Iterator["Folder"]:
        """The folder, for one process at a time; what is not finished when the block ends is removed."""
        with explained(place):
            if place.exists() and not place.is_dir():
                raise EtlError(f"{place} is a file, but a folder is needed: choose another place")
            place.mkdir(parents=True, exist_ok=True)
            with _locked(place):
                its = cls(place, files)
                its._recover()
                try:
                    yield its
                finally:
                    its._recover()

    def _recover(self) -> None:
        """Do what is left of a list, or remove new files that never got one."""
        todo = self._staged / _TODO
        if not todo.exists():
            shutil.rmtree(self._staged, ignore_errors=True)
            return
        wanted = msgspec.json.decode(todo.read_bytes(), type=_Todo)
        for name in wanted.move:
            target = self._place / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):  # moved before
                (self._staged / name).replace(target)
        for name in wanted.delete:
            gone = self._place / name
            gone.unlink(missing_ok=True)
            with suppress(OSError):  # other files are there
                gone.parent.rmdir()
                gone.parent.parent.rmdir()
        with suppress(FileNotFoundError):
            (self._staged / MANIFEST).replace(self._place / MANIFEST)
        sync(self._place)
        shutil.rmtree(self._staged)

    def manifest(self) -> Manifest | None:
        """As `Target` says."""
        try:
            return manifests.decode((self._place / MANIFEST).read_bytes(), self._place, self.form)
        except FileNotFoundError:
            if any(self._place.iterdir()):
                raise EtlError(f"{self._place} has files that are no export of mlb-etl: choose another place") from None
            return None

    def begin(self, changes: Sequence[Change], before: Manifest | None) -> Writer:  # noqa: ARG002 - files have no keys
        """As `Target` says."""
        self._staged.mkdir()
        return _FolderWriter(self._place, self._staged, self._files, before, self._old())

    def _old(self) -> set[str]:
        """The files that the export has now."""
        with suppress(FileNotFoundError):
            found = manifests.decode((self._place / MANIFEST).read_bytes(), self._place, self.form)
            return {file for held in found.relations.values() for file in held.rows}
        return set()


class _FolderWriter:
    """Writes the parts of each relation."""

    def __init__(self, place: Path, staged: Path, files: FileFormat, before: Manifest | None, old: set[str]) -> None:
        self._place = place
        self._staged = staged
        self._files = files
        self._before = {} if before is None else before.relations
        self._old = old
        self._parts: dict[str, Parts] = {}

    def _of(self, change: Change) -> Parts:
        name = change.relation.qualified_name
        if name not in self._parts:
            known = self._before[name].rows if change.keys and name in self._before else {}
            self._parts[name] = Parts(self._place, self._staged, self._files, change, known)
        return self._parts[name]

    def remove(self, change: Change) -> int:
        """As `Writer` says."""
        return self._of(change).remove()

    def add(self, change: Change, season: int | None, batches: object) -> int:
        """As `Writer` says."""
        return self._of(change).add(season, batches)

    def held(self, change: Change) -> Held:
        """As `Writer` says."""
        return Held(change.shape, self._of(change).finish())

    def finish(self, manifest: Manifest) -> None:
        """As `Writer` says."""
        new = {file for held in manifest.relations.values() for file in held.rows}
        moved = sorted(file for each in self._parts.values() for file in each.written)
        (self._staged / MANIFEST).write_bytes(manifests.encode(manifest))
        for name in (MANIFEST, *moved):
            sync(self._staged / name)
        todo = self._staged / _TODO
        partial = todo.with_suffix(".partial")
        partial.write_bytes(msgspec.json.encode(_Todo(moved, sorted(self._old - new))))
        sync(partial)
        partial.replace(todo)
        sync(self._staged)


@contextmanager
def _locked(place: Path) -> Iterator[None]:
    """Hold the folder itself, so that no file is left of it."""
    held = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EtlError(f"another export is writing to {place}: wait for it, or choose another place") from None
        yield
    finally:
        os.close(held)
