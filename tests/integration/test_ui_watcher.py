"""How sections are read: once for all who look, told when they can't be, and not at all when nobody looks."""

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from feeds import PACKAGE
from htpy import Node

from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.stores.postgres.viewing import PostgresViewing
from mlb_etl.ui import watcher
from mlb_etl.ui.page import Section
from mlb_etl.ui.watcher import TooManySections, Watcher

_SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'mlb-etl ui' AND datname = current_database()"
)


class Counted:
    """A section that counts its readings."""

    def __init__(self, key: str, *reads: str) -> None:
        self.readings = 0
        self.section = Section(key, key, self._content, reads, every=0.05)

    def _content(self, viewer: Viewer) -> Node:
        self.readings += 1
        viewer.runs()
        return f"reading {self.readings}"


@pytest.fixture
def viewing(database: str) -> Iterator[PostgresViewing]:
    return PostgresViewing(Settings(database, Path(), PACKAGE))


def shown(viewing: PostgresViewing, *sections: Section) -> list[str]:
    """What these sections show once they are read."""

    async def look() -> list[str]:
        watching = Watcher(viewing)
        async with watching.watching(sections) as watched:
            for each in watched:
                await asyncio.wait_for(each.read.wait(), 30)
            found = [str(each.element) for each in watched]
        await watching.close()
        return found

    return asyncio.run(look())


def failing(error: Exception) -> Section:
    def content(_: Viewer) -> Node:
        raise error

    return Section("failing", "Failing", content, ())


def test_what_a_user_can_mend_is_told(viewing: PostgresViewing) -> None:
    [element] = shown(viewing, failing(EtlError("mend <this>")))
    assert "mend &lt;this&gt;" in element


def test_a_bug_is_told_and_logged_and_the_others_go_on(
    viewing: PostgresViewing, caplog: pytest.LogCaptureFixture
) -> None:
    counted = Counted("counted", "etl.run")
    with caplog.at_level(logging.ERROR):
        bug, fine = shown(viewing, failing(ZeroDivisionError("secret")), counted.section)
    assert "a bug in mlb-etl" in bug
    assert "secret" not in bug
    assert "ZeroDivisionError: secret" in caplog.text
    assert "reading 1" in fine


def test_what_takes_too_long_is_left_out(database: str, viewing: PostgresViewing) -> None:
    slow = Section("slow", "Slow", lambda viewer: str(viewer.newest("game.live_game_metadata")), ())
    with psycopg.connect(database) as other:
        other.execute("LOCK TABLE game.live_game_metadata")
        [element] = shown(viewing, slow)
    assert "This takes the database too long" in element


def test_tables_that_are_missing_are_named(viewing: PostgresViewing) -> None:
    [element] = shown(viewing, Counted("counted", "etl.run", "etl.no_such", "no.such").section)
    assert "etl.<wbr>no_<wbr>such" in element
    assert "schema init" in element


def test_a_section_is_read_once_for_all_and_not_for_nobody(
    database: str, viewing: PostgresViewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "_LINGER", 0.2)
    counted = Counted("counted", "etl.run")

    async def look() -> None:
        watching = Watcher(viewing)
        async with watching.watching([counted.section]) as [first], watching.watching([counted.section]) as [second]:
            assert first is second
            while counted.readings < 3:
                await asyncio.sleep(0.02)
        deadline = time.monotonic() + 30
        with psycopg.connect(database, autocommit=True) as connection:
            while connection.execute(_SESSIONS).fetchone() != (0,):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
        readings = counted.readings
        await asyncio.sleep(0.5)
        assert counted.readings == readings
        await watching.close()

    asyncio.run(look())


def test_not_everything_is_watched_at_once(viewing: PostgresViewing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "_SECTIONS", 2)
    with pytest.raises(TooManySections):
        shown(viewing, *(Counted(f"counted-{n}").section for n in range(3)))
