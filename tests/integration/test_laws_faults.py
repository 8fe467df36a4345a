"""A connection dies or a statement fails at each step in turn: nothing is half-written, and the retry succeeds."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import stamina
from delta_lake import COMMITS, DeltaLaws
from deltalake.exceptions import CommitFailedError
from deltalake.table import TableMerger
from laws import Laws, Note, Rows, Snapshot, documents, snapshot, together
from psycopg.rows import TupleRow
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response

from mlb_etl.apply.pipeline import Session
from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.laws.verdict import Watermark
from mlb_etl.settings import Settings
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import marks
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.raw import RawWriter

GAME, OTHER = 1, 2
STEPS = 200  # more than applying a capture takes


class Watched(psycopg.Connection[TupleRow]):
    """A connection that reports each exchange before and after it: statements, COPY, BEGIN and COMMIT."""

    fault: "Fault"

    def wait(self, *exchange: Any, **limits: Any) -> Any:
        strikes = self.fault.strikes()
        if strikes and not self.fault.late:
            self.fault.strike(self)
        answer = super().wait(*exchange, **limits)
        if strikes and self.fault.late:
            self.fault.strike(self)
        return answer


class Fault:
    """A fault at one exchange, given by its number; `late`: after the server has answered."""

    late = False

    def __init__(self, place: int, check: Callable[[], None]) -> None:
        self.place, self.check, self.exchanges = place, check, 0

    @property
    def came(self) -> bool:
        return self.exchanges > self.place

    def strikes(self) -> bool:
        self.exchanges += 1
        return self.exchanges == self.place + 1

    def strike(self, connection: Watched) -> None:
        """End the connection's server process, and then check the tables."""
        with connect(connection.info.dsn) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [connection.info.backend_pid])
        self.check()


class Lost(Fault):
    """The server did the work, even the COMMIT, but the answer is lost."""

    late = True

    def strike(self, connection: Watched) -> None:
        super().strike(connection)
        raise psycopg.OperationalError("as if the connection was lost")


class Deadlock(Fault):
    def strike(self, connection: Watched) -> None:
        raise psycopg.errors.DeadlockDetected(f"as if of {connection.info.backend_pid}")


@pytest.fixture(autouse=True)
def _no_pause() -> Iterator[None]:
    with stamina.set_testing(True, attempts=5):
        yield


OLD = snapshot(METHOD, GAME, at(0), response(GAME, rbi=[1, 2, 3, 0, 1, 2, 3, 0, 1, 2]))
KNOWN = snapshot(METHOD, GAME, at(1), response(GAME, rbi=[1, 2, 3, 4, 1, 2, 3, 0, 1], score=99))
NEW = snapshot(METHOD, OTHER, at(1), response(OTHER, rbi=[1, 2, 3], season=2031))
BROKEN = snapshot(METHOD, OTHER, at(1), response(OTHER, rbi=[1, 7, 3]), broken=True)


def begin(laws: Laws, captures: list[Snapshot]) -> None:
    """Set up tables that show the old capture, and pending captures."""
    for game in (GAME, OTHER):
        laws.forget(game)
    laws.arrive(OLD)
    laws.run([GAME])
    laws.arrive(*captures)


def state(laws: Laws) -> tuple[Any, ...]:
    with laws.connection.transaction():
        laws.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        return laws.rows(GAME, OTHER), laws.watermarks(GAME, OTHER)


@pytest.mark.parametrize(
    ("kind", "captures"),
    [
        (Fault, [KNOWN]),
        (Fault, [NEW]),
        (Fault, [KNOWN, BROKEN]),
        (Lost, [KNOWN, NEW]),
        (Deadlock, [KNOWN]),
    ],
    ids=["known", "new", "one refused", "answer lost", "deadlock"],
)
def test_at_each_exchange(
    sample: Laws, monkeypatch: pytest.MonkeyPatch, kind: type[Fault], captures: list[Snapshot]
) -> None:
    begin(sample, captures)
    before = state(sample)
    sample.run([GAME, OTHER])
    after, noted = state(sample), set(sample.quarantine(GAME, OTHER))
    assert after != before
    seen = []
    for place in range(STEPS):
        begin(sample, captures)
        fault = kind(place, lambda: seen.append(state(sample)))
        apply(sample, monkeypatch, fault)
        assert state(sample) == after
        assert set(sample.quarantine(GAME, OTHER)) == noted
        if not fault.came:
            break
    assert 10 < place < STEPS - 1
    assert all(each in (before, after) for each in seen)
    assert kind is Deadlock or before in seen
    assert kind is not Lost or after in seen, "an answer to COMMIT was lost"


