"""`mlb-etl ui` in a browser: pages change by themselves as rows arrive, and go on through whatever happens."""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
from browser import opened
from checks import some
from databases import FAST, create_database, temporary_folder
from looked_at import HOSTILE, PROGRAM, Shown, running

from mlb_etl.baseball.plugin import TABLES
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate
from mlb_sim import Simulator, serve, times

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SOON = 20_000  # ms that a page may take on a busy machine to show what has changed


def see(page: "Page", text: str) -> None:
    """Wait until the page shows a text."""
    page.get_by_text(text).first.wait_for(timeout=SOON)


def runs(page: "Page", pk: int) -> list[str]:
    """The runs of both sides in the line score of a game's page."""
    return page.locator(f"#score-{pk} td.total:nth-last-child(3)").all_inner_texts()


def mark(page: "Page") -> None:
    """Remember that the page was not loaded again since."""
    page.evaluate("window.loadedOnce = true")


def is_marked(page: "Page") -> bool:
    return page.evaluate("window.loadedOnce === true") is True


def test_a_simulated_game_is_followed(page: "Page", database: str) -> None:
    """The simulator plays, `mlb-etl live` follows, and the page shows the score as it changes."""
    simulator = Simulator(1, 2024, speed=600, wait=1)
    fixture = next(each for each in simulator.calendar.fixtures if each.fate == "played")
    simulator.clock.set(simulator.timeline(fixture).first_pitch - 2 * times.MINUTE)
    with serve(simulator) as api, running(MLB_ETL_DSN=database) as (url, _):
        page.goto(f"{url}/game/{fixture.pk}")
        see(page, "The tables have no such game.")
        mark(page)
        own = os.environ | {"MLB_ETL_DSN": database, "MLB_ETL_BASE_URL": api.url, "MLB_ETL_RATE": "off"}
        follow = subprocess.Popen(
            [PROGRAM, "live", "--game-pk", str(fixture.pk), "--interval", "1"], env=own, stdout=subprocess.DEVNULL
        )
        try:
            page.locator(f"#score-{fixture.pk} .badge.live").wait_for(timeout=SOON)
            page.wait_for_function(
                "key => [...document.querySelectorAll(`#${key} td.total`)].some(each => /[1-9]/.test(each.innerText))",
                arg=f"score-{fixture.pk}",
                timeout=2 * SOON,
            )
            page.locator(f"#score-{fixture.pk} .badge", has_text=re.compile("^Final$")).wait_for(timeout=3 * SOON)
        finally:
            follow.terminate()
            follow.wait(30)
        teams = simulator.feed(fixture, simulator.outline(fixture).final)["liveData"]["linescore"]["teams"]
        page.wait_for_timeout(1500)
        assert runs(page, fixture.pk) == [str(teams[side]["runs"]) for side in ("away", "home")]
        assert is_marked(page), "without a reload"


def test_rows_that_arrive_are_shown_where_the_reader_is(page: "Page", database: str) -> None:
    shown = Shown(database)
    first, second = shown.games.pks
    shown.play(first, 0.2)
    with running(MLB_ETL_DSN=database) as (url, _):
        page.goto(f"{url}/games")
        mark(page)
        link = page.locator(f"#game-{first}-link")
        link.focus()
        shown.play(second, 0.4)
        page.locator(f"#game-{second}-link").wait_for(timeout=SOON)
        assert page.evaluate("document.activeElement.id") == f"game-{first}-link", "the focus stays"
        page.keyboard.press("Enter")
        page.wait_for_url(f"{url}/game/{first}")
        for part in (0.5, 1):
            scored = shown.play(first, part)
            page.wait_for_function(
                "([key, runs]) => [...document.querySelectorAll(`#${key} td.total:nth-last-child(3)`)]"
                ".map(each => each.innerText).join() === runs",
                arg=[f"score-{first}", f"{scored['away']},{scored['home']}"],
                timeout=SOON,
            )
        assert page.locator(".announced").inner_text().endswith(f" {scored['home']}")


def test_what_a_response_says_runs_nowhere(page: "Page", database: str) -> None:
    shown = Shown(database)
    pk = shown.games.pks[0]
    feed = shown.games.feed(pk, 0.6)
    plays = some(feed["liveData"]["plays"]["allPlays"])
    plays[2]["about"] = {HOSTILE: HOSTILE} | plays[2]["about"] | {"atBatIndex": -5}
    feed["gameData"]["teams"]["away"]["name"] = HOSTILE
    shown.laws.arrive(shown.games.edited(pk, feed, 0.6, broken=True))
    shown.laws.run([pk])
    [entry] = shown.laws.entries()
    with running(MLB_ETL_DSN=database) as (url, _):
        page.goto(f"{url}/quarantine")
        see(page, "$.liveData.plays.allPlays[2].about.atBatIndex")
        page.get_by_role("link", name=str(entry.id), exact=True).click()
        page.wait_for_url(f"{url}/quarantine/{entry.id}")
        see(page, "Its place in the response")
        assert page.locator("mark").all_inner_texts() == ['"atBatIndex": -5']
        assert "<script>document.title" in page.locator("pre").inner_text()
        assert page.title() == f"Quarantine {entry.id} · mlb-etl"
        assert page.locator("main script, main img").count() == 0


