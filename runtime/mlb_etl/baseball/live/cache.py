"""The state of followed games in a Redis, for readers who want it without the database.

It only repeats what the tables show, so its loss loses nothing. A thread of its own writes to it, after the commit, and
keeps only the newest state of each game: however slow or broken the server is, it delays no poll.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from mlb_etl.baseball.live.update import Update
from mlb_etl.errors import EtlError, printable

try:
    from redis import Redis, RedisError
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ImportError as error:
    raise EtlError("MLB_ETL_LIVE_CACHE needs the package redis: pip install 'mlb-etl[cache]'") from error

MARGIN = timedelta(minutes=10)  # that a state outlives the game's next poll
LONGEST = timedelta(days=1)  # that a state lives
_TIMEOUT = 1.0  # seconds for the server to connect, and to answer
_PAUSE = 5.0  # seconds between two attempts while it fails
_PARTING = 1.5  # seconds for the last states, when following ends
_ADDRESS = 1024  # characters of a URL
_VISIBLE = re.compile("[!-~]+")
_DATABASE = re.compile("/?|/[0-9]{1,4}")
_NEWER_WINS = """
local held = redis.call('GET', KEYS[1])
if held then
  local read, state = pcall(cjson.decode, held)
  if read and type(state) == 'table' and type(state.captured_at) == 'string' and state.captured_at > ARGV[1] then
    return 0
  end
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
log = logging.getLogger(__name__)


class _State(NamedTuple):
    """What the tables show of a game, as JSON; `until` is when it expires, on the monotonic clock."""

    captured_at: str
    value: str
    until: float


class LiveCache:
    """Keeps `game:live:{game_pk}` of each game; `note` returns at once."""

    def __init__(self, url: str) -> None:
        """Raises EtlError for an invalid URL; connects later."""
        self._redis, self._name = _client(url)
        self._states: dict[int, _State] = {}  # that wait to be written
        self._changed = threading.Condition()
        self._closing = False
        self._failing = False
        self._writer = threading.Thread(target=self._run, name="live-cache", daemon=True)
        self._writer.start()

    def note(self, update: Update) -> None:
        """Take over the state after an update, unless it says nothing new of the tables."""
        state = None if update.outcome == "failed" else _state(update)
        if state is not None:
            with self._changed:
                self._states[update.known.listed.game_pk] = state
                self._changed.notify()

    def close(self) -> None:
        """Write the states that wait, if that takes no longer than a moment."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._writer.join(_PARTING)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            game_pk, state = taken
            if self._write(game_pk, state):
                continue
            with self._changed:
                self._states.setdefault(game_pk, state)
                self._changed.wait_for(lambda: self._closing, _PAUSE)
                if self._closing:
                    return

    def _take(self) -> tuple[int, _State] | None:
        """The state that waits longest; None after the last one."""
        with self._changed:
            self._changed.wait_for(lambda: self._states or self._closing)
            for game_pk in self._states:
                return game_pk, self._states.pop(game_pk)
        return None

    def _write(self, game_pk: int, state: _State) -> bool:
        """Write a state; return False if the server did not take it."""
        left = round(1000 * (state.until - time.monotonic()))
        if left <= 0:
            return True
        try:
            self._redis.eval(_NEWER_WINS, 1, f"game:live:{game_pk}", state.captured_at, state.value, left)
        except (RedisError, OSError, ValueError) as error:  # ValueError: the answer is not Redis's
            if not self._failing:
                log.warning(
                    "%s does not take the live state of games: %s; the tables are not affected",
                    self._name,
                    printable(error),
                )
            self._failing = True
            return False
        if self._failing:
            log.info("%s takes the live state of games again", self._name)
        self._failing = False
        return True


@contextmanager
def caching(url: str) -> Iterator[LiveCache]:
    """A cache that takes the last states when the block ends."""
    cache = LiveCache(url)
    try:
        yield cache
    finally:
        cache.close()


def _state(update: Update) -> _State | None:
    """The state of a game as the tables show it; None before its first capture."""
    captured = update.known.captured
    if captured.feed is None or captured.feed_at is None:
        return None
    away, home = captured.feed.score
    due = update.next.at if update.next else None
    facts = {
        "game_pk": update.known.listed.game_pk,
        "name": update.known.listed.name,
        "state": printable(captured.feed.state, 20),
        "status_code": printable(captured.feed.status.status_code, 20),
        "inning": captured.feed.inning or None,
        "away": away,
        "home": home,
        "captured_at": _iso(captured.feed_at),
        "next_at": due and _iso(due),
    }
    lasts = LONGEST if due is None else min(max(due - update.at, timedelta()) + MARGIN, LONGEST)
    return _State(_iso(captured.feed_at), json.dumps(facts), time.monotonic() + lasts.total_seconds())


def _iso(moment: datetime) -> str:
    """A time in UTC, always as long, so that texts sort as times do."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _client(url: str) -> tuple[Redis, str]:
    """A client that tries once, and the server's name for messages; errors don't repeat the URL, with its password."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode(), 6379 if parts.port is None else parts.port
        fits = parts.scheme in {"redis", "rediss"} and host and port and _DATABASE.fullmatch(parts.path)
    except ValueError:  # an invalid port, address or host name
        fits = False
    if not fits or parts.query or parts.fragment or len(url) > _ADDRESS or not _VISIBLE.fullmatch(url):
        raise EtlError(
            "MLB_ETL_LIVE_CACHE is not the URL of a Redis: redis://HOST:6379/0, or rediss://USER:PASSWORD@HOST:6379/0"
            " with TLS, is expected; write special characters of a password as %XX"
        )
    database = int(parts.path.strip("/") or 0)
    client = Redis(
        host=host,
        port=port,
        db=database,
        username=unquote(parts.username or "") or None,
        password=unquote(parts.password or "") or None,
        ssl=parts.scheme == "rediss",
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return client, f"redis at {host}:{port}/{database}"
