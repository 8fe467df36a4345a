"""Reads the sections that someone looks at, again and again, and tells when one has changed.

A section is read once for all who look at it. The longer a reading takes, the longer the pause after it, so that pages
take a tenth of one session's time at most. Nobody looks, nothing is read.
"""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TypeVar

import anyio
import htpy as h
from htpy import Node
from markupsafe import Markup

from mlb_etl.errors import DatabaseUnavailable, EtlError, QueryCancelled
from mlb_etl.stores.interfaces.viewing import Viewing
from mlb_etl.ui import html
from mlb_etl.ui.page import Section
from mlb_etl.ui.sessions import MOST, Sessions

_SECTIONS = 100  # watched at once
_LINGER = 20.0  # seconds that a section is read on without viewers, as a page is reloaded or a connection lost
_PATIENCE = 15.0  # seconds for a reading
_SHARE = 10  # how many times as long as a reading the pause after it is
_LONGEST_PAUSE = 300.0
_RETRY, _RETRY_ERROR, _RETRY_SLOW = 2.0, 10.0, 60.0
_NOTICE = 0.2  # seconds until a stream sees that it has to end
BANNER = "database"
T = TypeVar("T")
log = logging.getLogger(__name__)


class TooManySections(Exception):
    """More sections are watched than this program reads."""


class Watched:
    """What a section shows now."""

    def __init__(self, section: Section) -> None:
        self.section = section
        self.element, self.digest = html.section(section, h.p(".empty")["Reading…"])
        self.viewers = 0
        self.left_at = time.monotonic()
        self.read = asyncio.Event()

    @property
    def is_wanted(self) -> bool:
        """Whether someone looks, or did a moment ago."""
        return self.viewers > 0 or time.monotonic() - self.left_at < _LINGER


class Watcher:
    """Reads sections from a database."""

    def __init__(self, viewing: Viewing) -> None:
        self._sessions = Sessions(viewing)
        self._limiter = anyio.CapacityLimiter(MOST)
        self._watched: dict[str, Watched] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Condition()
        self._version = 0
        self.banner, self.banner_digest = _banner(None)

    @asynccontextmanager
    async def watching(self, sections: Sequence[Section]) -> AsyncIterator[list[Watched]]:
        """Watch these sections within the block; raises TooManySections."""
        found = [self._watch(each) for each in sections]
        for each in found:
            each.viewers += 1
        try:
            yield found
        finally:
            for each in found:
                each.viewers -= 1
                each.left_at = time.monotonic()

    async def changes(self, leaving: anyio.Event) -> AsyncIterator[None]:
        """Yields at once, and then each time that a section or the banner has changed, until the event is set."""
        seen = -1
        while not leaving.is_set():
            if seen != self._version:
                seen = self._version
                yield
            with anyio.move_on_after(_NOTICE):
                async with self._changed:
                    while self._version == seen:
                        await self._changed.wait()

    async def close(self) -> None:
        """Stop reading."""
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sessions.close()

    def _watch(self, section: Section) -> Watched:
        found = self._watched.get(section.key)
        if found is None:
            if len(self._watched) >= _SECTIONS:
                raise TooManySections
            found = self._watched[section.key] = Watched(section)
            task = asyncio.create_task(self._keep(found))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return found

    async def _keep(self, watched: Watched) -> None:
        try:
            while watched.is_wanted:
                started = time.monotonic()
                least = await self._read(watched)
                watched.read.set()
                await self._notify()
                pause = min(_SHARE * (time.monotonic() - started), _LONGEST_PAUSE)
                await asyncio.sleep(max(least, pause))
        finally:
            del self._watched[watched.section.key]
            if not self._watched:
                self._sessions.close()

    async def _read(self, watched: Watched) -> float:
        """Read a section, or say in it why it can't be read; return the least pause after it in seconds."""
        section = watched.section
        try:
            with anyio.fail_after(_PATIENCE):
                async with self._limiter:
                    watched.element, watched.digest = await _in_thread(partial(self._sessions.read, section))
        except QueryCancelled:
            _say(watched, "This takes the database too long to show now; another try in a minute.")
            return _RETRY_SLOW
        except (DatabaseUnavailable, TimeoutError) as why:
            self.banner, self.banner_digest = _banner(str(why) or "the database does not answer")
            return _RETRY
        except EtlError as why:
            _say(watched, html.text(why))
            return _RETRY_ERROR
        except Exception:  # the page of an operator goes on, whatever we did wrong in one part of it
            log.exception("section %s: this is a bug in mlb-etl; please report it with what follows", section.key)
            _say(watched, "This can't be shown: a bug in mlb-etl, of which the terminal says more.")
            return _RETRY_SLOW
        self.banner, self.banner_digest = _banner(None, self._sessions.name)
        return section.every

    async def _notify(self) -> None:
        async with self._changed:
            self._version += 1
            self._changed.notify_all()


async def _in_thread(work: Callable[[], T]) -> T:
    """The result of some work, in a thread that nobody waits for: not this program's end either, as anyio's would."""
    done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

    def tell(result: Callable[[], None]) -> None:
        if not done.done():
            result()

    def run() -> None:
        try:
            result = partial(done.set_result, work())
        except BaseException as error:  # noqa: BLE001 - whoever waits gets it
            result = partial(done.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed
            done.get_loop().call_soon_threadsafe(tell, result)

    threading.Thread(target=run, name="reading", daemon=True).start()
    return await done


def _say(watched: Watched, why: str) -> None:
    watched.element, watched.digest = html.section(watched.section, html.problem(why))


def _banner(why: str | None, name: str = "") -> tuple[Markup, str]:
    """What stands above all sections: which database it is, or why there is none."""
    if why is None:
        content: Node = h.p[html.text(name), " · read-only"] if name else h.p["Connecting…"]
    else:
        content = h.p(".problem")[
            h.strong["No database."], " ", html.text(why), ". What is shown is as of before; this page goes on trying."
        ]
    digest = html.digest(str(content))
    return h.div(id=BANNER, role="status", data_digest=digest)[content].__html__(), digest
