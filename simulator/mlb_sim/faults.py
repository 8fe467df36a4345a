"""Injects faults into answers: random shares of all requests, or single requests that a test selects."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Lock
from typing import Final

from mlb_sim import routes
from mlb_sim.answers import games
from mlb_sim.answers.errors import Refused, body
from mlb_sim.draw import Draw
from mlb_sim.routes import Answer, encode
from mlb_sim.simulator import Simulator
from mlb_sim.times import MINUTE, Moment

STALE_BY: Final = 3 * MINUTE
RETRY_AFTER: Final = 2
SLOW_SECONDS: Final = 2.0

_TOO_MANY: Final = "Too many requests"
_HTML: Final = (
    b"<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
)


class UnknownFault(ValueError):
    """An unknown fault, or an invalid share or plan."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it is sent: possibly with headers, slowly, cut off, or not at all."""

    answer: Answer
    headers: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0  # duration of sending the body
    cut: bool = False  # ends halfway through the announced body
    silent: bool = False  # nothing is sent
    reset: bool = False  # the connection is closed without an answer


@dataclass(frozen=True, slots=True)
class Context:
    """The request that gets a fault."""

    simulator: Simulator
    target: str
    now: Moment

    def answer(self, now: Moment | None = None) -> Answer:
        """The correct answer, now or at another moment."""
        return routes.answer(self.simulator, self.target, self.now if now is None else now)


def _json(status: int, message: str, **headers: str) -> Response:
    return Response(
        Answer(status, encode(body(message))), {name.replace("_", "-"): text for name, text in headers.items()}
    )


def _too_many(_: Context) -> Response:
    return _json(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY, Retry_After=str(RETRY_AFTER))


def _malformed(context: Context) -> Response:
    answer = context.answer()
    middle = len(answer.body) // 2
    return Response(Answer(answer.status, answer.body[:middle] + b',,"}' + answer.body[middle:]))


def _truncated(context: Context) -> Response:
    """The first half of the body, with a Content-Length that fits."""
    answer = context.answer()
    return Response(Answer(answer.status, answer.body[: len(answer.body) // 2]))


def _wrong_game(context: Context) -> Response:
    """The body of the next game."""
    path, _ = routes.split(context.target)
    simulator = context.simulator
    try:
        _, keys = routes.find(path)
        fixture = games.find(simulator, keys.get("game_pk", ""))
    except Refused:
        return Response(context.answer())
    other = simulator.calendar.fixtures[(fixture.index + 1) % len(simulator.calendar.fixtures)]
    target = context.target.replace(str(fixture.pk), str(other.pk))
    return Response(routes.answer(simulator, target, context.now))


def _empty_final(context: Context) -> Response:
    path, _ = routes.split(context.target)
    try:
        route, keys = routes.find(path)
        fixture = games.find(context.simulator, keys.get("game_pk", ""))
    except Refused:
        return Response(context.answer())
    if route.method != "liveGameV1":
        return Response(context.answer())
    return Response(Answer(HTTPStatus.OK, encode(games.empty_final(context.simulator, fixture, context.now))))


FAULTS: Final[dict[str, tuple[str, Callable[[Context], Response]]]] = {
    "429": ("too many requests, with Retry-After", _too_many),
    "429-bare": ("too many requests, without Retry-After", lambda _: _json(HTTPStatus.TOO_MANY_REQUESTS, _TOO_MANY)),
    "500": ("an error in JSON", lambda _: _json(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal error occurred")),
    "502": ("an error in HTML", lambda _: Response(Answer(HTTPStatus.BAD_GATEWAY, _HTML, "text/html"))),
    "503": ("an error in JSON", lambda _: _json(HTTPStatus.SERVICE_UNAVAILABLE, "Service unavailable")),
    "404": ("not found, in JSON", lambda _: _json(HTTPStatus.NOT_FOUND, "Object not found")),
    "404-html": ("not found, in HTML", lambda _: Response(Answer(HTTPStatus.NOT_FOUND, _HTML, "text/html"))),
    "200-html": ("an HTML page instead of JSON", lambda _: Response(Answer(HTTPStatus.OK, _HTML, "text/html"))),
    "200-error": ("not found, but with status 200", lambda _: _json(HTTPStatus.OK, "Object not found")),
    "timeout": ("no answer at all", lambda _: Response(Answer(HTTPStatus.OK, b""), silent=True)),
    "reset": ("the connection is closed", lambda _: Response(Answer(HTTPStatus.OK, b""), reset=True)),
    "slow": ("the body comes in small pieces", lambda c: Response(c.answer(), seconds=SLOW_SECONDS)),
    "cut": ("the connection is closed in the middle of the body", lambda c: Response(c.answer(), cut=True)),
    "truncated": ("half of the JSON", _truncated),
    "malformed": ("invalid JSON", _malformed),
    "wrong-game": ("the body of another game", _wrong_game),
    "empty-final": ("a live feed that is final and has no plays", _empty_final),
    "stale": ("an answer from three minutes ago", lambda c: Response(c.answer(c.now - STALE_BY))),
}  # fmt: skip


@dataclass(slots=True)
class _Once:
    kind: str
    count: int
    path: str


class Plan:
    """Decides which request gets which fault; `429:0.1,503:0.05` are shares of all requests."""

    def __init__(self, spec: str = "", seed: int = 1) -> None:
        self._shares = parse(spec)
        self._draw = Draw(seed, "faults")
        self._once: deque[_Once] = deque()
        self._lock = Lock()

    def set(self, spec: str) -> None:
        """Replace the shares."""
        shares = parse(spec)
        with self._lock:
            self._shares = shares

    def once(self, kind: str, *, count: int = 1, path: str = "") -> None:
        """Give the fault to the next `count` requests whose target contains `path`."""
        if kind not in FAULTS:
            raise UnknownFault(_unknown(kind))
        with self._lock:
            self._once.append(_Once(kind, count, path))

    def take(self, target: str) -> str | None:
        """The fault for this request, or None."""
        with self._lock:
            for wish in self._once:
                if wish.path in target:
                    wish.count -= 1
                    if wish.count <= 0:
                        self._once.remove(wish)
                    return wish.kind
            place = self._draw.unit()
            for kind, share in self._shares.items():
                place -= share
                if place < 0:
                    return kind
        return None


def respond(kind: str | None, context: Context) -> Response:
    """The answer with this fault, or the correct one for None."""
    return Response(context.answer()) if kind is None else FAULTS[kind][1](context)


def parse(spec: str) -> dict[str, float]:
    """Parse shares of faults; raises UnknownFault."""
    shares: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in spec.split(","))):
        kind, colon, share = part.partition(":")
        if kind not in FAULTS:
            raise UnknownFault(_unknown(kind))
        try:
            shares[kind] = float(share)
        except ValueError as error:
            raise UnknownFault(f"{part!r}: a share such as {kind}:0.1 is expected") from error
        if not colon or not 0 <= shares[kind] <= 1:
            raise UnknownFault(f"{part!r}: a share must be between 0 and 1")
    if sum(shares.values()) > 1:
        raise UnknownFault(f"{spec!r}: the shares add up to more than 1")
    return shares


def _unknown(kind: str) -> str:
    return f"unknown fault {kind!r}; known are {', '.join(FAULTS)}"
