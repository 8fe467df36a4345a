"""The plays of a live feed."""

from typing import Any, Final

from mlb_sim import people, times
from mlb_sim.feed import events, zones
from mlb_sim.feed.records import Play
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.league import team_in_box_score
from mlb_sim.play import kinds
from mlb_sim.play.log import Pitched
from mlb_sim.play.state import AWAY, HOME

_CAPTIVATING: Final = {kinds.HOME_RUN: 40, kinds.TRIPLE: 30, kinds.DOUBLE: 20, kinds.STRIKEOUT: 12}
_ON_BASES: Final = ("postOnFirst", "postOnSecond", "postOnThird")


def document(book: Scorebook) -> dict[str, Any]:
    """allPlays, the current play, scoring plays, and plays by inning."""
    plays = [_finished(book, play) for play in book.plays[:-1]]
    current = None
    if book.plays:
        current = _play(book, book.play, decorated=book.play.finished is None)
        plays.append(current)
    return {
        "allPlays": plays,
        **({"currentPlay": current} if current else {}),
        "scoringPlays": list(book.scoring),
        "playsByInning": _by_inning(book),
    }


def _finished(book: Scorebook, play: Play) -> dict[str, Any]:
    """A finished play, which never changes again."""
    if play.document is None:
        play.document = _play(book, play, decorated=False)
    return play.document


def _play(book: Scorebook, play: Play, *, decorated: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "result": _result(play),
        "about": _about(play),
        "count": dict(zip(("balls", "strikes", "outs"), play.count, strict=True)),
        "matchup": _matchup(book, play, decorated=decorated),
        "pitchIndex": list(play.pitches),
        "actionIndex": list(play.actions),
        "runnerIndex": list(range(len(play.runners))),
        "runners": list(play.runners),
        "playEvents": _events(book, play),
    }
    if play.review is not None:
        document["reviewDetails"] = events.review(
            play.review, book.league.people, in_progress=book.review is play.review
        )
    document["playEndTime"] = times.iso(play.end)
    document["atBatIndex"] = play.index
    return document


def _events(book: Scorebook, play: Play) -> list[dict[str, Any]]:
    """The events; the extension of the newest pitch appears a little later."""
    if not (play is book.play and isinstance(book.last, Pitched) and book.last.thrown):
        return list(play.events)
    *older, newest = play.events
    data = {name: value for name, value in newest["pitchData"].items() if name != "extension"}
    return [*older, {**newest, "pitchData": data}]


def _result(play: Play) -> dict[str, Any]:
    away, home = play.score
    document: dict[str, Any] = {"type": "atBat"}
    told = play.finished or play.last_action
    if told is not None:
        document |= {"event": told.kind.name, "eventType": told.kind.code, "description": told.description}
    return document | {
        "rbi": play.finished.rbi if play.finished else 0,
        "awayScore": away,
        "homeScore": home,
        "isOut": play.finished is not None and play.finished.batter_out,
    }


def _about(play: Play) -> dict[str, Any]:
    document: dict[str, Any] = {
        "atBatIndex": play.index,
        "halfInning": "top" if play.top else "bottom",
        "isTopInning": play.top,
        "inning": play.inning,
        "startTime": times.iso(play.start),
        "endTime": times.iso(play.end),
        "isComplete": play.finished is not None,
        "isScoringPlay": play.scoring,
    }
    if play.finished is not None:
        document["hasReview"] = play.finished.review is not None
    captivating = _CAPTIVATING.get(play.finished.kind, 0) if play.finished else 0
    return document | {"hasOut": play.out, "captivatingIndex": captivating + 20 * play.scoring}


def _matchup(book: Scorebook, play: Play, *, decorated: bool) -> dict[str, Any]:
    names = book.league.people
    batter, pitcher = names[play.batter], names[play.pitcher]
    side = ("L" if pitcher.throws == "R" else "R") if batter.bats == "S" else batter.bats
    document: dict[str, Any] = {
        "batter": people.reference(batter),
        "batSide": people.side(side),
        "pitcher": people.reference(pitcher),
        "pitchHand": people.side(pitcher.throws),
    }
    for name, player in zip(_ON_BASES, play.bases, strict=True):
        if player is not None:
            document[name] = people.reference(names[player])
    stats, places = zones.batter(play.batter) if decorated else (None, [])
    if stats is not None:
        document["batterHotColdZoneStats"] = stats
    document |= {"batterHotColdZones": places, "pitcherHotColdZones": []}
    document["splits"] = {"batter": f"vs_{pitcher.throws}HP", "pitcher": f"vs_{side}HB", "menOnBase": play.men_on}
    return document


def _by_inning(book: Scorebook) -> list[dict[str, Any]]:
    teams = {"away": team_in_box_score(book.fixture.away), "home": team_in_box_score(book.fixture.home)}
    innings: list[dict[str, Any]] = []
    for play in book.plays:
        if play.inning > len(innings):
            innings.append(
                {
                    "startIndex": play.index,
                    "endIndex": play.index,
                    "top": [],
                    "bottom": [],
                    "hits": {"away": [], "home": []},
                }
            )
        inning = innings[-1]
        inning["endIndex"] = play.index
        inning["top" if play.top else "bottom"].append(play.index)
        if play.hit is not None and play.finished is not None:
            side = "away" if play.top else "home"
            inning["hits"][side].append(_batted(book, play, play.hit, teams[side]))
    return innings


def _batted(book: Scorebook, play: Play, hit: dict[str, Any], team: dict[str, Any]) -> dict[str, Any]:
    names = book.league.people
    kind = play.finished.kind if play.finished else kinds.GROUNDOUT
    letter = "H" if kind in kinds.HITS else "E" if kind == kinds.FIELD_ERROR else "O"
    return {
        "team": team,
        "inning": play.inning,
        "pitcher": people.reference(names[play.pitcher]),
        "batter": people.reference(names[play.batter]),
        "coordinates": {"x": hit["coordinates"]["coordX"], "y": hit["coordinates"]["coordY"]},
        "type": letter,
        "description": kind.name,
    }


SIDES: Final = ((AWAY, "away"), (HOME, "home"))
