"""The documentation site, built from the repository and looked at in a browser."""

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

import click
import pytest
from browser import opened
from checks import some

import mlb_etl.cli
import mlb_sim.cli
import mlbgen.cli

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
WITHOUT_PICTURE = "[...document.images].filter(each => !each.complete || !each.naturalWidth).map(each => each.src)"


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


def test_every_page_is_drawn(site: Path, address: str, chromium: "Browser") -> None:
    """Without an error, with its pictures, and no wider than a telephone."""
    wide, broken = [], []
    with opened(chromium) as page:
        page.set_viewport_size({"width": 390, "height": 800})
        for path in some(sorted(site.rglob("*.html"))):
            name = path.relative_to(site).as_posix()
            page.goto(f"{address}/{name}")
            assert page.locator("h1").first.is_visible(), name
            wide += [name] * page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
            broken += page.evaluate("[...document.images].filter(e => !e.complete || !e.naturalWidth).map(e => e.src)")
    assert (wide, broken) == ([], [])


def search(page: "Page", key: str, words: str) -> None:
    """Open the search by its key, look for the words, and follow the first hit."""
    page.wait_for_function("[...document.querySelectorAll('body div')].some(each => each.shadowRoot)")  # it is there
    page.keyboard.press(key)
    page.get_by_role("combobox", name="Search").wait_for()
    page.keyboard.type(words)
    page.get_by_role("option").or_(page.locator("mark")).first.wait_for()
    page.keyboard.press("Enter")


@pytest.mark.parametrize(
    ("key", "words", "found"),
    [
        ("Control+k", "mlb_etl_lag_seconds", "reference/metrics.html"),
        ("/", "MG031", "errors.html"),
    ],
)
def test_search_finds(address: str, page: "Page", key: str, words: str, found: str) -> None:
    page.goto(f"{address}/index.html")
    search(page, key, words)
    page.wait_for_url(f"{address}/{found}**")
    assert page.get_by_text(words).first.is_visible()


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


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from commands(below, f"{path} {name}")


PROGRAMS = {"mlbgen": mlbgen.cli.commands, "mlb-etl": mlb_etl.cli.cli, "mlb-sim": mlb_sim.cli.main}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_reference_has_each_command_and_option(address: str, page: "Page", name: str) -> None:
    page.goto(f"{address}/reference/{name}.html")
    headings = page.locator("h1, h2, h3, h4").all_inner_texts()
    text = page.locator("article").inner_text()
    for path, command in some(commands(PROGRAMS[name], name)):
        assert any(heading.strip().startswith(path) for heading in headings), path
        for option in command.params:
            assert isinstance(option, click.Argument) or option.opts[0] in text, f"{path}: {option.opts}"


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
