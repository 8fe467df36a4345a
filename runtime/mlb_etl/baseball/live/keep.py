"""Stores the feeds of games, applies them to the tables, and reads back what is known of a game."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from mlb_contracts import Method
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball import feed
from mlb_etl.baseball.live.fetch import FetchedFeed
from mlb_etl.baseball.live.plan import CapturedGame
from mlb_etl.baseball.live.update import TargetSummary
from mlb_etl.baseball.states import SETTLED
from mlb_etl.capture.capturer import CaptureSink
from mlb_etl.errors import NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.standing import TO_APPLY, pending
from mlb_etl.stores.interfaces.captures import Fate, RawStore

Missed: TypeAlias = NotFound | Rejected | Unreachable
"""Why a request got no usable answer."""


@dataclass(frozen=True, slots=True)
class KeepResult:
    """What happened to a response and to the tables, and what the raw table has now.

    committed: when the rows were committed, on the performance counter.
    """

    fate: Fate
    counts: Counts
    committed: float
    captured: CapturedGame


class Keeping(Protocol):
    """Where a follower keeps feeds. Each method raises DatabaseUnavailable and StoreUnavailable."""

    @property
    def method(self) -> str:
        """The name of the method."""

    def keep(self, found: FetchedFeed) -> KeepResult:
        """Store a feed, and apply it.

        Raises Rejected if this machine's clock is ahead of the database's.
        """

    def catch_up(self, keys: Mapping[str, Any]) -> CapturedGame:
        """Apply the pending captures of a game; return what is known of it then."""

    def note(self, request: Request, why: Missed | None) -> None:
        """Record that a request failed, or with None that it was answered."""

    def summaries(self) -> Mapping[str, TargetSummary]:
        """What was done in each of several targets, by name, at the end; empty if there is only one."""


class Keeper:
    """Stores and applies the responses of a method in one database, one at a time.

    store: the object store, which gets each response first; applies: whether the responses are applied to the tables.
    """

    def __init__(
        self, session: Session, method: Method, store: CaptureSink | None = None, *, applies: bool = True
    ) -> None:
        self._session = session
        self._method = method
        self._store = store
        self._applies = applies

    @property
    def method(self) -> str:
        """As `Keeping` says."""
        return self._method.name

    def keep(self, found: FetchedFeed) -> KeepResult:
        """As `Keeping` says."""
        response, held = found.response, found.held
        self._session.do(lambda transformer: transformer.raw.require_present(response))
        if self._store is not None:
            self._store.put(response)

        def work(transformer: Transformer) -> KeepResult:
            fate = transformer.raw.store(response, [held])
            counts = self._apply(transformer, held.keys)
            committed = time.perf_counter()
            return KeepResult(fate, counts, committed, captured_game(transformer.raw, held.keys))

        kept = self._session.do(work)
        self._session.do(lambda transformer: transformer.stores.tidy(self._method))
        return kept

    def catch_up(self, keys: Mapping[str, Any]) -> CapturedGame:
        """As `Keeping` says."""

        def work(transformer: Transformer) -> CapturedGame:
            self._apply(transformer, keys)
            return captured_game(transformer.raw, keys)

        return self._session.do(work)

    def note(self, request: Request, why: Missed | None) -> None:
        """As `Keeping` says."""

        def work(transformer: Transformer) -> None:
            failures = transformer.stores.failures()
            if why is None:
                failures.forget(request)
            else:
                failures.note(request, why)

        self._session.do(work)

    def summaries(self) -> Mapping[str, TargetSummary]:
        """As `Keeping` says."""
        return {}

    def _apply(self, transformer: Transformer, keys: Mapping[str, Any]) -> Counts:
        """Apply the pending captures, each by itself."""
        if not self._applies:
            return Counts()
        waiting = pending(transformer.raw.newer(keys), self._method.fingerprint)
        return sum((transformer.apply([each]) for each, fate in waiting if fate in TO_APPLY), Counts())


def captured_game(raw: RawStore, keys: Mapping[str, Any]) -> CapturedGame:
    """What the raw table has of a game."""
    asked_at: datetime | None = None
    shown: feed.Feed | None = None
    feed_at: datetime | None = None
    final_since: datetime | None = None
    settled = True
    with closing(raw.history(keys)) as history:
        for each in history:
            found = None if each.data is None else feed.decode_feed(each.data)
            asked_at = asked_at or each.last_seen_at
            settled = settled and found is not None and found.state in SETTLED
            if settled:
                final_since = each.as_of
            if shown is None and each.sound:
                shown, feed_at = found, each.last_seen_at
            if shown is not None and not settled:
                break
    return CapturedGame(asked_at, shown, feed_at, final_since)
