"""A small model of the write laws, and access to the tables of a method, to compare the two."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from unittest import mock

from databases import WRITER
from psycopg import sql
from psycopg.conninfo import make_conninfo
from samples import connect

from mlb_contracts import Capture, Method, Table
from mlb_contracts.response import Response
from mlb_etl.apply import transform
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.extract.answer import one_document
from mlb_etl.extract.extract import extract
from mlb_etl.laws.counts import Counts, TableCounts
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy, Watermark
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.operations import DatabaseStatus, Entry, EntryFilter
from mlb_etl.stores.postgres import quarantine, standing
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter

Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, dict[Key, tuple[Any, ...]]]  # content by primary key, by table
Places: TypeAlias = dict[str, dict[Key, tuple[str, ...]]]  # where the server keeps a row, and who wrote it
Note: TypeAlias = tuple[int, datetime, bytes]  # a capture, as the quarantine names it


@dataclass(frozen=True)
class Snapshot:
    """A capture in the model; `rows` is None if it can never be applied."""

    game_pk: int
    captured_at: datetime
    as_of: datetime
    response: Response
    digest: bytes
    rows: Rows | None

    @property
    def keys(self) -> dict[str, int]:
        return {"game_pk": self.game_pk}

    @property
    def note(self) -> Note:
        return self.game_pk, self.captured_at, self.digest

    def __repr__(self) -> str:
        return f"Snapshot({self.game_pk}, as of {self.as_of:%H:%M} captured {self.captured_at:%H:%M}, {self._size()})"

    def _size(self) -> str:
        return "broken" if self.rows is None else f"{sum(map(len, self.rows.values()))} rows"


def snapshot(
    method: Method,
    game_pk: int,
    captured_at: datetime,
    content: object,
    *,
    timecode: str | None = None,
    broken: bool = False,
) -> Snapshot:
    """A capture of a game with that content; bytes are taken as JSON."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    query = {} if timecode is None else {"timecode": timecode}
    response = Response(method.endpoint, method.method, {"game_pk": str(game_pk)}, query, "", 200, captured_at, body)
    asked = captured_at if timecode is None else datetime.strptime(timecode, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    as_of = min(asked, captured_at)
    rows = None if broken else kept(method, extract(method, Capture(as_of, response.path_params), body).rows)
    return Snapshot(game_pk, captured_at, as_of, response, hashlib.sha256(body).digest(), rows)


# What the sample tables derive, in Python: {column: value of a row}.
DERIVED: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "scored": lambda row: None if row["rbi"] is None else row["rbi"] > 0,
    "effort": lambda row: None if row["speed"] is None else row["speed"] + (row["rbi"] or 0),
}


def kept(method: Method, rows: Iterable[Iterable[Sequence[Any]]]) -> Rows:
    """Extracted rows as the tables would store them, without the time of the capture."""
    return {
        table.qualified_name: dict(_kept(table, row) for row in of)
        for table, of in zip(method.tables, rows, strict=True)
    }


def _kept(table: Table, row: Sequence[Any]) -> tuple[Key, tuple[Any, ...]]:
    of = {column.name: _value(column.type, value) for column, value in zip(table.columns, row, strict=True)}
    key = identity(table)
    content = [value for name, value in of.items() if name not in {*key, "captured_at"}]
    return tuple(of[name] for name in key), (*content, *(DERIVED[each.name](of) for each in table.derived))


def identity(table: Table) -> tuple[str, ...]:
    """The key without the column of a partition by month, whose value can change."""
    month = table.partition.column if table.partition and table.partition.kind == "month" else None
    return tuple(name for name in table.primary_key if name != month)


def _value(type_: str, value: Any) -> Any:
    if value is not None and type_ == "numeric(5,1)":
        return Decimal(value).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return value


class Change(NamedTuple):
    """The changes that turn one content of a table into another."""

    inserted: set[Key]
    updated: set[Key]
    unchanged: set[Key]
    deleted: set[Key]

    @property
    def counts(self) -> TableCounts:
        return TableCounts(*map(len, self))


def changes(before: Rows, after: Rows) -> dict[str, Change]:
    """The changes of all rows of a document, by table."""
    found = {}
    for table, new in after.items():
        old = before.get(table, {})
        both = old.keys() & new.keys()
        updated = {key for key in both if old[key] != new[key]}
        found[table] = Change(new.keys() - both, updated, both - updated, old.keys() - both)
    return found


