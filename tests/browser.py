"""Debian's Chromium, headless: a plugin that gives tests a page of it, on which nothing may go wrong unseen."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

CHROMIUM = Path("/usr/bin/chromium")
# what Chromium asks of the network by itself would be refused here, many times a second
_QUIET = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"]
_NO_SANDBOX = ["--no-sandbox"]  # it can't have one where the tests run as root


@pytest.fixture(scope="module")
def chromium() -> "Iterator[Browser]":
    """One browser for all tests of a module; its event loop, which runs as long, lets the thread have no other."""
    pytest.importorskip("playwright", reason="no browser: pip install -r requirements/browser.txt")
    if not CHROMIUM.exists():
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may be missing

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_QUIET + _NO_SANDBOX)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: "Browser") -> "Iterator[Page]":
    """An empty page of 1280 by 800 px, in a profile of its own, on which nothing goes wrong."""
    with opened(chromium) as found:
        yield found


@contextmanager
def opened(browser: "Browser") -> "Iterator[Page]":
    """A page that may not log an error, raise one or ask another host; AssertionError at the end if it does."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    found = context.new_page()
    wrong: list[str] = []
    found.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: wrong.append(str(error)))
    context.on("request", lambda request: wrong.append(f"asks for {request.url}") if _outside(request) else None)
    yield found
    context.close()
    assert wrong == []


def _outside(request: "Request") -> bool:
    parts = urlsplit(request.url)
    return parts.scheme in {"http", "https", "ws", "wss"} and parts.hostname not in {"127.0.0.1", "localhost"}
