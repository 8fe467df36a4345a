"""The application: pages and their updates, read-only and for this machine alone.

Only the names of this machine are accepted as Host, so that no page of a stranger's can read it under a name of his own
(DNS rebinding). There are no cookies, and the policy lets a browser load nothing from anywhere else, nor run anything
that stands in a page.
"""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial

import anyio
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlb_etl.stores.interfaces.viewing import Viewing
from mlb_etl.ui import html
from mlb_etl.ui.page import Page, Section
from mlb_etl.ui.watcher import BANNER, TooManySections, Watched, Watcher

HOSTS = ("127.0.0.1", "localhost")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
UPDATES = "/updates"
_LARGEST = 2**63 - 1  # of a number in a path, as in the database
GRACE = 2  # seconds for streams to end with this program
_FIRST = 1.5  # seconds that a page waits for its sections to be read for the first time


def application(viewing: Viewing, pages: Sequence[Page]) -> Starlette:
    """The application that shows these pages; the first one is where a visitor begins."""
    watcher = Watcher(viewing)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await watcher.close()

    routes = [
        Route("/", partial(_begin, pages[0]), methods=["GET"]),
        Mount("/static", StaticFiles(packages=[("mlb_etl.ui", "static")])),
    ]
    for each in pages:
        routes.append(Route(each.path, partial(_show, watcher, pages, each), methods=["GET"]))
        routes.append(Route(UPDATES + each.path, partial(_update, watcher, each), methods=["GET"]))
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[Middleware(_Guarded), Middleware(TrustedHostMiddleware, allowed_hosts=HOSTS, www_redirect=False)],
        exception_handlers={HTTPException: partial(_refuse, pages), TooManySections: _too_many},
    )


class _Guarded:
    """Adds our headers to all responses."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name.lower().encode() for name in HEADERS}
                kept = [pair for pair in message["headers"] if pair[0].lower() not in names]
                message["headers"] = [*kept, *((name.lower().encode(), its.encode()) for name, its in HEADERS.items())]
            await send(message)

        await self._app(scope, receive, guarded)


async def _begin(page: Page, _: Request) -> Response:
    return RedirectResponse(page.path)


async def _show(watcher: Watcher, pages: Sequence[Page], page: Page, request: Request) -> Response:
    async with watcher.watching(_sections(page, request)) as watched:
        with suppress(TimeoutError), anyio.fail_after(_FIRST):
            for each in watched:
                await each.read.wait()
        parts = [watcher.banner, *(each.element for each in watched)]
    shown = html.page(page, pages, parts, title=_title(page, request), updates=UPDATES + request.url.path)
    return HTMLResponse(str(shown))


async def _update(watcher: Watcher, page: Page, request: Request) -> Response:
    sections = _sections(page, request)
    leaving = anyio.Event()  # set as this program ends, by which time the stream should have
    events = _events(watcher, sections, leaving)
    return EventSourceResponse(events, ping=15, shutdown_event=leaving, shutdown_grace_period=GRACE)


async def _events(
    watcher: Watcher, sections: Sequence[Section], leaving: anyio.Event
) -> AsyncIterator[ServerSentEvent]:
    """What changed on a page, as events: at first all of it. Ends at once if too much is watched."""
    sent: dict[str, str] = {}
    with suppress(TooManySections):
        async with watcher.watching(sections) as watched:
            async for _ in watcher.changes(leaving):
                for key, element, digest in _elements(watcher, watched):
                    if sent.get(key) != digest:
                        sent[key] = digest
                        yield ServerSentEvent(
                            json.dumps({"key": key, "digest": digest, "html": element}), event="section"
                        )


def _elements(watcher: Watcher, watched: Sequence[Watched]) -> list[tuple[str, str, str]]:
    own = (BANNER, str(watcher.banner), watcher.banner_digest)
    return [own, *((each.section.key, str(each.element), each.digest) for each in watched if each.read.is_set())]


def _numbers(request: Request) -> Mapping[str, int]:
    """The numbers in the path; raises HTTPException for one that no database has."""
    found: dict[str, int] = request.path_params
    if any(each > _LARGEST for each in found.values()):
        raise HTTPException(404)
    return found


def _sections(page: Page, request: Request) -> Sequence[Section]:
    return page.sections(_numbers(request))


def _title(page: Page, request: Request) -> str:
    return page.title.format_map(_numbers(request))


async def _refuse(pages: Sequence[Page], _: Request, error: Exception) -> Response:
    """Say on a page that there is none at this path, or that this is not how to ask for one."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = {404: "There is no such page.", 405: "This page can only be read."}.get(status, "This can't be shown.")
    shown = html.page(Page("", "", lambda _: ()), pages, [html.problem(words)], title=str(status), updates="")
    return HTMLResponse(str(shown), status_code=status)


async def _too_many(_: Request, __: Exception) -> Response:
    return Response("too many pages are open; close some", status_code=503, media_type="text/plain")
