"""The page of a game: line score, who bats, and the last plays."""

from collections.abc import Mapping, Sequence
from functools import partial

import htpy as h
from htpy import Node

from mlb_etl.baseball.pages import line
from mlb_etl.baseball.pages.line import Row
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.ui import html
from mlb_etl.ui.page import Page, Section

_PLAYS, _PLAYERS = "game.live_game_plays", "game.live_game_players"
_PLAY_COLUMNS = (
    "at_bat_index", "inning", "half_inning", "is_complete", "event", "description", "balls", "strikes", "away_score",
    "home_score", "is_scoring_play", "batter_id", "pitcher_id",
)  # fmt: skip
_LAST = 15
_EVERY = 1.0


def _sections(numbers: Mapping[str, int]) -> Sequence[Section]:
    game_pk = numbers["game_pk"]
    score = (line.METADATA, line.LINE_SCORE, _PLAYERS)
    return (
        Section(f"score-{game_pk}", "Score", partial(_score, game_pk), score, _EVERY),
        Section(f"plays-{game_pk}", "Last plays", partial(_plays, game_pk), (_PLAYS, _PLAYERS), _EVERY),
    )


def _score(game_pk: int, viewer: Viewer) -> Node:
    of_game = {"game_pk": [game_pk]}
    found = viewer.rows(line.METADATA, line.COLUMNS, of_game, order=("game_pk",), limit=1)
    if not found:
        return html.empty("The tables have no such game.")
    [game] = found
    people = _names(viewer, game_pk, [game["offense_batter_id"], game["defense_pitcher_id"]])
    return [
        h.p(".matchup")[line.name(game)],
        h.p(".state")[line.status(game)],
        h.p(".announced", role="status")[_spoken(game)],
        line.table(game, line.sides(viewer, [game_pk])[game_pk]),
        _at_bat(game, people),
        h.p(".faint")[
            f"{game['game_date']}, ", html.text(game["venue_name"] or "venue not known", 80), ". Rows of ",
            html.moment(game["captured_at"]), ".",
        ],
    ]  # fmt: skip


def _spoken(game: Row) -> str:
    """The score in a sentence, for screen readers: it changes with each run only."""
    away, home = (html.text(game[f"{side}_team_name"], 80) for side in ("away", "home"))
    return f"{away} {game['away_score'] or 0}, {home} {game['home_score'] or 0}"


def _at_bat(game: Row, people: Mapping[int, str]) -> Node:
    situation = line.situation(game)
    if situation is None:
        return None
    batter, pitcher = (people.get(game[column]) for column in ("offense_batter_id", "defense_pitcher_id"))
    return [situation, h.p[f"{batter} bats against {pitcher}." if batter and pitcher else None]]


def _plays(game_pk: int, viewer: Viewer) -> Node:
    found = viewer.rows(_PLAYS, _PLAY_COLUMNS, {"game_pk": [game_pk]}, order=("-at_bat_index",), limit=_LAST)
    people = _names(viewer, game_pk, [each["batter_id"] for each in found])
    return plays(found, people)


def plays(found: Sequence[Row], people: Mapping[int, str]) -> Node:
    """The last plays, the latest first."""
    if not found:
        return html.empty("No play yet.")
    rows = [(_when(each), _batter(each, people), _what(each), _standing(each)) for each in found]
    return html.table("Last plays, the latest first", ("Inning", "Batter", "Play", "Score"), rows, kind="plays")


def _when(play: Row) -> Node:
    mark, words = ("▲", "Top") if play["half_inning"] == "top" else ("▼", "Bottom")
    return [h.span(aria_hidden="true")[mark], h.span(".hidden")[words], f" {play['inning']}"]


def _batter(play: Row, people: Mapping[int, str]) -> Node:
    return people.get(play["batter_id"]) or html.none()


def _what(play: Row) -> Node:
    if not play["is_complete"]:
        return h.span(".badge.live")[f"at bat, {play['balls'] or 0}\N{EN DASH}{play['strikes'] or 0}"]
    event = h.strong[html.text(play["event"], 60)] if play["event"] else None
    return [event, " ", html.text(play["description"] or "")]


def _standing(play: Row) -> Node:
    score = f"{play['away_score'] or 0}\N{EN DASH}{play['home_score'] or 0}"
    return h.strong[score] if play["is_scoring_play"] else score


def _names(viewer: Viewer, game_pk: int, people: Sequence[int | None]) -> dict[int, str]:
    """The names of people in a game, by id."""
    wanted = sorted({each for each in people if each is not None})
    rows = viewer.rows(
        _PLAYERS,
        ("player_id", "full_name"),
        {"game_pk": [game_pk], "player_id": wanted},
        order=("player_id",),
        limit=len(wanted),
    )
    return {row["player_id"]: html.text(row["full_name"], 80) for row in rows if row["full_name"]}


PAGE = Page("/game/{game_pk:int}", "Game {game_pk}", _sections, under="/games")
