"""A connection dies or a statement fails at each step in turn: nothing is half-written, and the retry succeeds."""

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest
import stamina
from laws import Laws, Snapshot, snapshot
from psycopg.rows import TupleRow
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response

from mlb_etl.apply.pipeline import Session
from mlb_etl.settings import Settings
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


@pytest.fixture
def sample(sample_database: str) -> Iterator[Laws]:
    laws = Laws(sample_database, PACKAGE, METHOD)
    with closing(laws.connection):
        yield laws


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