def apply(laws: Laws, monkeypatch: pytest.MonkeyPatch, fault: Fault) -> None:
    """Apply pending captures on connections that have the fault once."""

    def opened(settings: Settings) -> Watched:
        connection = Watched.connect(settings.dsn or "", autocommit=True)
        connection.fault = fault
        return connection

    waiting = [each for each in RawWriter(laws.connection, METHOD).captures({}) if each.as_of == at(1)]
    with monkeypatch.context() as patched, Session(laws.database, METHOD) as session:
        patched.setattr(db, "connect", opened)
        session.apply(waiting)


# ------------------------------------------------------------------------------------------------------------- a lake


class Broken:
    """Breaks the connection at one commit, given by its number; `late`: the commit is there, but the answer is lost."""

    def __init__(self, laws: DeltaLaws, place: int, *, late: bool) -> None:
        self._laws, self._left, self._late = laws, place, late
        self.seen: list[tuple[Mapping[int, Watermark], Rows]] = []

    @property
    def came(self) -> bool:
        return self._left < 0

    def commit(self, function: Callable[..., None]) -> Callable[..., None]:
        def commit(*given: Any, **named: Any) -> None:
            self._left -= 1
            strikes = self._left == -1
            if self._late or not strikes:
                function(*given, **named)
            if strikes:
                self.seen.append(self._laws.whole(GAME, OTHER))
                raise DatabaseUnavailable("as if the connection was lost")

        return commit


def lake_state(laws: DeltaLaws) -> tuple[Rows, Mapping[int, Watermark], Mapping[str, Any], set[Note]]:
    """Rows, watermarks, whatever may be claimed, and captures in quarantine."""
    claimed = {name: mark.claimed for name, mark in marks.Marks(laws.lake, METHOD).read().items()}
    return laws.rows(GAME, OTHER), laws.watermarks(GAME, OTHER), claimed, set(laws.quarantine(GAME, OTHER))


@pytest.mark.parametrize("late", [False, True], ids=["before it", "answer lost"])
@pytest.mark.parametrize("captures", [[KNOWN, NEW], [KNOWN, BROKEN]], ids=["known and new", "one refused"])
def test_at_each_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, captures: list[Snapshot], *, late: bool
) -> None:
    """In a lake: who reads meanwhile finds no half-written document whole."""
    monkeypatch.setattr(marks, "_PATIENCE", 1)
    begun = DeltaLaws(tmp_path / "begun", PACKAGE, METHOD)
    begun.arrive(OLD)
    begun.run([GAME])
    begun.arrive(*captures)
    shutil.copytree(tmp_path / "begun", tmp_path / "after")
    expected = DeltaLaws(tmp_path / "after", PACKAGE, METHOD)
    expected.run([GAME, OTHER])
    after = lake_state(expected)
    named = {(each.game_pk, each.as_of): each.rows or {} for each in (OLD, *captures)}
    for place in range(STEPS):
        shutil.copytree(tmp_path / "begun", tmp_path / f"{place}")
        laws = DeltaLaws(tmp_path / f"{place}", PACKAGE, METHOD)
        fault = Broken(laws, place, late=late)
        with monkeypatch.context() as patched, Session(laws.database, METHOD) as session:
            waiting = [each for each in laws.captures() if each.as_of == at(1)]
            for name in COMMITS:
                patched.setattr(lakes, name, fault.commit(getattr(lakes, name)))
            session.apply(waiting)
        assert lake_state(laws) == after
        for shown, rows in fault.seen:
            assert rows == {**laws.rows(), **together(named[game, mark[0]] for game, mark in shown.items())}
        if not fault.came:
            break
    assert 3 < place < STEPS - 1


def test_a_lake_knows_its_own_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a server did what the library then asked it for once more, all say that another writer came first."""
    laws = DeltaLaws(tmp_path, PACKAGE, METHOD)

    def twice(function: Callable[..., Any]) -> Callable[..., None]:
        def twice(*given: Any, **named: Any) -> None:
            function(*given, **named)
            raise CommitFailedError("as if another writer came first")

        return twice

    monkeypatch.setattr(lakes, "write_deltalake", twice(lakes.write_deltalake))
    monkeypatch.setattr(TableMerger, "execute", twice(TableMerger.execute))
    monkeypatch.setattr(marks, "_PATIENCE", 0)
    for each, counts in ((OLD, (1, 0, 0, 0)), (KNOWN, (1, 1, 0, 0))):
        laws.arrive(each)
        assert documents(laws.run([GAME])) == counts
        assert laws.rows(GAME) == each.rows
    table = laws.lake.open("sample", "plays")
    assert len(lakes.rows(table)) == len(KNOWN.rows["sample.plays"])
