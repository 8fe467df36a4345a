"""What an export holds, as the export itself tells it: the next one writes only what changed since."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypeAlias, get_args

import msgspec

from mlb_etl.errors import EtlError, printable

Format: TypeAlias = Literal["parquet", "duckdb", "sqlite", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)
VERSION = 1
LARGEST = 256 << 20  # bytes; 100,000 documents take 8 MB


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was asked for; no tables or seasons stand for all, no views for none."""

    tables: tuple[str, ...] = ()
    seasons: tuple[int, ...] = ()
    views: tuple[str, ...] = ()

    def __str__(self) -> str:
        options = (("--table", self.tables), ("--season", self.seasons), ("--view", self.views))
        return " ".join(f"{option} {each}" for option, given in options for each in given) or "all tables"


class Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table or view in the export: what it looks like, and the number of rows by file, or in one piece."""

    shape: str
    rows: dict[str, int]

    @property
    def total(self) -> int:
        """The number of its rows."""
        return sum(self.rows.values())


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`marks` has, by method and document, the text that tells whether the document changed since `taken_at`."""

    format: Format
    version: int
    taken_at: datetime
    selection: Selection
    relations: dict[str, Held]
    marks: dict[str, dict[str, str]]


def encode(of: Manifest) -> bytes:
    """The manifest as JSON."""
    return msgspec.json.encode(of)


def decode(data: bytes | str, place: object, form: Format) -> Manifest:
    """Parse a manifest; raises EtlError for one that is damaged, of another version or of another format."""
    advice = "delete it and export again, or choose another place"
    if len(data) > LARGEST:
        raise EtlError(f"{place}: its manifest is too large: it has {len(data)} bytes; {advice}")
    try:
        found = msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise EtlError(f"{place}: its manifest is damaged: {printable(error)}; {advice}") from error
    if found.version != VERSION:
        raise EtlError(f"{place} was exported by another version of mlb-etl; {advice}")
    if found.format != form:
        raise EtlError(f"{place} holds an export as {found.format}, not {form}; choose another place")
    return found


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> set[str]:
    """The documents that are new, changed or gone."""
    return {each for each in {*before, *now} if before.get(each) != now.get(each)}
