"""The games that a shell completes --game-pk with: those of the day, as the database has them, or those with stubs."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from mlb_etl.baseball.plugin import SHIPPED
from mlb_etl.cli.completing import completer, looked_up
from mlb_etl.stores.interfaces.viewing import Viewer

_LISTED, _CAPTURED = "schedule.schedule_games", "game.live_game_metadata"
_MOST = 100  # games, of which a day of all levels of play has as many
_ZONE = ZoneInfo("America/New_York")
_NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{5,7}(?![0-9A-Za-z])")
_NAMES = ("game_pk", "away_team_name", "home_team_name")


def _games(viewer: Viewer) -> Iterator[tuple[str, str]]:
    """The games that the schedule lists for today or, if it lists none, those of the newest day that is captured."""
    access, found = viewer.access((_LISTED, _CAPTURED)), []
    if access[_LISTED] == "readable":
        today = {"schedule_date": [datetime.now(_ZONE).date()]}
        found = viewer.rows(_LISTED, _NAMES, today, order=("game_pk",), limit=_MOST)
    if not found and access[_CAPTURED] == "readable":
        captured = viewer.rows(_CAPTURED, (*_NAMES, "game_date"), {}, order=("-game_date", "game_pk"), limit=_MOST)
        found = [each for each in captured if each["game_date"] == captured[0]["game_date"]]
    return ((str(each["game_pk"]), f"{each['away_team_name']} at {each['home_team_name']}") for each in found)


games = looked_up(_games)
"""Completes with their numbers."""


@completer
def games_of_stubs(ctx: click.Context, _: str) -> Iterator[tuple[str, str]]:
    """The numbers of games in the names of stubs, in the folder of --stubs or, if it has none, of those shipped."""
    chosen = [Path(ctx.params["stubs"]), SHIPPED]
    found = (
        sorted({pk for file in (each / "game").rglob("*") for pk in _NUMBER.findall(file.name)}) for each in chosen
    )
    return ((pk, "") for pk in next(filter(None, found), []))
