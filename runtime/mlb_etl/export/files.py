"""Parquet and CSV files."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Protocol, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from mlb_etl.export import texts
from mlb_etl.export.manifest import Format
from mlb_etl.export.targets import Change
from mlb_etl.stores.interfaces.reading import SEASON

Rows = TypeVar("Rows", pa.RecordBatch, pa.Table)
_GROUP = 64 * 1024  # rows of a row group, at most
_READ = 16 * 1024  # rows that are read at once
_BLOCK = 1 << 20  # bytes of CSV that are parsed at once
_BOM = b"\xef\xbb\xbf"  # by which spreadsheets know UTF-8


class FileWriter(Protocol):
    """A file that is being written."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    def close(self) -> None:
        """Complete the file."""


class FileFormat(Protocol):
    """A format of files."""

    @property
    def form(self) -> Format:
        """The format."""

    @property
    def suffix(self) -> str:
        """The end of the files' names."""

    def schema(self, change: Change) -> pa.Schema:
        """The columns of a file."""

    def values(self, rows: Rows) -> Rows:
        """Rows with values as files keep them."""

    def writer(self, path: Path, schema: pa.Schema) -> FileWriter:
        """A new file."""

    def read(self, path: Path, schema: pa.Schema, columns: tuple[str, ...] | None) -> Iterator[pa.RecordBatch]:
        """The rows of a file as it keeps them; of some columns, as far as it has them."""


class Parquet:
    """Parquet with Zstandard; the season is in the name of the folder alone, as readers of such folders expect."""

    form: Format = "parquet"
    suffix = ".parquet"

    def schema(self, change: Change) -> pa.Schema:
        """As `FileFormat` says; description and keys of the table are metadata of the file."""
        of = change.relation
        facts = {
            "name": of.qualified_name,
            "description": of.comment or "",
            "primary_key": json.dumps(of.primary_key),
            "foreign_keys": json.dumps([asdict(each) for each in of.foreign_keys]),
        }
        return pa.schema([each for each in change.schema if each.name != SEASON], facts)

    def values(self, rows: Rows) -> Rows:
        """As `FileFormat` says."""
        return rows

    def writer(self, path: Path, schema: pa.Schema) -> FileWriter:
        """As `FileFormat` says."""
        return _ParquetWriter(path, schema)

    def read(self, path: Path, schema: pa.Schema, columns: tuple[str, ...] | None) -> Iterator[pa.RecordBatch]:
        """As `FileFormat` says."""
        names = [each for each in schema.names if columns is None or each in columns]
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield from file.iter_batches(_READ, columns=names, use_threads=False)


class _ParquetWriter:
    """Collects rows until they make a row group."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")

    def write(self, batch: pa.RecordBatch) -> None:
        """As `FileWriter` says."""
        self._writer.write_batch(batch, row_group_size=_GROUP)

    def close(self) -> None:
        """As `FileWriter` says."""
        self._writer.close()


class Csv:
    """CSV by RFC 4180 in UTF-8, for spreadsheets too: NULL is nothing, an empty text is two quotation marks."""

    form: Format = "csv"
    suffix = ".csv"

    def schema(self, change: Change) -> pa.Schema:
        """As `FileFormat` says."""
        return pa.schema([pa.field(each.name, _written(each.type)) for each in change.schema])

    def values(self, rows: Rows) -> Rows:
        """As `FileFormat` says."""
        return type(rows).from_arrays([_text(each) for each in rows.columns], names=rows.schema.names)

    def writer(self, path: Path, schema: pa.Schema) -> FileWriter:
        """As `FileFormat` says."""
        return _CsvWriter(path, schema)

    def read(self, path: Path, schema: pa.Schema, columns: tuple[str, ...] | None) -> Iterator[pa.RecordBatch]:
        """As `FileFormat` says."""
        options = csv.ConvertOptions(
            column_types=schema,
            include_columns=None if columns is None else list(columns),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        )
        whole = csv.ParseOptions(newlines_in_values=True)
        blocks = csv.ReadOptions(block_size=_BLOCK, use_threads=False)
        with csv.open_csv(path, read_options=blocks, parse_options=whole, convert_options=options) as reader:
            yield from reader


class _CsvWriter:
    """Writes the mark of UTF-8, the names of columns, then rows."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file = pa.OSFile(str(path), "wb")
        self._file.write(_BOM)
        self._writer = csv.CSVWriter(self._file, schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """As `FileWriter` says."""
        self._writer.write_batch(batch)

    def close(self) -> None:
        """As `FileWriter` says."""
        self._writer.close()
        self._file.close()


def _written(of: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_temporal(of) or pa.types.is_list(of) else of


def _text(of: pa.Array) -> pa.Array:
    if isinstance(of, pa.ChunkedArray):
        of = of.combine_chunks()
    if pa.types.is_temporal(of.type):
        return texts.time_text(of)
    if pa.types.is_list(of.type):
        return texts.safe_text(texts.json_text(of))
    return texts.safe_text(of) if pa.types.is_string(of.type) else of
