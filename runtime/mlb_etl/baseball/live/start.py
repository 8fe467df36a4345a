"""Builds a follower from settings."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import timedelta

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.apply.pipeline import Session
from mlb_etl.baseball.live.asking import AT_ONCE, Asking
from mlb_etl.baseball.live.clock import Clock
from mlb_etl.baseball.live.fetch import WholeFeeds
from mlb_etl.baseball.live.follow import Follower
from mlb_etl.baseball.live.keep import Keeper, Keeping
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.noted import RecordingFetcher
from mlb_etl.baseball.live.patch import PatchedFeeds
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.baseball.live.several import SeveralTargets
from mlb_etl.baseball.live.target import WAIT, LiveTarget
from mlb_etl.baseball.live.update import Summary, Update
from mlb_etl.capture import capturer
from mlb_etl.capture.capturer import CaptureSink
from mlb_etl.http.client import Client
from mlb_etl.http.exchange import Timeouts
from mlb_etl.http.rate import RateLimit
from mlb_etl.retries import Retries
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database

METHOD = "game.liveGameV1"
_ONCE = Retries(attempts=1)  # a failed request is repeated by its plan, after the others
PATIENCE = timedelta(minutes=30)
_LONGEST = 30  # seconds for an answer, since the next poll is due soon


def follow(
    settings: Settings,
    databases: Mapping[str, Database],
    scope: GameScope,
    *,
    clock: Clock,
    tell: Callable[[Update], None],
    pace: Pace,
    verify: int | None,
    store: bool = False,
    only_raw: Collection[str] = (),
    patience: timedelta = PATIENCE,
    at_once: int = AT_ONCE,
) -> Summary:
    """Follow the games of a scope until the clock stops or nothing is left to follow.

    databases: where captures are kept, by name; only_raw: those of them to whose tables they are not applied; verify:
    poll by patches, and compare them with the whole feed after this many polls; store: also keep captures in the object
    store; patience: how long a scope with an end continues without an answer. Raises EtlError if at the start no
    database is available and migrated, the API has no schedule, or the live cache's URL is invalid.
    """
    method = registry.method(settings.tables, METHOD)
    sink = capturer.open_object_store(settings) if store else None
    limit = RateLimit.of(settings.data, settings.api, settings.requests())
    timeouts = Timeouts(read=10.0, whole=min(_LONGEST, settings.timeout))
    with (
        _cached(settings.cache, tell) as told,
        _keeping(databases, method, sink, only_raw, lambda: clock.stopped) as keeper,
        closing(Client(settings.api, limit, _ONCE, timeouts, now=clock.now, max_body=settings.max_body)) as client,
        Asking(clock, at_once, client.stop) as asking,
    ):
        source = RecordingFetcher(client, keeper)
        patched = None if verify is None else PatchedFeeds(source, method, verify)
        feeds = patched or WholeFeeds(source, method)
        follower = Follower(keeper, source, feeds, asking, scope, clock=clock, tell=told, pace=pace, patience=patience)
        summary = follower.run()
        summary.patches = patched.tally if patched else None
    summary.targets = keeper.summaries()
    return summary


@contextmanager
def _keeping(
    databases: Mapping[str, Database],
    method: Method,
    store: CaptureSink | None,
    only_raw: Collection[str],
    stopped: Callable[[], bool],
) -> Iterator[Keeping]:
    """The databases to keep captures in: one is used by this thread, each of several by a thread of its own."""
    if len(databases) == 1:
        [(name, database)] = databases.items()
        with database.open() as stores:
            stores.require_migrated()
        with Session(database, method, patience=WAIT) as session:
            yield Keeper(session, method, store, applies=name not in only_raw)
        return
    targets = [
        LiveTarget(name, database, method, store, applies=name not in only_raw) for name, database in databases.items()
    ]
    with SeveralTargets(method, targets, stopped) as several:
        yield several


@contextmanager
def _cached(url: str | None, tell: Callable[[Update], None]) -> Iterator[Callable[[Update], None]]:
    """Yields a function that also gives each update to the live cache, if there is one."""
    if url is None:
        yield tell
        return
    from mlb_etl.baseball.live.cache import caching  # noqa: PLC0415 - it imports redis, which only the cache needs

    with caching(url) as cache:

        def both(update: Update) -> None:
            cache.note(update)
            tell(update)

        yield both
