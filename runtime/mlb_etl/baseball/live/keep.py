"""Keeps what was captured of games: raw, then applied to the tables, and read back as what is known of them."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl.apply.pipeline import Session
from mlb_etl.apply.transform import Transformer
from mlb_etl.baseball import feed
from mlb_etl.baseball.live.plan import Captured
from mlb_etl.baseball.states import SETTLED
from mlb_etl.capture.capturer import CaptureSink
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.laws.counts import Counts
from mlb_etl.laws.standing import TO_APPLY, pending
from mlb_etl.stores.interfaces.captures import Fate, RawStore


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a response, what was done to the tables, and what the raw table has now.

    committed: when it was done, on the performance counter.
    """

    fate: Fate
    counts: Counts
    committed: float
    captured: Captured


class Keeper:
    """Stores and applies responses of a method, each on its own.

    Raises DatabaseUnavailable and StoreUnavailable where it can't.
    """

    def __init__(self, session: Session, method: Method, store: CaptureSink | None = None) -> None:
        self._session = session
        self._method = method
        self._store = store

    def keep(self, response: Response, held: HeldDocument) -> Kept:
        """Store a response that is this document, in the object store first where there is one, and apply it.

        Raises Rejected where this machine's clock is ahead of the database's.
        """
        self._session.do(lambda transformer: transformer.raw.require_present(response))
        if self._store is not None:
            self._store.put(response)

        def work(transformer: Transformer) -> Kept:
            fate = transformer.raw.store(response, [held])
            counts = self._apply(transformer, held.keys)
            committed = time.perf_counter()
            return Kept(fate, counts, committed, captured(transformer.raw, held.keys))

        return self._session.do(work)

    def catch_up(self, keys: Mapping[str, Any]) -> Captured:
        """What is known of a game, after what is still to be applied of it was."""

        def work(transformer: Transformer) -> Captured:
            self._apply(transformer, keys)
            return captured(transformer.raw, keys)

        return self._session.do(work)

    def _apply(self, transformer: Transformer, keys: Mapping[str, Any]) -> Counts:
        """Apply the captures that are newer than what the tables show, each by itself."""
        waiting = pending(transformer.raw.newer(keys), self._method.fingerprint)
        return sum((transformer.apply([each]) for each, fate in waiting if fate in TO_APPLY), Counts())


def captured(raw: RawStore, keys: Mapping[str, Any]) -> Captured:
    """What the raw table has of a game."""
    asked_at: datetime | None = None
    told: feed.Feed | None = None
    feed_at: datetime | None = None
    final_since: datetime | None = None
    settled = True
    with closing(raw.history(keys)) as history:
        for each in history:
            says = None if each.data is None else feed.read(each.data)
            asked_at = asked_at or each.last_seen_at
            settled = settled and says is not None and says.state in SETTLED
            if settled:
                final_since = each.as_of
            if told is None and each.sound:
                told, feed_at = says, each.last_seen_at
            if told is not None and not settled:
                break
    return Captured(asked_at, told, feed_at, final_since)
