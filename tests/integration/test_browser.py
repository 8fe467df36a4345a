"""The browser that tests use: it draws pages, and what goes wrong on one fails its test."""

import re
from typing import TYPE_CHECKING

import pytest
from browser import opened

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def test_a_page_is_drawn(page: "Page") -> None:
    page.set_content("<h1 style='width: 10em; font-size: 20px'>Line score</h1>")
    assert page.evaluate("document.querySelector('h1').getBoundingClientRect().width") == 200


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("<script>console.error('is told')</script>", "is told"),
        ("<script>undefined_name</script>", "undefined_name is not defined"),
        ("<img src='http://192.0.2.1/picture.png'>", "asks for http://192.0.2.1/picture.png"),
    ],
)
def test_what_goes_wrong_on_a_page_fails_its_test(chromium: "Browser", html: str, reason: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(reason)):
        _show(chromium, html)


def _show(browser: "Browser", html: str) -> None:
    with opened(browser) as page:
        page.set_content(html, wait_until="domcontentloaded")
        page.wait_for_timeout(50)
