"""The live feed of a game at a moment; it depends only on the seed, the game and the moment."""

from typing import Any, Final

from mlb_sim import people, times
from mlb_sim.feed import boxscore, game_data, linescore, notes, plays
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.feed.standing import Standing
from mlb_sim.fixtures import Calendar, Slot
from mlb_sim.play.log import Acted, Began, Checked, Finished, Pitched, Status, StatusSet
from mlb_sim.times import Moment

COPYRIGHT: Final = "Simulated: no person, club, place or game in this document exists."
WAIT: Final = 10  # seconds that clients should wait between polls
_EVENTS: Final = {
    "B": "ball", "*B": "ball", "C": "called_strike", "S": "swinging_strike", "W": "swinging_strike", "F": "foul",
    "T": "foul_tip", "H": "hit_by_pitch", "X": "hit_into_play", "D": "hit_into_play", "E": "hit_into_play",
    "VB": "intent_ball", "VP": "pitcher_pitch_timer", "AC": "batter_pitch_timer",
}  # fmt: skip


def feed(
    calendar: Calendar, book: Scorebook, standing: Standing, slot: Slot, at: Moment, *, wait: int = WAIT
) -> dict[str, Any]:
    """The whole document; `at` is the moment of its last change, `wait` its metaData.wait."""
    today = slot.day
    live: dict[str, Any] = {
        "plays": plays.document(book),
        "linescore": linescore.document(book),
        "boxscore": boxscore.document(book, standing, today),
    }
    decided = decisions(book)
    if decided:
        live["decisions"] = decided
    live["leaders"] = {"hitDistance": {}, "hitSpeed": {}, "pitchSpeed": {}}
    return {
        "copyright": COPYRIGHT,
        "gamePk": book.fixture.pk,
        "link": f"/api/v1.1/game/{book.fixture.pk}/feed/live",
        "metaData": {
            "wait": wait,
            "timeStamp": times.timecode(at),
            "gameEvents": _game_events(book),
            "logicalEvents": _logical_events(book),
        },
        "gameData": game_data.document(calendar, book, standing, slot, today),
        "liveData": live,
    }


def decisions(book: Scorebook) -> dict[str, Any]:
    """Winning pitcher, losing pitcher and save."""
    known = notes.decisions(book)
    if known is None:
        return {}
    named = {"winner": known.winner, "loser": known.loser, "save": known.save}
    return {name: people.reference(book.league.people[player]) for name, player in named.items() if player is not None}


def _game_events(book: Scorebook) -> list[str]:
    match book.last:
        case Pitched(code=code):
            return [_EVENTS[code]]
        case Acted(kind=kind) | Finished(kind=kind):
            return [kind.code]
        case Checked():
            return ["pickoff_attempt"]
        case StatusSet(status=Status.GAME_OVER | Status.FINAL) if book.play.finished:
            return [book.play.finished.kind.code, "game_finished"]
        case _:
            return []


def _logical_events(book: Scorebook) -> list[str]:
    found: list[str] = []
    if book.count != book.before:
        found += ["countChange", f"count{book.count[0]}{book.count[1]}"]
    match book.last:
        case Began():
            found.append("newBatter")
        case Finished():
            found.append("midInning" if book.count[2] > book.before[2] else "newBatterPending")
        case StatusSet(status=Status.GAME_OVER):
            found.append("gameStateChangeToGameOver")
    if book.started and not any(book.bases):
        found.append("basesEmpty")
    return found
