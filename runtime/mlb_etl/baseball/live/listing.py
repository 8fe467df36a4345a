"""Finds the games to follow, from the schedule and the list of changes."""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

from mlb_etl.baseball import schedule
from mlb_etl.baseball.live.plan import KnownGame
from mlb_etl.baseball.schedule import Game
from mlb_etl.baseball.states import SETTLED
from mlb_etl.errors import NotFound
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request

ZONE = ZoneInfo("America/New_York")  # the dates of the schedule are in this time zone
BACK = timedelta(days=4)  # corrections are requested until three days after the end of a game
_OVERLAP = timedelta(minutes=1)
_LIMIT = 500  # rows of a page of changes
_PAGES = 40  # enough for all games of a season
_YEAR = re.compile("[0-9]{4}")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GameScope:
    """The games of a date, of a list, or the listed ones of a date; without either, the games of each current day.

    `sports` are levels of play; 1 is Major League Baseball.
    """

    day: date | None = None
    game_pks: tuple[int, ...] = ()
    sports: tuple[int, ...] = (1,)

    @property
    def lasts(self) -> bool:
        """Whether following has no end."""
        return self.day is None and not self.game_pks


class GameListing:
    """Requests the schedule and the list of changes for the games in a scope."""

    def __init__(self, source: Fetcher, scope: GameScope) -> None:
        self._source = source
        self._scope = scope
        self._since: datetime | None = None

    def schedule(self, now: datetime, known: Iterable[KnownGame]) -> tuple[Game, ...]:
        """The games of all days with something to follow; raises NotFound, Rejected and Unreachable."""
        _, games = self._source.fetch(self._request(now, known), schedule.read_games)
        wanted = self._scope.game_pks
        if missing := set(wanted) - {game.game_pk for game in games}:
            of = f" of {self._scope.day}" if self._scope.day else ""
            raise NotFound(f"the schedule{of} has no game {min(missing)}; check the number")
        return tuple(game for game in games if not wanted or game.game_pk in wanted)

    def changes(self, now: datetime, known: Iterable[KnownGame]) -> list[Game]:
        """The games that changed since the last call; in the first call, since the oldest capture of a settled game.

        Raises NotFound, Rejected and Unreachable.
        """
        games = list(known)
        captured = [each.asked_at for each in games if each.state in SETTLED and each.asked_at is not None]
        if not captured:
            return []
        since = max(self._since or min(captured), now - BACK)
        seasons = sorted({season for each in games if _YEAR.fullmatch(season := each.listed.season or "")})
        asked = product(self._scope.sports, seasons)
        rows = [game for sport, season in asked for game in self._changes(since, sport, season)]
        self._since = now - _OVERLAP
        return rows

    def _request(self, now: datetime, known: Iterable[KnownGame]) -> Request:
        sports = ",".join(map(str, self._scope.sports))
        if self._scope.day is not None:
            return schedule.schedule_request({"sportId": sports, "date": str(self._scope.day)})
        if self._scope.game_pks:
            return schedule.schedule_request({"gamePks": ",".join(map(str, self._scope.game_pks))})
        today = now.astimezone(ZONE).date()
        games = list(known)
        days = [each.listed.official_date or today for each in games if each.state not in SETTLED]
        first = min((today, *days)) if games else today - BACK
        return schedule.window_request(sports, max(first, today - BACK), today)

    def _changes(self, since: datetime, sport: int, season: str) -> Iterator[Game]:
        asked = {"updatedSince": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "sportId": str(sport), "season": season}
        offset, total = 0, 1
        for _ in range(_PAGES):
            if offset >= total:
                return
            request = schedule.changes_request({**asked, "limit": str(_LIMIT), "offset": str(offset)})
            _, page = self._source.fetch(request, schedule.read_page)
            rows = page.rows
            if not rows:
                return
            yield from rows
            offset, total = offset + len(rows), page.total_items
        log.warning(
            "the list of changes of sport %d, season %s, does not end: stopped after %d pages", sport, season, _PAGES
        )