@dataclass
class Done:
    """The expected outcome of a run: captures by outcome, rows of each table, rows written."""

    applied: int = 0
    same: int = 0
    stale: int = 0
    quarantined: int = 0
    tables: dict[str, TableCounts] = field(default_factory=dict)
    written: set[tuple[str, Key]] = field(default_factory=set)

    @property
    def documents(self) -> tuple[int, int, int, int]:
        return self.applied, self.same, self.stale, self.quarantined


class Model:
    """The write laws, for captures that are processed one after the other."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.raw: dict[Note, Snapshot] = {}
        self.seen: dict[Note, datetime] = {}  # the state that last had the content of a capture in the raw table
        self.shown: dict[int, Snapshot] = {}
        self.as_of: dict[int, datetime] = {}
        self.quarantine: dict[Note, str] = {}

    def arrive(self, *snapshots: Snapshot) -> None:
        """Store a capture, unless its time and content are known; count it if the content is that of the one before."""
        for new in snapshots:
            earlier = (each for each in self._of([new.game_pk]) if each.as_of <= new.as_of)
            before = max(earlier, key=lambda each: self._before(each, new), default=None)
            if before is not None and before.digest == new.digest:
                self.seen[before.note] = max(self.seen[before.note], new.as_of)
            elif new.note not in self.raw:
                self.raw[new.note], self.seen[new.note] = new, new.as_of

    def transform(self, games: Iterable[int], policy: Policy = "new") -> Done:
        """Apply each game's captures in the order of their times, except those in quarantine."""
        done, standing = Done(), dict(self.quarantine)
        for each in sorted(self._states(games), key=_order):
            if each.note not in standing:
                self.take(each, done, policy)
            elif standing[each.note] == "waiting":
                done.quarantined += 1
        return done

    def settle(self, snapshots: Iterable[Snapshot], policy: Policy) -> Done:
        """Apply captures from quarantine by a decision, in the order of their times."""
        done = Done()
        for each in sorted(map(self._last, snapshots), key=_order):
            self.take(each, done, policy)
        return done

    def _of(self, games: Iterable[int]) -> list[Snapshot]:
        return [each for each in self.raw.values() if each.game_pk in games]

    def _before(self, each: Snapshot, new: Snapshot) -> tuple[datetime, bool]:
        """The latest capture before the new one; on a tie, the one with different content."""
        return min(self.seen[each.note], new.as_of), each.digest != new.digest

    def _last(self, each: Snapshot) -> Snapshot:
        return replace(each, as_of=self.seen[each.note])

    def _states(self, games: Iterable[int]) -> list[Snapshot]:
        """The last state of each content, and also the first state of content that is new to the tables."""
        all_of = self._of(games)
        new = (each for each in all_of if each.note not in self.quarantine and each.as_of < self.seen[each.note])
        first = (each for each in new if each.game_pk not in self.shown or each.as_of > self.as_of[each.game_pk])
        return [*map(self._last, all_of), *first]

    def take(self, new: Snapshot, done: Done, policy: Policy) -> None:
        """Newer captures win, equal ones do nothing; conflicts and large losses need a decision."""
        game, old = new.game_pk, self.shown.get(new.game_pk)
        same = old is not None and new.digest == old.digest
        if old is not None and new.as_of < self.as_of[game]:
            done.stale += 1
        elif same and not (policy == "again" and new.as_of == self.as_of[game]):
            done.same += 1
            self.as_of[game] = new.as_of
        elif not same and self._stopped(new, old, accept=policy == "accept"):
            done.quarantined += 1
            self.quarantine.setdefault(new.note, "waiting")  # or it stays dropped after a failed try
            return
        else:
            done.applied += 1
            self._apply(new, old, done)
        self.quarantine.pop(new.note, None)

    def _stopped(self, new: Snapshot, old: Snapshot | None, *, accept: bool) -> bool:
        if new.rows is None:
            return True
        if accept or old is None:
            return False
        return new.as_of == self.as_of[new.game_pk] or self._shrinks(old.rows or {}, new.rows)

    def _shrinks(self, before: Rows, after: Rows) -> bool:
        guard = self.method.shrink_guard
        if guard.once and not any(before[name] for name in guard.once):
            return False
        of = {table.qualified_name: changes(before, after)[table.qualified_name] for table in self.method.tables}
        guarded = [table.qualified_name for table in self.method.tables if table.guarded]
        emptied = any(not after[name] and len(before[name]) >= guard.emptied_table_rows for name in guarded)
        lost = sum(len(of[name].deleted) for name in guarded)
        return emptied or lost > Decimal(str(guard.share)) * sum(len(before[name]) for name in guarded)

    def _apply(self, new: Snapshot, old: Snapshot | None, done: Done) -> None:
        assert new.rows is not None
        for table, change in changes((old and old.rows) or {}, new.rows).items():
            done.tables[table] = done.tables.get(table, TableCounts()) + change.counts
            done.written |= {(table, key) for key in change.inserted | change.updated}
        self.shown[new.game_pk], self.as_of[new.game_pk] = new, new.as_of


