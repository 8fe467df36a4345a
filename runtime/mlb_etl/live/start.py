"""Puts a follower together from settings."""

from collections.abc import Callable
from contextlib import closing

from mlb_etl import db, migrate, registry
from mlb_etl.client import Client, Retries, Timeouts
from mlb_etl.live.clock import Clock
from mlb_etl.live.fetch import WholeFeeds
from mlb_etl.live.follow import Follower, Summary, Update
from mlb_etl.live.keep import Keeper
from mlb_etl.live.listing import Scope
from mlb_etl.live.patch import PatchedFeeds
from mlb_etl.live.plan import Pace
from mlb_etl.rate import RateLimit
from mlb_etl.settings import Settings

METHOD = "game.liveGameV1"
_ONCE = Retries(attempts=1)  # who is not answered comes again by his plan, after the others
_TIMEOUTS = Timeouts(connect=3.0, read=10.0, whole=30.0)


def follow(
    settings: Settings, scope: Scope, *, clock: Clock, tell: Callable[[Update], None], pace: Pace, verify: int | None
) -> Summary:
    """Follow the games of a scope until the clock stops, or nothing of it is left.

    By patches where `verify` says after how many polls they are compared with the whole feed. Raises EtlError where the
    database is not there or not as it should be to begin with, or the API has no schedule.
    """
    method = registry.method(settings.tables, METHOD)
    with db.connect(settings) as connection, db.edge():
        migrate.require(connection, settings.tables)
    limit = RateLimit.of(settings.data, settings.api, settings.rate)
    with (
        closing(Client(settings.api, limit, _ONCE, _TIMEOUTS, clock.now)) as client,
        closing(Keeper(settings, method)) as keeper,
    ):
        patched = None if verify is None else PatchedFeeds(client, method, verify)
        feeds = patched or WholeFeeds(client, method)
        summary = Follower(keeper, client, feeds, scope, clock=clock, tell=tell, pace=pace).run()
        summary.patches = patched.tally if patched else None
        return summary
