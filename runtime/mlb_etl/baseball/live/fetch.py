"""Requests whole live feeds."""

import time
from dataclasses import dataclass
from typing import Protocol

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http import answers, request
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request


@dataclass(frozen=True, slots=True)
class FetchedFeed:
    """A feed, the document that it is, and when its bytes had arrived, on the performance counter."""

    response: Response
    held: HeldDocument
    arrived: float


class Feeds(Protocol):
    """Where the feeds of games come from."""

    def fetch(self, game_pk: int, *, on: bool) -> FetchedFeed | None:
        """The feed of a game; `on`: it is in progress. None if nothing changed.

        Raises NotFound, Rejected and Unreachable.
        """

    def forget(self, game_pk: int) -> None:
        """Forget what was fetched of a game, so that the next fetch starts with the whole feed."""

    def target(self, game_pk: int) -> str:
        """The part of the request that is the same for each poll of a game."""


class WholeFeeds:
    """Requests the whole feed each time."""

    def __init__(self, source: Fetcher, method: Method) -> None:
        self._source = source
        self._method = method

    def fetch(self, game_pk: int, *, on: bool) -> FetchedFeed:  # noqa: ARG002 - a game that is on is nothing special here
        """As `Feeds` says; never None."""
        arrived = 0.0

        def read(response: Response) -> HeldDocument:
            nonlocal arrived
            arrived = time.perf_counter()
            (held,) = answers.read_documents(self._method, response)
            return held

        response, held = self._source.fetch(self.request(game_pk), read)
        return FetchedFeed(response, held, arrived)

    def forget(self, game_pk: int) -> None:
        """Nothing is built on."""

    def target(self, game_pk: int) -> str:
        """The path of the feed."""
        return self.request(game_pk).target

    def request(self, game_pk: int) -> Request:
        """The request for the feed."""
        return request.build_request(self._method, {"game_pk": str(game_pk)})
