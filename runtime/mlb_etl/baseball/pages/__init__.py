"""Pages about games, for `mlb-etl ui`: what only this API has."""

from mlb_etl.baseball.pages import game, games
from mlb_etl.ui.page import Page

PAGES: tuple[Page, ...] = (games.PAGE, game.PAGE)
"""The newest games, and one game."""

METHOD = "game.liveGameV1"
"""The method whose tables they show."""
