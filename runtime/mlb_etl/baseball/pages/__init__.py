"""Pages about games, for `mlb-etl ui`: what only this API has."""

from collections.abc import Collection

from mlb_etl.baseball.pages import game, games
from mlb_etl.ui.page import Page

_METHOD = "game.liveGameV1"


def pages(methods: Collection[str]) -> tuple[Page, ...]:
    """The newest games, and one game; none for a package without their tables."""
    return (games.PAGE, game.PAGE) if _METHOD in methods else ()
