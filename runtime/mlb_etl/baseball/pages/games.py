"""The page of the newest games: those in progress first, each with its line score."""

from collections.abc import Mapping, Sequence

import htpy as h
from htpy import Node

from mlb_etl.baseball.pages import line
from mlb_etl.baseball.pages.line import Row
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.ui import html
from mlb_etl.ui.page import Page, Section

_READ = 60  # games, the newest
_EVERY = 1.0
_NEWEST = ("-game_date", "start_time", "game_pk")


def _content(viewer: Viewer) -> Node:
    games = viewer.rows(line.METADATA, line.COLUMNS, {}, order=_NEWEST, limit=_READ)
    if not games:
        return html.empty("No game is captured yet.")
    newest = games[0]["game_date"]
    shown = [each for each in games if line.is_live(each) or each["game_date"] == newest]
    shown.sort(key=lambda game: not line.is_live(game))
    of_sides = line.sides(viewer, [each["game_pk"] for each in shown])
    return cards(shown, of_sides)


def cards(games: Sequence[Row], of_sides: Mapping[int, Sequence[Row]]) -> Node:
    """The games, as cards."""
    return h.ul(".cards")[[h.li[_card(each, of_sides[each["game_pk"]])] for each in games]]


def _card(game: Row, of_sides: Sequence[Row]) -> Node:
    game_pk = game["game_pk"]
    return h.article(class_=["card", "live" if line.is_live(game) else None], aria_labelledby=f"game-{game_pk}-name")[
        h.h3(id=f"game-{game_pk}-name")[h.a(id=f"game-{game_pk}-link", href=f"/game/{game_pk}")[line.name(game)]],
        h.p(".state")[line.status(game)],
        line.table(game, of_sides),
        line.situation(game),
        h.p(".faint")["Rows of ", html.moment(game["captured_at"])],
    ]


PAGE = Page(
    "/games",
    "Games",
    lambda _: (Section("games", "Newest games", _content, (line.METADATA, line.LINE_SCORE), _EVERY),),
    label="Games",
)
