"""The playEvents of a plate appearance as documents."""

from typing import Any, Final

from mlb_sim import people, positions, times
from mlb_sim.draw import Draw
from mlb_sim.feed import tracking
from mlb_sim.people import Person
from mlb_sim.play.log import Acted, Checked, Credit, Move, Pitched, Review
from mlb_sim.positions import Position

CALLS: Final[dict[str, tuple[str, str]]] = {  # words and color of a call by its code
    "B": ("Ball", "rgba(40, 160, 40, 1.0)"),
    "*B": ("Ball In Dirt", "rgba(40, 160, 40, 1.0)"),
    "H": ("Hit By Pitch", "rgba(40, 160, 40, 1.0)"),
    "C": ("Called Strike", "rgba(168, 24, 16, 1.0)"),
    "S": ("Swinging Strike", "rgba(168, 24, 16, 1.0)"),
    "W": ("Swinging Strike (Blocked)", "rgba(168, 24, 16, 1.0)"),
    "F": ("Foul", "rgba(168, 24, 16, 1.0)"),
    "T": ("Foul Tip", "rgba(168, 24, 16, 1.0)"),
    "X": ("In play, out(s)", "rgba(24, 88, 184, 1.0)"),
    "D": ("In play, no out", "rgba(24, 88, 184, 1.0)"),
    "E": ("In play, run(s)", "rgba(24, 88, 184, 1.0)"),
    "VB": ("Automatic Ball - Intentional", ""),
    "VP": ("Automatic Ball - Pitcher Pitch Timer Violation", ""),
    "AC": ("Automatic Strike - Batter Pitch Timer Violation", ""),
}
IN_PLAY: Final = frozenset("XDE")
BALLS: Final = frozenset({"B", "*B", "H", "VB", "VP"})
_VIOLATIONS: Final = {
    "VP": ("pitcher_pitch_timer", "Pitcher Pitch Timer Violation"),
    "AC": ("batter_pitch_timer", "Batter Pitch Timer Violation"),
}
_CHECKS: Final = {"1": ("pickoff", "Pickoff Attempt 1B"), "PSO": ("stepoff", "Pitcher Step Off")}


def review(entry: Review, names: dict[int, Person], *, in_progress: bool = False) -> dict[str, Any]:
    """The reviewDetails of a play or pitch."""
    document: dict[str, Any] = {
        "isOverturned": entry.overturned and not in_progress,
        "inProgress": in_progress,
        "reviewType": entry.kind,
    }
    if entry.team is not None:
        document["challengeTeamId"] = entry.team
    if entry.player is not None:
        document["player"] = people.reference(names[entry.player])
    return document


def _count(balls: int, strikes: int, outs: int) -> dict[str, int]:
    return {"balls": balls, "strikes": strikes, "outs": outs}


def _player(player: int) -> dict[str, Any]:
    return {"id": player, "link": f"/api/v1/people/{player}"}


def pitch(
    entry: Pitched,
    index: int,
    names: dict[int, Person],
    data: dict[str, Any] | None,
    identity: str,
    season: int,
    pitch_type: str,
) -> dict[str, Any]:
    """A pitch, or a ball or strike that was given without one."""
    words, color = CALLS[entry.code]
    is_ball, in_play = entry.code in BALLS, entry.code in IN_PLAY
    details: dict[str, Any] = {
        "call": {"code": entry.code, "description": words},
        "description": words,
        "code": entry.code,
    }
    if data is not None:
        name, *_, trail = tracking.TYPES[pitch_type]
        details |= {"ballColor": color, "trailColor": trail}
    details |= {"isInPlay": in_play, "isStrike": not is_ball and not in_play, "isBall": is_ball}
    if data is not None:
        details["type"] = {"code": pitch_type, "description": name}
    if entry.violator is not None:
        kind, text = _VIOLATIONS[entry.code]
        violator = {"id": entry.violator, "fullName": names[entry.violator].name}
        details["violation"] = {"type": kind, "description": text, "player": violator}
    details |= {"isOut": entry.ends_in_out, "hasReview": entry.review is not None}
    if entry.disengagements:
        details["disengagementNum"] = entry.disengagements
    if entry.going:
        details["runnerGoing"] = True
    document: dict[str, Any] = {"details": details, "count": _count(entry.balls, entry.strikes, entry.outs)}
    if data is not None:
        document["pitchData"] = data
    document["index"] = index
    if data is not None and season <= tracking.OLD_UNTIL:
        document["pfxId"] = f"{times.timecode(entry.start)[2:].replace('_', '_')}"
    document |= {
        "playId": identity,
        "pitchNumber": entry.number,
        "startTime": times.iso(entry.start),
        "endTime": times.iso(entry.at),
        "isPitch": entry.thrown,
        "type": "pitch" if entry.thrown else "no_pitch",
    }
    if entry.review is not None:
        document["reviewDetails"] = review(entry.review, names)
    return document


