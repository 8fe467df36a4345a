"""The live cache on a real Redis: it shows what the tables show, and whatever it does, games are followed."""

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from itertools import pairwise

import msgspec
import pytest
from checks import some
from click.testing import CliRunner
from databases import temporary_database
from redis import Redis
from redis_server import RedisServer, free_port, serve
from samples import connect
from stepped import Live

from mlb_etl.baseball.live import cache
from mlb_etl.baseball.live.cache import LONGEST, MARGIN, LiveCache
from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import CapturedGame, Pace
from mlb_etl.baseball.live.update import Update
from mlb_etl.baseball.schedule import Game
from mlb_etl.cli import cli
from mlb_etl.errors import EtlError
from mlb_etl.stores.embedded.server import Server
from mlb_sim import Server as Simulated
from mlb_sim import Simulator
from mlb_sim import serve as simulate
from mlb_sim.times import MINUTE

GAME = 20240505
KEY = f"game:live:{GAME}"
SECRET = "open sesame@#1"  # noqa: S105 - of the test's own server
PATIENCE = 30.0  # seconds, on a busy machine
SHOWN = """
    SELECT coded_game_state, status_code, concat_ws(' ', inning_state, current_inning), away_score, home_score
    FROM game.live_game_metadata WHERE game_pk = %s
"""


@pytest.fixture(scope="module")
def simulated() -> Iterator[Simulated]:
    """A game in its first innings, which the tests follow one after the other."""
    simulator = Simulator(3, 2024, wait=1)
    fixture = simulator.fixture(GAME)
    assert fixture is not None
    simulator.clock.set(simulator.timeline(fixture).first_pitch + 40 * MINUTE)
    with simulate(simulator) as server:
        yield server


@pytest.fixture(scope="module")
def live(
    simulated: Simulated, server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Live]:
    with temporary_database(server, template) as dsn:
        yield Live(simulated, dsn, tmp_path_factory.mktemp("data"), Pace.of(timedelta(minutes=1)))


@pytest.fixture(scope="module")
def running() -> Iterator[RedisServer]:
    with serve() as server:
        yield server


@pytest.fixture
def redis(running: RedisServer) -> RedisServer:
    """An empty server."""
    with running.client() as client:
        client.flushall()
    return running


@pytest.fixture(scope="module")
def update(live: Live) -> Update:
    """The last update of the game, in progress."""
    return follow(live, None, timedelta(minutes=1))[-1]


def follow(live: Live, url: str | None, time: timedelta) -> list[Update]:
    """What is reported when the game is followed for some time."""
    live.cache = url
    live.updates.clear()
    live.follow(GameScope(game_pks=(GAME,)), end=live.now + time)
    return live.updates.copy()


def later(update: Update, by: timedelta) -> Update:
    """The same feed, seen again."""
    seen = update.known.captured.feed_at
    assert seen is not None
    return replace(update, known=replace(update.known, captured=replace(update.known.captured, feed_at=seen + by)))


def held(client: Redis) -> dict[str, object]:
    facts: dict[str, object] = json.loads(str(client.get(KEY)))
    return facts


def test_the_cache_shows_what_the_tables_show(live: Live, redis: RedisServer) -> None:
    last = follow(live, redis.url, timedelta(minutes=3))[-1]
    with redis.client() as client, connect(live.dsn) as connection:
        facts = held(client)
        shown = connection.execute(SHOWN, [GAME]).fetchone()
        [seen] = connection.execute("SELECT max(last_seen_at) FROM game.live_game_v1").fetchone() or [None]
        lasts = timedelta(milliseconds=int(str(client.pttl(KEY))))
    assert shown == tuple(facts[name] for name in ("state", "status_code", "inning", "away", "home"))
    assert facts["name"] == last.known.listed.name
    assert facts["captured_at"] == seen.astimezone(UTC).isoformat(timespec="microseconds")
    assert last.next is not None
    assert facts["next_at"] == last.next.at.isoformat(timespec="microseconds")
    longest = last.next.at - last.at + MARGIN
    assert longest - timedelta(seconds=PATIENCE) < lasts <= longest


def test_an_older_state_replaces_no_newer_one(update: Update, redis: RedisServer) -> None:
    """Not from another process either, and whatever else is kept under the key does not matter."""
    with redis.client() as client:
        for junk in some(["{", "[]", '{"captured_at": 5}']):
            client.set(KEY, junk)
            show(redis, later(update, timedelta()))
            show(redis, later(update, timedelta(seconds=1)))
            newest = held(client)
            show(redis, later(update, timedelta()))
            assert held(client) == newest


def show(redis: RedisServer, update: Update) -> None:
    with closing(LiveCache(redis.url)) as shown:
        shown.note(update)


def test_a_state_lives_until_its_game_should_have_been_polled_again(update: Update, redis: RedisServer) -> None:
    assert update.next is not None
    with redis.client() as client:
        for due, most in some([(timedelta(days=9), LONGEST), (-LONGEST, MARGIN), (None, LONGEST)]):
            ask = None if due is None else update.next._replace(at=update.at + due)
            show(redis, replace(later(update, timedelta(days=1)), next=ask))
            lasts = timedelta(milliseconds=int(str(client.pttl(KEY))))
            assert most - timedelta(seconds=PATIENCE) < lasts <= most