def test_a_database_that_gets_its_tables_is_shown(page: "Page", empty_database: str) -> None:
    with running(MLB_ETL_DSN=empty_database) as (url, _):
        page.goto(f"{url}/pipeline")
        see(page, "mlb-etl schema init")
        mark(page)
        with psycopg.connect(empty_database, autocommit=True) as connection:
            migrate.apply_pending(connection, TABLES)
        see(page, "No command has written to this database yet.")
        see(page, "All migrations of the installed package are applied.")
        assert is_marked(page)


@pytest.fixture
def own_server() -> Iterator[Server]:
    """A server that a test may stop."""
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def test_a_database_that_comes_back_is_shown_again(page: "Page", own_server: Server) -> None:
    dsn = create_database(own_server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        migrate.apply_pending(connection, TABLES)
    with running(MLB_ETL_DSN=dsn) as (url, process):
        page.goto(f"{url}/games")
        see(page, "No game is captured yet.")
        mark(page)
        own_server.stop()
        see(page, "No database.")
        assert page.get_by_text("No game is captured yet.").count() == 1, "what was known stays"
        own_server.start()
        see(page, "read-only")
        page.get_by_text("No database.").wait_for(state="detached", timeout=SOON)
        assert is_marked(page)
        assert process.poll() is None


@contextmanager
def frozen(dsn: str) -> Iterator[None]:
    """The server of a database, which neither answers nor goes away within the block."""
    with psycopg.connect(dsn) as connection:
        [(folder,)] = connection.execute("SHOW data_directory").fetchall()
        server = int((Path(folder) / "postmaster.pid").read_text().split()[0])
        stopped = [server, *(pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity"))]
    for each in stopped:
        with suppress(ProcessLookupError):  # that of this connection
            os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in stopped:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGCONT)


@pytest.mark.timeout(180)
def test_a_database_that_hangs_is_not_waited_for(page: "Page", own_server: Server) -> None:
    dsn = create_database(own_server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        migrate.apply_pending(connection, TABLES)
    with running(MLB_ETL_DSN=dsn) as (url, process):
        page.goto(f"{url}/games")
        see(page, "No game is captured yet.")
        mark(page)
        with frozen(dsn):
            page.get_by_text("No database.").wait_for(timeout=3 * SOON)
            assert page.get_by_text("No game is captured yet.").count() == 1, "what was known stays"
            for path in ("/pipeline", "/quarantine", "/drift", "/games", "/pipeline"):  # more than may be stuck
                assert "No database." in httpx.get(url + path, timeout=10).text
        page.get_by_text("No database.").wait_for(state="detached", timeout=3 * SOON)
        assert is_marked(page)
        with frozen(dsn):
            page.get_by_text("No database.").wait_for(timeout=3 * SOON)
            page.goto("about:blank")  # which the program's end would disturb
            process.terminate()
            assert process.wait(10) == 0


def test_a_page_that_begins_without_a_database_waits_for_it(page: "Page", own_server: Server) -> None:
    dsn = create_database(own_server)
    own_server.stop()
    with running(MLB_ETL_DSN=dsn) as (url, _):
        page.goto(f"{url}/drift")
        see(page, "No database.")
        see(page, "Reading…")
        own_server.start()
        see(page, "mlb-etl schema init")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_can_be_read(chromium: "Browser", database: str, scheme: str) -> None:
    shown = Shown(database)
    for pk in shown.games.pks:
        shown.play(pk, 0.5)
    with running(MLB_ETL_DSN=database) as (url, _), opened(chromium) as page:
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 800})
            for path in ("/games", f"/game/{pk}", "/pipeline", "/quarantine", "/drift"):
                page.goto(url + path)
                page.locator("h2").first.wait_for(timeout=SOON)
                assert page.evaluate("document.documentElement.scrollWidth") == width, path
                assert page.locator("h1").count() == 1
                assert page.locator("nav a[aria-current=page]").count() == 1
                headers = page.locator("table").evaluate_all(
                    "all => all.map(each => each.caption !== null && each.querySelectorAll('th[scope]').length > 0)"
                )
                assert all(headers)
        light, dark = page.evaluate("getComputedStyle(document.body).color"), "rgb(228, 233, 239)"
        assert (light == dark) == (scheme == "dark")
        assert page.evaluate(_CONTRAST) >= 4.5, "as WCAG AA asks of text"
        page.goto(f"{url}/games")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


# The least contrast of the colors that texts have on the grounds they have.
_CONTRAST = """() => {
  const root = getComputedStyle(document.documentElement);
  const light = (name) => {
    const hex = root.getPropertyValue(name).trim().replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pairs = [["--text", "--page"], ["--text", "--card"], ["--faint", "--page"], ["--faint", "--card"],
    ["--accent", "--card"], ["--accent", "--page"], ["--live", "--live-back"], ["--live", "--card"],
    ["--warn", "--warn-back"], ["--bad", "--bad-back"], ["--bad", "--card"], ["--text", "--quiet-back"]];
  return Math.min(...pairs.map(([a, b]) => {
    const [high, low] = [light(a), light(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  }));
}"""


def test_without_a_script_a_page_loads_itself_again(chromium: "Browser", database: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    with running(MLB_ETL_DSN=database) as (url, _):
        page = context.new_page()
        page.goto(f"{url}/games")
        see(page, "No game is captured yet.")
        assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "10"
    context.close()
