"""A lake: the folder or bucket with the Delta tables, and commits that fail if another writer came first."""

import os
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from mlb_etl.errors import DatabaseUnavailable, EtlError, redacted
from mlb_etl.settings import is_lake_place

try:
    import pyarrow as pa
    import pyarrow.compute as pc
    from deltalake import CommitProperties, DeltaTable, Field, write_deltalake
    from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
except ImportError as error:
    raise EtlError("a lake needs the packages deltalake, duckdb and pyarrow: pip install 'mlb-etl[delta]'") from error

S3 = "s3://"
GONE = "_gone"  # a column of the rows for `merge`
_FEW = 40  # rows, which `change` finds by a condition instead of a MERGE
CONTROL = "etl"  # the schema of the control tables
_ONCE = CommitProperties(max_commit_retries=0)  # so it follows the version that was read, or fails
_NAME = "mlb_etl.commit"
# A commit must never replace another, so it is written with If-None-Match.
_CONDITIONAL = {"conditional_put": "etag"}


class Overtaken(DatabaseUnavailable):
    """Another writer has committed to a table since it was read."""


@dataclass(frozen=True, slots=True)
class Lake:
    """The Delta tables below `root`, a folder or s3://bucket/prefix: <root>/<schema>/<table>.

    `opened`: the tables that a session keeps open; None outside of one.
    """

    root: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    opened: dict[str, DeltaTable] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def at(cls, place: str) -> "Lake":
        """The lake at a folder or at s3://bucket/prefix; credentials and endpoint come from the environment."""
        if not is_lake_place(place):
            raise EtlError(
                f"{redacted(place) or 'an empty place'} is not a lake: a folder or s3://bucket/prefix is expected"
            )
        if place.startswith(S3):
            http = {"allow_http": "true"} if _endpoint().startswith("http://") else {}
            return cls(place.rstrip("/"), _CONDITIONAL | http)
        return cls(str(Path(place).absolute()))

    def session(self) -> "Lake":
        """The same lake for one thread: a table that it opens again reads only the commits that came since."""
        return replace(self, opened={})

    def uri(self, schema: str, table: str) -> str:
        """Where the table is."""
        return f"{self.root}/{schema}/{table}"

    def exists(self, schema: str, table: str) -> bool:
        """Whether there is such a table."""
        with translated(self.root):
            return bool(DeltaTable.is_deltatable(self.uri(schema, table), storage_options=self._options))

    def open(self, schema: str, table: str) -> DeltaTable:
        """The newest version of a table; raises EtlError if the lake does not have it.

        In a session the same object becomes a later version when the table is opened again.
        """
        uri = self.uri(schema, table)
        with translated(f"{schema}.{table}"):
            if self.opened is not None and (known := self.opened.get(uri)) is not None:
                known.update_incremental()
                return known
            try:
                found = DeltaTable(uri, storage_options=self._options)
            except TableNotFoundError as error:
                raise EtlError(
                    f"the lake at {redacted(self.root)} has no table {schema}.{table}: run"
                    " `mlb-etl schema init --target delta:…`"
                ) from error
        if self.opened is not None:
            self.opened[uri] = found
        return found

    def create(self, schema: str, table: str, columns: pa.Schema, **facts: Any) -> None:
        """Create a table unless it exists."""
        with translated(f"{schema}.{table}"):
            DeltaTable.create(
                self.uri(schema, table), columns, mode="ignore", storage_options=self._options,
                raise_if_key_not_exists=False, **facts,
            )  # fmt: skip

    @property
    def _options(self) -> dict[str, str] | None:
        return dict(self.options) or None


def rows(table: DeltaTable, columns: Sequence[str] | None = None, where: str | None = None) -> pa.Table:
    """The rows of a table that meet a condition; its literals are made by `any_of`."""
    with translated(table.table_uri):
        try:
            found = pa.table(table.scan(columns=None if columns is None else list(columns), predicate=where))
        except pa.ArrowException as error:  # as the stream of rows tells errors of the library
            why = "a file was deleted meanwhile; run it again" if "not found" in str(error) else redacted(str(error))
            raise DatabaseUnavailable(f"{redacted(table.table_uri)}: the lake can't be read: {why}") from error
        return found.cast(pa.schema([_plain(each) for each in found.schema]))


def has_rows(table: DeltaTable) -> bool:
    """Whether a table has any file with rows."""
    with translated(table.table_uri):
        return bool(table.file_uris())


def any_of(name: str, values: Iterable[object]) -> str:
    """The condition under which a column has one of these integers, texts or days."""
    return f"{quoted(name)} IN ({', '.join(map(literal, values)) or 'NULL'})"


def literal(value: object) -> str:
    """An integer, a text or a day in SQL."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    raise AssertionError(f"no key has values such as {value!r}")


def _plain(field: pa.Field) -> pa.Field:
    """The field with a type that Arrow computes with, instead of a view."""
    plain = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}
    return field.with_type(plain.get(field.type, field.type))


def append(table: DeltaTable, new: pa.Table) -> None:
    """Add rows; raises Overtaken if another writer has committed since the table was read."""
    with _committed(table) as once:
        write_deltalake(table, new, mode="append", commit_properties=once)


def changes(columns: pa.Schema, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows for `merge`, each with whether it is gone; False where a row does not say."""
    marked = [{GONE: False, **row} for row in rows]
    return pa.Table.from_pylist(marked, schema=columns.append(pa.field(GONE, pa.bool_())))


