"""Where an export goes: FORMAT:PLACE, as the command line has it."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from mlb_etl.errors import EtlError, shortened
from mlb_etl.export.manifest import FORMATS, Format
from mlb_etl.export.targets import Target

if TYPE_CHECKING:
    from mlb_etl.export.databases import Engine


@dataclass(frozen=True, slots=True)
class Place:
    """A format and the file or folder that takes it."""

    form: Format
    path: Path

    def locked(self) -> AbstractContextManager[Target]:
        """The target, for one process at a time; its libraries are loaded only now. Raises EtlError for any refusal."""
        match self.form:
            case "parquet" | "csv":
                from mlb_etl.export.files import Csv, Parquet  # noqa: PLC0415 - needs an extra
                from mlb_etl.export.folders import Folder  # noqa: PLC0415

                return Folder.locked(self.path, Parquet() if self.form == "parquet" else Csv())
            case "duckdb" | "sqlite":
                from mlb_etl.export.databases import DatabaseFile  # noqa: PLC0415

                return DatabaseFile.locked(self.path, _engine(self.form))
            case _:
                assert_never(self.form)


def _engine(form: Format) -> "Engine":
    if form == "duckdb":
        from mlb_etl.export.duck import DuckDB  # noqa: PLC0415 - each needs its own library

        return DuckDB()
    from mlb_etl.export.lite import SQLite  # noqa: PLC0415

    return SQLite()


def parse(text: str) -> Place:
    """The place that a text names; raises EtlError for another text."""
    form, _, path = text.partition(":")
    expected = "parquet:FOLDER, csv:FOLDER, duckdb:FILE or sqlite:FILE is expected"
    known = next((each for each in FORMATS if each == form), None)
    if known is None or not path or not path.isprintable() or "://" in path:
        raise EtlError(f"{shortened(text)} is no place for an export: {expected}, on this machine")
    return Place(known, Path(path).absolute())