def test_nothing_is_shown_of_a_game_without_a_capture(update: Update, redis: RedisServer) -> None:
    with redis.client() as client:
        client.delete(KEY)
        show(redis, replace(update, outcome="failed"))
        show(redis, replace(update, known=replace(update.known, captured=CapturedGame())))
        assert client.exists(KEY) == 0


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """A server that is not Redis: it answers everything with this, or nothing at all."""
    ended = threading.Event()

    def serve_one(one: socket.socket) -> None:
        with one:
            if answer is None:
                ended.wait()
            while one.recv(1 << 16) and answer is not None:
                one.sendall(answer)

    def accept() -> None:
        while not ended.is_set():
            one, _ = server.accept()
            threading.Thread(target=serve_one, args=[one], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as server:
        accepting = threading.Thread(target=accept)
        accepting.start()
        port = server.getsockname()[1]
        try:
            yield port
        finally:
            ended.set()
            socket.create_connection(("127.0.0.1", port)).close()
            accepting.join()


@contextmanager
def broken(how: str) -> Iterator[str]:
    """The URL of a Redis that takes no state."""
    with ExitStack() as stack:
        if how == "down":
            yield f"redis://:secret@127.0.0.1:{free_port()}"
        elif how == "full":
            server = stack.enter_context(serve("--maxmemory", "1", "--maxmemory-policy", "noeviction"))
            yield server.url
        elif how == "refuses":
            locked = stack.enter_context(serve(server=RedisServer(free_port(), SECRET)))
            yield f"redis://:secret@127.0.0.1:{locked.port}"
        else:
            port = stack.enter_context(listening({"hangs": None, "babbles": b":HTTP/1.1 400\r\n"}[how]))
            yield f"redis://:secret@127.0.0.1:{port}/3"


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("down", "Connection refused"),
        ("full", "command not allowed when used memory > 'maxmemory'"),
        ("refuses", "invalid username-password pair"),
        ("hangs", "Timeout"),
        ("babbles", "HTTP/1.1 400"),
    ],
)
def test_a_broken_cache_stops_and_delays_no_poll(
    live: Live, how: str, why: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_PAUSE", 0.001)
    monkeypatch.setattr(cache, "_TIMEOUT", 0.05)
    with broken(how) as url:
        polls = [each for each in follow(live, url, timedelta(minutes=3)) if each.outcome != "listed"]
    assert {each.outcome for each in polls} <= {"stored", "seen"}
    assert {later.at - one.at for one, later in some(pairwise(polls))} == {timedelta(minutes=1)}
    [warning] = [each for each in caplog.records if each.name == cache.__name__]
    assert why in warning.getMessage()
    assert warning.levelno == logging.WARNING
    assert "secret" not in caplog.text


def test_no_update_waits_for_a_cache_that_hangs(update: Update) -> None:
    with listening(None) as port, closing(LiveCache(f"redis://127.0.0.1:{port}")) as shown:
        began = time.monotonic()
        for _ in range(10):
            shown.note(update)
        assert time.monotonic() - began < cache._TIMEOUT
        assert len(shown._states) == 1, "only the newest state of a game waits"
    assert time.monotonic() - began < cache._PARTING + PATIENCE


def test_states_reach_a_cache_that_comes_back(
    update: Update, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The newest of each game alone; one that expired meanwhile is not written."""
    monkeypatch.setattr(cache, "_PAUSE", 0.01)
    caplog.set_level(logging.INFO, cache.__name__)
    server = RedisServer(free_port(), SECRET)
    other = replace(update, known=replace(update.known, listed=replace_pk(update, 1)))
    with closing(LiveCache(server.url.replace(SECRET, "open%20sesame%40%231"))) as shown:
        shown.note(update)
        shown.note(replace(later(update, timedelta(seconds=1)), next=None))
        monkeypatch.setattr(cache, "MARGIN", timedelta())
        shown.note(replace(other, next=None if update.next is None else update.next._replace(at=update.at)))
        until(lambda: any("does not take" in each.message for each in caplog.records))
        with serve(server=server), server.client() as client:
            until(lambda: client.exists(KEY) == 1)
            assert held(client)["next_at"] is None
            until(lambda: any("takes the live state of games again" in each.message for each in caplog.records))
            assert client.keys() == [KEY]


def replace_pk(update: Update, game_pk: int) -> Game:
    return msgspec.structs.replace(update.known.listed, game_pk=game_pk)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize(
    "url",
    [
        "redis:6379",
        "http://127.0.0.1:6379",
        "redis://",
        "redis://h:0",
        "redis://h:65536",
        "redis://h:port",
        "redis://h/one",
        "redis://h/12345",
        "redis://h/0?socket_timeout=600",
        "redis://h/0#1",
        "redis://:hidden@h/0#1",
        "redis://:hid#den@h/0",
        "redis://:hid den@h/0",
        f"redis://{'h' * 1100}",
        "redis://\u0661/0",
    ],
)
def test_urls_that_are_refused(url: str) -> None:
    with pytest.raises(
        EtlError, match=r"MLB_ETL_LIVE_CACHE is not the URL of a Redis: redis://HOST:6379/0, or "
    ) as why:
        LiveCache(url)
    assert "hid" not in str(why.value)


def test_the_command_refuses_an_invalid_url(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"LIVE_CACHE": "redis:6379", "DSN": live.dsn, "DATA": str(live.data)}.items():
        monkeypatch.setenv(f"MLB_ETL_{name}", value)
    done = CliRunner().invoke(cli, ["live", "--date", "2024-07-02"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: MLB_ETL_LIVE_CACHE is not the URL of a Redis")