def merge(table: DeltaTable, new: pa.Table, matching: str, *, insert: bool = True) -> None:
    """Replace, add or delete rows: those whose column `gone` is true are deleted.

    `matching` compares the rows of the table (t) with these (s). Raises Overtaken as `append` does.
    """
    names = [name for name in new.schema.names if name != GONE]
    with _committed(table) as once:
        merging = table.merge(
            new, matching, source_alias="s", target_alias="t", commit_properties=once, streamed_exec=False
        )
        merging = merging.when_matched_delete(f"s.{GONE}").when_matched_update(
            {name: f"s.{quoted(name)}" for name in names}
        )
        if insert:
            merging = merging.when_not_matched_insert({name: f"s.{quoted(name)}" for name in names}, f"NOT s.{GONE}")
        merging.execute()


def change(table: DeltaTable, new: pa.Table, keys: Sequence[str]) -> None:
    """Replace, add or delete rows as `merge` does, by the columns that identify them; a few in half its CPU."""
    if not new.num_rows:
        return
    whole = {each.name for each in table.schema().fields} == {*new.schema.names} - {GONE}
    if not whole or new.num_rows > _FEW or not all(_has_literals(new[name]) for name in keys):
        merge(table, new, " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in keys))
        return
    rows = (
        [f"{quoted(name)} = {literal(value)}" for name, value in row.items()] for row in new.select(keys).to_pylist()
    )
    where = " OR ".join(f"({' AND '.join(each)})" for each in rows)
    kept = new.filter(pc.invert(new[GONE])).drop_columns([GONE])
    with _committed(table) as once:
        if kept.num_rows:
            write_deltalake(table, kept, mode="overwrite", predicate=where, commit_properties=once)
        else:
            table.delete(where, commit_properties=once)


def _has_literals(column: pa.ChunkedArray) -> bool:
    """Whether `literal` can write all values of a column."""
    of = column.type
    known = pa.types.is_signed_integer(of) or pa.types.is_string(of) or pa.types.is_date32(of)
    return bool(known and not column.null_count)


def facts(table: DeltaTable) -> Mapping[str, str]:
    """The properties of a table, ours among them."""
    with translated(table.table_uri):
        found: Mapping[str, str] = table.metadata().configuration
    return found


@contextmanager
def _committed(table: DeltaTable) -> Iterator[CommitProperties]:
    """The properties of a commit that follows the version that was read; raises Overtaken if another one came first.

    It has a name: if a server's answer is lost, the library asks it again, and is refused for its own commit.
    """
    name, version = uuid.uuid4().hex, table.version() + 1
    with translated(table.table_uri):
        try:
            yield CommitProperties(custom_metadata={_NAME: name}, max_commit_retries=0)
        except CommitFailedError:
            table.load_as_version(version)
            if table.history(1)[0].get(_NAME) != name:
                raise


def configure(table: DeltaTable, properties: Mapping[str, str]) -> None:
    """Set properties, in a commit that fails if another writer has committed since the table was read."""
    with translated(table.table_uri):
        table.alter.set_table_properties(dict(properties), raise_if_not_exists=False, commit_properties=_ONCE)


def note(table: DeltaTable, name: str, value: str) -> None:
    """Set a property of ours, as `configure` does."""
    configure(table, {name: value})


def bump(table: DeltaTable, writer: str) -> None:
    """Make a version without changes, so that a commit to any earlier one fails."""
    note(table, "mlb_etl.fence", writer)


def files(table: DeltaTable) -> list[tuple[str, int]]:
    """The path and size in bytes of each file of the table's version."""
    found = pa.table(table.get_add_actions(flatten=True))
    return list(zip(found["path"].to_pylist(), found["size_bytes"].to_pylist(), strict=True))


def compact(table: DeltaTable, size: int | None = None) -> dict[str, Any]:
    """Write small files together, up to this size in bytes, and return the library's numbers."""
    with translated(table.table_uri):
        found: dict[str, Any] = table.optimize.compact(target_size=size, commit_properties=_ONCE)
    return found


def vacuum(table: DeltaTable, older_than: timedelta) -> int:
    """Delete files that nothing has referred to for that long, and return their number.

    They include those of writers that were killed, and those whose removal the log has forgotten.
    """
    hours = int(older_than / timedelta(hours=1))
    with translated(table.table_uri):
        return len(table.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True))


def history(table: DeltaTable, limit: int) -> list[dict[str, Any]]:
    """The last commits to a table, newest first."""
    with translated(table.table_uri):
        return table.history(limit)


def add_columns(table: DeltaTable, fields: Sequence[pa.Field]) -> None:
    """Add columns to a table, which are NULL in the rows that it has."""
    with translated(table.table_uri):
        table.alter.add_columns([Field.from_arrow(each.with_nullable(True)) for each in fields])  # noqa: FBT003


def quoted(name: str) -> str:
    """The name in SQL."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Translate errors of the library into ours."""
    try:
        yield
    except CommitFailedError as error:
        raise Overtaken(f"{redacted(place)}: another writer came first") from error
    except TableNotFoundError:
        raise
    except (DeltaError, OSError) as error:
        raise DatabaseUnavailable(
            f"{redacted(place)}: the lake can't be read or written: {redacted(str(error))}"
        ) from error


def _endpoint() -> str:
    names = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
    return next((os.environ[name] for name in names if os.environ.get(name)), "")
