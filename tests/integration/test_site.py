"""The documentation site, built from the repository and looked at in a browser."""

import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest
from browser import opened
from checks import some

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
# What is wrong with a page: no title, wider than the screen, a picture or a diagram that is not drawn.
WRONG = """() => {
    const page = document.documentElement, found = []
    if (!document.querySelector('h1')?.checkVisibility()) found.push('no title')
    if (page.scrollWidth > page.clientWidth) found.push('wider than the screen')
    for (const each of document.images) if (!each.complete || !each.naturalWidth) found.push(each.src)
    for (const each of document.querySelectorAll('object')) {
        const drawn = each.contentDocument?.documentElement
        if (!(drawn?.getBoundingClientRect().width > 100 && drawn.querySelector('text')?.getBBox().width > 10))
            found.push(each.data)
    }
    return found
}"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a site that was just built."""
    if shutil.which("zensical") is None:
        pytest.skip('Zensical is not installed: PATH="$PATH:$(website/install.sh)/bin"')
    folder = tmp_path_factory.mktemp("built")
    done = subprocess.run([ROOT / "website/build.sh", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """A test has no use for it."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Places(HTMLParser):
    """What a page refers to, and the places in it that others can refer to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.ids: set[str] = set()
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        found = dict(attrs)
        self.ids.add(found.get("id") or "")
        self.links |= {value for name in ("href", "src", "data") if (value := found.get(name))}


def test_no_link_is_dead(site: Path) -> None:
    pages = {path: Places(path) for path in some(site.rglob("*.html"))}
    dead = []
    for page, places in pages.items():
        base = site if page.name == "404.html" else page.parent  # it is shown at any address
        for link in some(places.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (base / unquote(parts.path).lstrip("/")).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            anchored = not parts.fragment or target not in pages or unquote(parts.fragment) in pages[target].ids
            if not target.is_file() or not anchored:
                dead.append(f"{page.relative_to(site)}: {link}")
    assert dead == []


@pytest.mark.timeout(300)  # some 175 pages, of which each takes 0.2 s of CPU
def test_pages_are_drawn(site: Path, address: str, chromium: "Browser") -> None:
    """All of them, without an error, with their pictures and diagrams, and no wider than a telephone."""
    wrong = {}
    with opened(chromium) as page:
        page.set_viewport_size({"width": 390, "height": 800})
        for path in some(sorted(site.rglob("*.html"))):
            name = path.relative_to(site).as_posix()
            page.goto(f"{address}/{name}")
            wrong[name] = page.evaluate(WRONG)
    assert {name: found for name, found in wrong.items() if found} == {}


def open_search(page: "Page", key: str) -> None:
    """Press the key of the search, once it is there."""
    page.wait_for_function("[...document.querySelectorAll('body div')].some(each => each.shadowRoot)")
    page.keyboard.press(key)
    page.get_by_role("combobox", name="Search").wait_for()


def search(page: "Page", key: str, words: str) -> None:
    """Search by keys alone, and follow the first hit."""
    open_search(page, key)
    page.keyboard.type(words)
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("key", "words", "found"),
    [
        ("Control+k", "game.live_game_plays", "tables/game.live_game_plays.html"),
        ("/", "MG031", "errors.html"),
    ],
)
def test_search_finds(address: str, page: "Page", key: str, words: str, found: str) -> None:
    page.goto(f"{address}/index.html")
    search(page, key, words)
    page.wait_for_url(f"{address}/{found}**")
    assert page.get_by_text(words).first.is_visible()


def test_the_name_of_a_table_finds_its_page(site: Path, address: str, page: "Page") -> None:
    tables = [path.stem for path in (site / "tables").glob("*.html") if "." in path.stem and "-" not in path.stem]
    page.goto(f"{address}/index.html")
    open_search(page, "Control+k")
    for table in random.sample(some(tables), 10):
        page.get_by_role("combobox", name="Search").fill(table)
        page.locator(f"a[role=option][href*='/tables/{table}.html?']").first.wait_for()


def test_a_folder_does_without_a_server(site: Path, page: "Page") -> None:
    page.goto((site / "index.html").as_uri())
    page.get_by_role("link", name="Reference").first.click()
    assert page.title() == "mlbgen - mlbgen and mlb-etl"
    if shutil.which("npm"):
        search(page, "Control+k", "MG031")
        page.wait_for_url("**/errors.html**")


def test_keys_and_colours(address: str, page: "Page") -> None:
    page.goto(f"{address}/views.html")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    assert skip.evaluate("each => each === document.activeElement && getComputedStyle(each).outlineStyle !== 'none'")
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('article').contains(document.querySelector(location.hash))")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('article').contains(document.activeElement)")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_title("Switch to light mode").click()
    page.get_by_title("Switch to dark mode").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.reload()
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


def test_diagrams_follow_the_colours_and_lead_to_tables(address: str, page: "Page") -> None:
    page.goto(f"{address}/tables/subject-play-by-play.html")
    light = page.frames[1].evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.get_by_title("Switch to light mode").click()
    page.get_by_title("Switch to dark mode").click()
    page.frames[1].wait_for_function(
        "light => getComputedStyle(document.documentElement).backgroundColor !== light", arg=light
    )
    page.frames[1].get_by_text("game.live_game_runners", exact=True).first.click()
    page.wait_for_url(f"{address}/tables/game.live_game_runners.html")


def test_a_page_belongs_to_the_navigation(tmp_path: Path) -> None:
    listed = (ROOT / "website/site.yaml").read_text()
    assert "glossary.md" in listed
    shutil.copytree(ROOT / "website", tmp_path / "website")
    for each in ("docs", "schemas", *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE")):
        (tmp_path / each).symlink_to(ROOT / each)
    (tmp_path / "website/site.yaml").write_text(listed.replace("      - Glossary: glossary.md\n", ""))
    done = subprocess.run(
        ["python", "website/stage.py", "build", "nowhere"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "stage.py: a page and its line under nav in website/site.yaml belong together: glossary.md\n"
