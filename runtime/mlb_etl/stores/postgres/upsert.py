"""The tables of a method in PostgreSQL: units are transactions that lock the documents' watermarks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Self, TypeAlias

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow, dict_row

from mlb_contracts import Method, Row
from mlb_etl.errors import CheckFailed, Rejected, RowTooLong
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.row_guard import KeptOut
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.interfaces.database import DriftedCapture
from mlb_etl.stores.interfaces.tables import Document, Replaced, path_of
from mlb_etl.stores.postgres import copying
from mlb_etl.stores.postgres.copying import Copying
from mlb_etl.stores.postgres.db import Connection, reraise, translate_errors
from mlb_etl.stores.postgres.drift import Drift
from mlb_etl.stores.postgres.partitions import Partitions
from mlb_etl.stores.postgres.quarantine import Quarantine
from mlb_etl.stores.postgres.targets import Rows, TargetTable
from mlb_etl.stores.postgres.unreadable import Unreadable
from mlb_etl.stores.postgres.watermark import Watermarks

# The counts of a statement, by table and document key; rows kept out come last.
_Counted: TypeAlias = dict[str, dict[tuple[Any, ...], Sequence[int]]]

# Tables change one after the other, so foreign keys may be violated until all are done.
_DEFER = "SET CONSTRAINTS ALL DEFERRED"
_CHECK = "SET CONSTRAINTS ALL IMMEDIATE"
# Planning an upsert takes longer than running it, so plans are kept. A plan made while a partition was empty must not
# scan it once it is full. No statement runs long enough for JIT compilation or parallel workers: with two full seasons
# partitioned by date, those took 10 of 30 ms per game.
_SETTINGS = (
    "SET plan_cache_mode = force_generic_plan",
    "SET enable_seqscan = off",
    "SET jit = off",
    "SET max_parallel_workers_per_gather = 0",
)


class Upsert:
    """The tables of a method, on a connection of their own, which holds staging tables and settings."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self._connection = connection
        self._method = method
        connection.adapters.register_dumper(datetime, copying.Timestamps)
        connection.adapters.register_dumper(Decimal, copying.Numbers)
        self._targets = [
            TargetTable(connection, place, table, method.document) for place, table in enumerate(method.tables)
        ]
        self._partitions = Partitions.of_method(connection, method)
        self._watermarks = Watermarks(connection, method.name)
        self._quarantine = Quarantine(connection, method.name)
        self._unreadable = Unreadable(connection, method.name)
        self._drift = Drift(connection, method.name)
        self._staged = self._wide = self._merging = False
        tables = (sql.SQL("ONLY {}").format(sql.Identifier(each.schema, each.name)) for each in method.tables)
        # Locks are taken in the order that partition creation uses, so the two cannot deadlock.
        self._lock_tables = sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(sql.SQL(", ").join(tables))
        for setting in _SETTINGS:
            connection.execute(setting)

    def moment(self, time: datetime) -> datetime:
        """The same time, packed in advance."""
        return copying.Moment.of(time)

    def pack(self, rows: Sequence[Sequence[Row]]) -> list[Rows]:
        """Pack the rows of a document, given by table in the method's order."""
        return [target.pack(its) for target, its in zip(self._targets, rows, strict=True)]

    @translate_errors()
    def prepare(self, documents: Sequence[Document]) -> None:
        """Create the partitions that the rows need."""
        self._partitions.ensure({of.partitioned: of.partitions(documents) for of in self._targets if of.partitioned})

    @contextmanager
    def unit(self) -> Iterator[Self]:
        """A transaction."""
        self._merging = False
        with translate_errors(), self._connection.transaction():
            yield self
        self._staged = self._staged or self._merging

    @translate_errors()
    def mend(self, why: CheckFailed | RowTooLong) -> bool:
        """Remove the cause if it lies in the tables, not in the documents; return whether to apply them again."""
        if isinstance(why, CheckFailed):
            if why.check is not None:
                return False
            self._partitions.forget()  # a row has no partition, because its season was dropped
            return True
        if not self._wide:
            self._widen()
            return True
        return False

    def explain(self, why: Rejected, document: Document) -> Rejected:
        """The same refusal with the path and value that broke the check, if they can be found."""
        if isinstance(why, KeptOut):
            return self._with_example(why, document)
        if not isinstance(why, CheckFailed):
            return why
        target = next(each for each in self._targets if each.name == why.table)
        check = next((each for each in target.table.checks if each.name == why.check), None)
        if check is None:
            return why
        try:
            with translate_errors(), self._connection.transaction():
                self._stage()
                self._copy((target.copying(target.statements.copy, [document]),))
                found = self._connection.execute(target.statements.violations[check.name].encode()).fetchone()
        except Rejected:  # a row is too long for the stage
            return why
        if found is None:
            return why
        value = found[0] if len(found) == 1 else dict(zip(check.columns, found, strict=True))
        path = path_of(target.table, check.columns[0])
        return Rejected(why.reason, path=path, value=value, table=why.table)

    def _with_example(self, why: KeptOut, document: Document) -> Rejected:
        """The same refusal with the key and time of the latest row that was kept."""
        target = next(each for each in self._targets if each.name == why.table)
        with translate_errors(target.name), self._connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute(target.latest, document.capture.keys).fetchone()
        if found is None:  # it was deleted meanwhile
            return why
        captured_at = found.pop("captured_at")
        key = ", ".join(f"{name} {value}" for name, value in found.items())
        value = f"{why.value}, such as that of {key}, captured at {captured_at.isoformat()}"
        return Rejected(why.reason, value=value, table=why.table)

    def lock(self, new: Mapping[str, Watermark]) -> Mapping[str, Watermark]:
        """Lock the documents' watermarks; return the existing ones."""
        return self._watermarks.lock(new)

    def insert(self, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
        """Copy the rows of new documents straight into the tables."""
        taken = self._copy(target.copying(target.statements.load, documents) for target in self._targets)
        return {name: TableCounts(inserted=number) for name, number in taken.items()}

    def replace(self, documents: Sequence[Document], *, past_row_guard: bool) -> Replaced:
        """Replace the rows of known documents, one table after the other."""
        self._merging = True
        tables = {target.name: TableCounts() for target in self._targets}
        if past_row_guard:
            self._remove_later(documents, tables)
        deleted, written = self._merge(documents, tables)
        return Replaced(tables, {each.capture.document: _changed(each, deleted, written) for each in documents})

    def conclude(
        self, watermarks: Mapping[str, Watermark], settled: Iterable[StoredCapture], applied: Sequence[Document]
    ) -> tuple[CheckWarning, ...]:
        """Do all of it in one pipeline."""
        with self._connection.pipeline():
            self._watermarks.move(watermarks)
            self._quarantine.leave(settled)
            self._unreadable.replace({each.capture.document: each.unreadable for each in applied})
            self._drift.record([DriftedCapture(each.capture, each.drift) for each in applied if each.drift])
            return self._warnings(applied)

    def _merge(self, documents: Sequence[Document], tables: dict[str, TableCounts]) -> tuple[_Counted, _Counted]:
        """Delete what vanished, children first, then insert or update the rest; return the counts of both."""
        self._stage()
        staged = self._copy(target.copying(target.statements.copy, documents) for target in self._targets)
        deletes = [(target, target.statements.delete) for target in reversed(self._targets)]
        upserts = [(target, target.statements.upsert) for target in self._targets if target.name in staged]
        with self._connection.pipeline():
            self._connection.execute(self._lock_tables)
            self._connection.execute(_DEFER)
            found = self._run([*deletes, *upserts], documents)
            self._connection.execute(_CHECK)
        deleted = dict(zip((target.name for target, _ in deletes), found, strict=False))
        written = dict(zip((target.name for target, _ in upserts), found[len(deletes) :], strict=True))
        for name, gone in deleted.items():
            inserted, updated = (sum(each[place] for each in written.get(name, {}).values()) for place in (0, 1))
            unchanged = staged.get(name, 0) - inserted - updated
            tables[name] += TableCounts(inserted, updated, unchanged, sum(each[0] for each in gone.values()))
        return deleted, written

    def _remove_later(self, documents: Sequence[Document], tables: dict[str, TableCounts]) -> None:
        """Delete the rows that the row guard would keep, children first.

        Where a row can move between partitions the key does not tell which rows are one, so there all are deleted.
        """
        self._connection.execute(self._lock_tables)
        self._connection.execute(_DEFER)
        for target in reversed(self._targets):
            cursor = self._connection.execute(target.remove_later, self._parameters(documents))
            tables[target.name] += TableCounts(deleted=cursor.rowcount)

    def _warnings(self, documents: Sequence[Document]) -> tuple[CheckWarning, ...]:
        """The documents' violations of checks that only warn."""
        asked = [(each, each.statements.warn) for each in self._targets if each.statements.warn]
        if not asked or not documents:
            return ()
        of = {each.capture.keys: each.capture.document for each in documents}
        size = len(self._method.document)
        return tuple(
            CheckWarning(of[row[:size]], target.name, check.name, rows)
            for (target, _), cursor in zip(asked, self._execute(asked, documents), strict=True)
            for row in cursor
            if row[:size] in of
            for check, rows in zip((cursor.description or ())[size:], row[size:], strict=True)
            if rows
        )

    def _run(
        self, statements: Sequence[tuple[TargetTable, str]], documents: Sequence[Document]
    ) -> list[dict[Any, Any]]:
        """The counts that each statement returns, by document key."""
        size = len(self._method.document)
        return [{row[:size]: row[size:] for row in cursor} for cursor in self._execute(statements, documents)]

    def _execute(
        self, statements: Sequence[tuple[TargetTable, str]], documents: Sequence[Document]
    ) -> list[psycopg.Cursor[TupleRow]]:
        """Run the statements for the documents in one pipeline; return their cursors."""
        parameters = self._parameters(documents)
        cursors = [self._connection.cursor() for _ in statements]
        try:
            with self._connection.pipeline():
                for cursor, (_, statement) in zip(cursors, statements, strict=True):
                    cursor.execute(statement.encode(), parameters, prepare=True)
        except psycopg.Error as error:
            unanswered = (each for cursor, (each, _) in zip(cursors, statements, strict=True) if not cursor.pgresult)
            reraise(error, next((target.name for target in unanswered), None))
        return cursors

    def _parameters(self, documents: Sequence[Document]) -> dict[str, Any]:
        """The documents' keys and times, as arrays by name."""
        keys = zip(*(each.capture.keys for each in documents), strict=True)
        parameters: dict[str, Any] = {
            key.name: list(values) for key, values in zip(self._method.document, keys, strict=True)
        }
        return parameters | {"captured_at": [each.capture.as_of for each in documents]}

    def _stage(self) -> None:
        """Create the staging tables when they are first needed, as each slows every transaction a little."""
        if not self._staged:
            for target in self._targets:
                self._connection.execute(target.statements.stage.encode())

    def _widen(self) -> None:
        """Allow out-of-line values in the stages, for longer rows; from now on commits take 6 ms more."""
        self._stage()
        for widen in filter(None, (each.statements.widen for each in self._targets)):
            self._connection.execute(widen.encode())
        self._staged = self._wide = True

    def _copy(self, copies: Iterable[Copying | None]) -> dict[str, int]:
        """Send the rows; return the number that the server accepted for each table that has some."""
        some = [each for each in copies if each is not None]
        return dict(zip((each.name for each in some), copying.send(self._connection, some), strict=True))


def _changed(document: Document, deleted: _Counted, written: _Counted) -> dict[str, RowChanges]:
    """What a document changed in each table, parents first."""
    keys, changed = document.capture.keys, {}
    for name in reversed(deleted):
        gone, stayed = deleted[name].get(keys, (0, 0))
        inserted, updated, kept_out = written.get(name, {}).get(keys, (0, 0, 0))
        changed[name] = RowChanges(inserted, updated, gone, stayed + kept_out)
    return changed
