"""A game as its tables show it: state, line score and runners, as HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

import htpy as h
from htpy import Node

from mlb_etl.baseball.states import SETTLED, SUSPENDED, State
from mlb_etl.stores.interfaces.viewing import Viewer
from mlb_etl.ui import html

METADATA, LINE_SCORE = "game.live_game_metadata", "game.line_score"
COLUMNS = (
    "game_pk", "game_date", "start_time", "start_time_tbd", "coded_game_state", "detailed_state", "away_team_name",
    "home_team_name", "away_score", "home_score", "scheduled_innings", "current_inning", "current_inning_ordinal",
    "inning_state", "balls", "strikes", "outs", "runner_on_first_id", "runner_on_second_id", "runner_on_third_id",
    "offense_batter_id", "defense_pitcher_id", "venue_name", "captured_at",
)  # fmt: skip
_SIDES = ("game_pk", "side", "team_name", "team_abbreviation", "runs_by_inning", "runs", "hits", "errors")
_BASES = ("first", "second", "third")
_REGULAR = 9  # innings
_LONGEST = 40  # innings that are shown

TO_COME = frozenset({State.SCHEDULED, State.PREGAME})
Row = Mapping[str, Any]


def is_live(game: Row) -> bool:
    """Whether it goes on: an unknown state counts as in progress, as everywhere."""
    return game["coded_game_state"] not in SETTLED | SUSPENDED | TO_COME


def sides(viewer: Viewer, game_pks: Sequence[int]) -> dict[int, list[Row]]:
    """The two rows of the line score of each game, the away team's first."""
    found: dict[int, list[Row]] = {game_pk: [] for game_pk in game_pks}
    wanted = {"game_pk": list(game_pks)}
    for row in viewer.rows(LINE_SCORE, _SIDES, wanted, order=("game_pk", "side"), limit=2 * len(game_pks)):
        found[row["game_pk"]].append(row)
    return found


def status(game: Row) -> Node:
    """The state of a game in a few words: the inning while it goes on, or else what the feed calls it."""
    words = html.text(game["detailed_state"] or game["coded_game_state"], 60)
    if not is_live(game):
        start = game["start_time"]
        known = game["coded_game_state"] in TO_COME and start and not game["start_time_tbd"]
        return [h.span(".badge")[words], [" · ", html.clock(start)] if known else None]
    inning = html.text(" ".join(filter(None, (game["inning_state"], game["current_inning_ordinal"]))), 40)
    if not inning or game["coded_game_state"] == State.OVER:
        return h.span(".badge.live")[words]
    usual = game["coded_game_state"] == State.IN_PROGRESS
    return [h.span(".badge.live")[inning], None if usual else f" {words}"]


def table(game: Row, of_sides: Sequence[Row]) -> Node:
    """The line score."""
    played = max((len(side["runs_by_inning"] or ()) for side in of_sides), default=0)
    innings = min(max(played, game["scheduled_innings"] or _REGULAR), _LONGEST)
    caption = f"Line score, {name(game)}"
    return h.div(".scroll", tabindex="0", role="region", aria_label=caption)[
        h.table(".line")[
            h.caption(".hidden")[caption],
            h.thead[
                h.tr[
                    h.th(scope="col")[h.span(".hidden")["Team"]],
                    [_inning(game, number) for number in range(1, innings + 1)],
                    [
                        h.th(".total", scope="col")[h.abbr(title=title)[title[0]]]
                        for title in ("Runs", "Hits", "Errors")
                    ],
                ]
            ],
            h.tbody[[_side(game, side, innings) for side in of_sides]],
        ]
    ]


def _inning(game: Row, number: int) -> Node:
    current = is_live(game) and game["current_inning"] == number
    return h.th(scope="col", class_="current" if current else None)[str(number)]


def _side(game: Row, side: Row, innings: int) -> Node:
    runs = list(side["runs_by_inning"] or ())[:innings]
    over = game["coded_game_state"] in SETTLED
    team = html.text(side["team_abbreviation"] or side["team_name"] or side["side"], 4)
    cells = ["" if each is None else str(each) for each in runs]
    if over and runs and runs[-1] is None and side["side"] == "home":
        cells[-1] = "x"  # the winning team did not have to bat
    cells += [""] * (innings - len(cells))
    totals = (
        "" if side[name] is None or game["coded_game_state"] in TO_COME else str(side[name])
        for name in ("runs", "hits", "errors")
    )
    return h.tr[
        h.th(scope="row")[h.abbr(title=html.text(side["team_name"], 80))[team]],
        [h.td[cell] for cell in cells],
        [h.td(".total")[total] for total in totals],
    ]


def name(game: Row) -> str:
    """Who plays."""
    return f"{html.text(game['away_team_name'], 80)} at {html.text(game['home_team_name'], 80)}"


def situation(game: Row) -> Node:
    """Count, outs and runners of a game in progress; None between innings and if nobody bats."""
    bats = is_live(game) and game["coded_game_state"] != State.OVER and game["inning_state"] in {"Top", "Bottom"}
    if not bats or game["outs"] is None:
        return None
    on = [base for base in _BASES if game[f"runner_on_{base}_id"] is not None]
    outs = game["outs"]
    return h.p(".situation")[
        _diamond(on),
        h.span[f"{game['balls'] or 0}\N{EN DASH}{game['strikes'] or 0}"],
        h.span[f"{outs} out{'' if outs == 1 else 's'}"],
    ]


def _diamond(on: Sequence[str]) -> Node:
    words = f"Runners on {', '.join(on)}" if on else "Nobody on base"
    at = {"first": (23, 15), "second": (15, 7), "third": (7, 15)}
    return h.svg(".bases", viewBox="0 0 30 22", width="30", height="22", role="img", aria_label=words)[
        [
            h.rect(
                class_="on" if base in on else "off", x=str(x - 4), y=str(y - 4), width="8", height="8",
                transform=f"rotate(45 {x} {y})",
            )
            for base, (x, y) in at.items()
        ]
    ]  # fmt: skip
