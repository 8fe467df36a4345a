"""The files of a relation: by season, a new one after so many rows; only those are rewritten that a document is in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from mlb_etl.export.files import FileFormat, FileWriter
from mlb_etl.export.targets import Change
from mlb_etl.stores.interfaces.reading import SEASON

ROWS = 200_000  # in a file, about; a rewrite of one takes a second or two
_NONE = "__HIVE_DEFAULT_PARTITION__"  # the name that readers know for NULL
_SEPARATOR = "\x1f"


@dataclass(slots=True)
class _Open:
    """A file that is being written."""

    name: str
    season: int | None
    writer: FileWriter
    rows: int = 0

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows, if there are any."""
        if batch.num_rows:
            self.writer.write(batch)
            self.rows += batch.num_rows


class Parts:
    """The files of a relation before and after a change, with their numbers of rows."""

    def __init__(self, place: Path, staged: Path, files: FileFormat, change: Change, known: Mapping[str, int]) -> None:
        self._place = place
        self._staged = staged
        self._files = files
        self._change = change
        self._rows = dict(known)
        self._hit: dict[str, int] = {}
        self._open: _Open | None = None
        self._by_season = change.relation.has_season
        self._schema = files.schema(change)
        self._wanted = None if change.documents is None else _joined(files.values(change.documents), change.keys, {})
        self.written: set[str] = set()

    def remove(self) -> int:
        """Find the files with rows of the documents; return the number of those rows."""
        if self._wanted is None:
            return 0
        for name in self._rows:
            found = sum(
                pc.sum(self._matches(batch, name)).as_py() or 0 for batch in self._read(name, self._change.keys)
            )
            if found:
                self._hit[name] = found
        return sum(self._hit.values())

    def add(self, season: int | None, batches: pa.RecordBatchReader) -> int:
        """Append rows of a season: to a file that is rewritten anyway, or to the last one if it has room."""
        total = 0
        for batch in batches:
            if self._open is None or self._open.season != season:
                self._open = self._turn_to(self._reusable(season), season)
            elif self._open.rows >= ROWS:
                self._open = self._turn_to(None, season)
            total += batch.num_rows
            self._open.write(self._files.values(batch).select(self._schema.names))
        return total

    def finish(self) -> dict[str, int]:
        """Rewrite the other files with rows of the documents; return the number of rows by file."""
        self._close()
        for name in [*self._hit]:
            self._open = self._turn_to(name, self._season(name))
            self._close()
        return {name: rows for name, rows in self._rows.items() if rows}

    def _reusable(self, season: int | None) -> str | None:
        its = [name for name in self._rows if self._season(name) == season and name not in self.written]
        hit = [name for name in its if name in self._hit]
        return next(iter(hit), None) or next((name for name in its[-1:] if self._rows[name] < ROWS), None)

    def _turn_to(self, name: str | None, season: int | None) -> _Open:
        """Open a file, with the rows of the old one of that name but for those of the documents; None for a new one."""
        self._close()
        new = self._named(season) if name is None else name
        path = self._staged / new
        path.parent.mkdir(parents=True, exist_ok=True)
        file = _Open(new, season, self._files.writer(path, self._schema))
        self.written.add(new)
        self._hit.pop(new, None)
        if name is not None:
            for batch in self._read(name, None):
                kept = batch if self._wanted is None else batch.filter(pc.invert(self._matches(batch, name)))
                file.write(kept)
        return file

    def _close(self) -> None:
        if self._open is not None:
            self._open.writer.close()
            self._rows[self._open.name] = self._open.rows
            if not self._open.rows:
                (self._staged / self._open.name).unlink()
                self.written.discard(self._open.name)
            self._open = None

    def _read(self, name: str, columns: tuple[str, ...] | None) -> Iterator[pa.RecordBatch]:
        return self._files.read(self._place / name, self._schema, columns)

    def _matches(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        own = _joined(batch, self._change.keys, {SEASON: str(self._season(name))})
        return pc.is_in(own, value_set=self._wanted)

    def _folder(self, season: int | None) -> str:
        name = self._change.relation.qualified_name
        return f"{name}/{SEASON}={_NONE if season is None else season}" if self._by_season else name

    def _named(self, season: int | None) -> str:
        folder = self._folder(season)
        number = 0
        while (name := f"{folder}/part-{number}{self._files.suffix}") in self._rows or name in self.written:
            number += 1
        return name

    def _season(self, name: str) -> int | None:
        text = Path(name).parent.name.partition(f"{SEASON}=")[2]
        return int(text) if text and text != _NONE else None


def _joined(batch: pa.RecordBatch | pa.Table, keys: tuple[str, ...], constants: Mapping[str, str]) -> pa.Array:
    """The keys of each row as one text; a column that files don't have is the same for all rows."""
    texts = [
        batch.column(each).cast(pa.string()) if each in batch.schema.names else pa.scalar(constants[each])
        for each in keys
    ]
    if all(isinstance(each, pa.Scalar) for each in texts):
        return pa.array([_SEPARATOR.join(each.as_py() for each in texts)] * batch.num_rows)
    return pc.binary_join_element_wise(*texts, _SEPARATOR)