def _order(each: Snapshot) -> tuple[datetime, datetime, bytes]:
    return each.as_of, each.captured_at, each.digest


class Laws:
    """The tables of a method in a database, and the server's information about them.

    What is tested works as the role that may only load; `connection` is the administrator's. enforces: the rules that
    its tables enforce; tests of others are skipped.
    """

    enforces = frozenset({"checks", "foreign keys"})

    def __init__(self, dsn: str, package: str, method: Method) -> None:
        self.method = method
        self.settings = Settings(make_conninfo(dsn, user=WRITER), Path(), package)
        self.database = Postgres(self.settings)
        self.connection = connect(dsn)
        self._raw = RawWriter(self.connection, method)

    def arrive(self, *snapshots: Snapshot) -> None:
        with self.as_writer():
            self._store(snapshots)

    @contextmanager
    def as_writer(self) -> Iterator[Connection]:
        """The connection, with the privileges of the role that loads."""
        self.connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(WRITER)))
        try:
            yield self.connection
        finally:
            self.connection.execute("RESET ROLE")

    def _store(self, snapshots: Iterable[Snapshot]) -> None:
        self._raw.store_all([(each.response, one_document(each.response.data, each.keys)) for each in snapshots])

    def now(self) -> datetime:
        """The time on the store's clock."""
        return self._raw.now()

    def captures(self, *games: int) -> list[StoredCapture]:
        """The captures of these games, or of all."""
        return [*self._raw.captures({"game_pk": games} if games else {})]

    def run(
        self,
        games: Iterable[int],
        *,
        batch: int = transform.BATCH,
        workers: int = 1,
        policy: Policy = "new",
        method: Method | None = None,
    ) -> Counts:
        """Transform the captures of these games."""
        with mock.patch.object(transform, "BATCH", batch):
            return self.pipeline(workers, method).run({"game_pk": list(games)}, policy)

    def settle(self, *snapshots: Snapshot, policy: Policy) -> Counts:
        """Decide on captures in quarantine."""
        return self.pipeline().settle([self.numbers()[each.note] for each in snapshots], policy)

    def drop(self, *snapshots: Snapshot) -> None:
        """Drop captures in quarantine, so that they are never applied."""
        quarantine.mark_dropped(self.connection, [self.numbers()[each.note] for each in snapshots])

    def pipeline(self, workers: int = 1, method: Method | None = None) -> Pipeline:
        return Pipeline(method or self.method, self.database, workers)

    def entries(self) -> Sequence[Entry]:
        """The quarantine, as operators see it."""
        with self.database.open() as stores:
            return stores.operations().entries(EntryFilter())

    def status(self) -> DatabaseStatus:
        """What operators see of the store."""
        with self.database.open() as stores:
            return stores.operations().status()

    def set_watermark(self, game: int, as_of: datetime) -> None:
        """Set the time that the tables show of a game, and leave its rows as they are."""
        name, watermark = json.dumps({"game_pk": game}), Watermark(*self.watermarks(game)[game])
        with self.database.open() as stores, stores.tables(self.method).unit() as unit:
            unit.lock({name: watermark})
            unit.conclude({name: watermark._replace(as_of=as_of)}, [], [])

    def forget(self, *games: int) -> None:
        """Forget games completely."""
        tables = [sql.Identifier(table.schema, table.name) for table in reversed(self.method.tables)]
        raw, documents = standing.raw_table(self.method), standing.documents_table(self.method)
        query = sql.SQL("DELETE FROM {} AS r USING {} AS d WHERE {} AND d.game_pk = ANY(%s)")
        self.connection.execute(query.format(raw, documents, standing.in_capture("d", "r")), [list(games)])
        for table in (*tables, documents):
            self.connection.execute(sql.SQL("DELETE FROM {} WHERE game_pk = ANY(%s)").format(table), [list(games)])
        for control in ("watermark", "quarantine"):
            statement = sql.SQL("DELETE FROM etl.{} WHERE document ->> 'game_pk' = ANY(%s)")
            self.connection.execute(statement.format(sql.Identifier(control)), [list(map(str, games))])

    def rows(self, *games: int) -> Rows:
        """The rows of these games, in the form of the model."""
        return {table.qualified_name: dict(self._rows(table, games)) for table in self.method.tables}

    def places(self, *games: int) -> Places:
        """The place of each row of these games, and the transaction that wrote it."""
        return {table.qualified_name: dict(self._places(table, games)) for table in self.method.tables}

    def _rows(self, table: Table, games: Sequence[int]) -> Iterable[tuple[Key, tuple[Any, ...]]]:
        key = identity(table)
        names = [column.name for column in table.columns if column.name not in {*key, "captured_at"}]
        names += [column.name for column in table.derived]
        return ((row[: len(key)], row[len(key) :]) for row in self._select(table, [*key, *names], games))

    def _places(self, table: Table, games: Sequence[int]) -> Iterable[tuple[Key, tuple[str, ...]]]:
        key = identity(table)
        names = [*key, "tableoid", "ctid", "xmin", "captured_at", "ingested_at"]
        return ((row[: len(key)], tuple(map(str, row[len(key) :]))) for row in self._select(table, names, games))

    def _select(self, table: Table, names: Sequence[str], games: Sequence[int]) -> list[tuple[Any, ...]]:
        query = sql.SQL("SELECT {} FROM {} WHERE game_pk = ANY({})").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(table.schema, table.name), list(games)
        )
        return self.connection.execute(query).fetchall()

    def watermarks(self, *games: int) -> dict[int, tuple[datetime, bytes, str]]:
        """The time, content and mapping that the tables show, by game."""
        found = self.connection.execute(
            "SELECT (document ->> 'game_pk')::bigint, as_of, content_hash, fingerprint FROM etl.watermark"
            " WHERE method = %s AND (document ->> 'game_pk')::bigint = ANY(%s)",
            [self.method.name, list(games)],
        )
        return {game: (as_of, digest, fingerprint) for game, as_of, digest, fingerprint in found}

    def whole(self, *games: int) -> tuple[Mapping[int, tuple[datetime, bytes, str]], Rows]:
        """The watermarks of these games at one moment, and their rows; without games that may be half written."""
        with self.connection.transaction():
            self.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return self.watermarks(*games), self.rows(*games)

    def quarantine(self, *games: int) -> dict[Note, str]:
        """The quarantine entries of these games, with their states."""
        return {note: state for note, (state, _) in self._notes().items() if note[0] in games}

    def numbers(self) -> dict[Note, int]:
        return {note: number for note, (_, number) in self._notes().items()}

    def _notes(self) -> dict[Note, tuple[str, int]]:
        found = self.connection.execute(
            "SELECT (document ->> 'game_pk')::bigint, captured_at, content_hash, state, id FROM etl.quarantine"
            " WHERE method = %s",
            [self.method.name],
        )
        return {(game, captured_at, digest): (state, number) for game, captured_at, digest, state, number in found}


def together(rows: Iterable[Rows]) -> Rows:
    """The rows of several documents, which must be disjoint."""
    found: Rows = {}
    for each in rows:
        for table, content in each.items():
            found.setdefault(table, {}).update(content)
    return found


def documents(counts: Counts) -> tuple[int, int, int, int]:
    """Captures applied, same, stale, quarantined."""
    of = counts.documents
    return of.applied, of.same, of.stale, of.quarantined


def nonzero(tables: Mapping[str, TableCounts]) -> dict[str, TableCounts]:
    """The tables with counts other than zero."""
    return {name: counts for name, counts in tables.items() if counts != TableCounts()}
