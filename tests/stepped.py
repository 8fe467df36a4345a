"""A simulator whose clock a follower moves on: it waits by stepping simulated time, so that days take seconds."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from mlb_etl.baseball.live import start
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.baseball.live.update import Summary, Update
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres.database import Postgres
from mlb_sim import Server
from mlb_sim.times import moment, to_datetime

PACKAGE = "mlb_tables"
PACE = Pace(*(timedelta(minutes=minutes) for minutes in (10, 11, 60, 30, 20)))


class SteppedClock:
    """The simulator's clock; `end` is when the work is to end."""

    def __init__(self, server: Server, end: datetime | None = None) -> None:
        self._clock = server.simulator.clock
        self._end = end
        self._woken = threading.Event()

    @property
    def stopped(self) -> bool:
        return self._end is not None and self.now() >= self._end

    def now(self) -> datetime:
        return to_datetime(self._clock.now)

    def wait(self, until: datetime, *, asking: bool = False) -> None:
        if asking:
            self._woken.wait(timeout=60)
            self._woken.clear()
            return
        until = until if self._end is None else min(until, self._end)
        self._clock.set(moment(until + timedelta(milliseconds=1) - timedelta(microseconds=1)))

    def wake(self) -> None:
        self._woken.set()


@dataclass
class Live:
    """A database, and a simulator that it follows."""

    server: Server
    dsn: str
    data: Path
    pace: Pace = PACE
    updates: list[Update] = field(default_factory=list)
    databases: Mapping[str, Database] = field(default_factory=dict)  # instead of the one of the DSN
    cache: str | None = None

    @property
    def settings(self) -> Settings:
        store = str(self.data / "store")
        return Settings(self.dsn, self.data, PACKAGE, self.server.url, float("inf"), store, cache=self.cache)

    @property
    def now(self) -> datetime:
        return to_datetime(self.server.simulator.now)

    def follow(
        self,
        scope: GameScope,
        *,
        end: datetime | None = None,
        verify: int | None = None,
        store: bool = False,
        patience: timedelta = start.PATIENCE,
        tell: Callable[[Update], None] | None = None,
    ) -> Summary:
        clock = SteppedClock(self.server, end)
        return start.follow(
            self.settings,
            self.databases or {"postgres": Postgres(self.settings)},
            scope,
            clock=clock,
            tell=tell or self.updates.append,
            pace=self.pace,
            verify=verify,
            store=store,
            patience=patience,
            at_once=1,
        )

    def get(self, target: str) -> bytes:
        """What the simulator answers, beside the follower's own requests."""
        answer = httpx.get(f"{self.server.url}{target}")
        self.server.requests.pop()
        return answer.raise_for_status().content