def check(entry: Checked, index: int, count: tuple[int, int, int], identity: str) -> dict[str, Any]:
    """A throw to a base, or the pitcher stepping off."""
    kind, text = _CHECKS[entry.code]
    return {
        "details": {
            "description": text,
            "code": entry.code,
            "isOut": False,
            "hasReview": False,
            "fromCatcher": False,
            "disengagementNum": entry.disengagements,
        },
        "count": _count(*count),
        "index": index,
        "playId": identity,
        "startTime": times.iso(entry.at),
        "endTime": times.iso(entry.at),
        "isPitch": False,
        "type": kind,
    }


def action(
    entry: Acted, index: int, count: tuple[int, int, int], score: tuple[int, int], names: dict[int, Person], draw: Draw
) -> dict[str, Any]:
    """Anything else that is told."""
    document: dict[str, Any] = {
        "details": {
            "description": entry.description,
            "event": entry.kind.name,
            "eventType": entry.kind.code,
            "awayScore": score[0],
            "homeScore": score[1],
            "isScoringPlay": any(move.scores for move in entry.moves),
            "isOut": any(move.is_out for move in entry.moves),
            "hasReview": entry.review is not None,
        },
        "count": _count(*count),
        "index": index,
    }
    if entry.running:
        document["actionPlayId"] = draw.uuid()
    document |= {"startTime": times.iso(entry.at), "endTime": times.iso(entry.at), "isPitch": False}
    change = entry.substitution
    if change is not None:
        document["isSubstitution"] = True
    if entry.running:
        document["isBaseRunningPlay"] = True
    document["type"] = "action"
    if entry.injury is not None:
        document["injuryType"] = entry.injury
    if change is not None:
        document["position"] = positions.DOCUMENTS[change.position]
    if entry.player is not None:
        document["player"] = _player(entry.player)
    if change is not None and change.order:
        if change.replaced is not None:
            document["replacedPlayer"] = _player(change.replaced)
        document["battingOrder"] = change.order
    if entry.base is not None:
        document["base"] = entry.base
    if entry.review is not None:
        document["reviewDetails"] = review(entry.review, names)
    return document


def runner(move: Move, index: int, names: dict[int, Person]) -> dict[str, Any]:
    """A runner's movement; `index` is that of the event that moved him."""
    return {
        "movement": {
            "originBase": move.origin,
            "start": move.start,
            "end": move.end,
            "outBase": move.out_base,
            "isOut": move.is_out,
            "outNumber": move.out_number,
        },
        "details": {
            "event": move.kind.name,
            "eventType": move.kind.code,
            "movementReason": move.reason,
            "runner": people.reference(names[move.runner]),
            "responsiblePitcher": _player(move.responsible) if move.scores else None,
            "isScoringEvent": move.scores,
            "rbi": move.rbi,
            "earned": move.earned,
            "teamUnearned": move.scores and not move.earned,
            "playIndex": index,
        },
        "credits": [_credit(credit) for credit in move.credits],
    }


def _credit(credit: Credit) -> dict[str, Any]:
    position: Position = credit.position
    return {"player": _player(credit.player), "position": positions.DOCUMENTS[position], "credit": credit.kind}
