"""The playEvents of a plate appearance as documents."""

from dataclasses import dataclass
from typing import Any, Final

from mlb_sim import people, positions, times
from mlb_sim.draw import Draw
from mlb_sim.feed import tracking
from mlb_sim.people import Person
from mlb_sim.play.log import Acted, Checked, Credit, Move, Pitched, Review, Substitution
from mlb_sim.positions import Position

Count = tuple[int, int, int]  # balls, strikes, outs

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
    if entry.again and not in_progress:
        document["additionalReviews"] = [review(each, names) for each in entry.again]
    return document


def _count(balls: int, strikes: int, outs: int) -> dict[str, int]:
    return {"balls": balls, "strikes": strikes, "outs": outs}


def _player(player: int) -> dict[str, Any]:
    return {"id": player, "link": f"/api/v1/people/{player}"}


@dataclass(frozen=True, slots=True)
class Tracked:
    """Tracking data of a pitch: its type as currently classified, and the pitchData."""

    pitch_type: str
    data: dict[str, Any]


def pitch(
    entry: Pitched, index: int, names: dict[int, Person], identity: str, tracked: Tracked | None, *, old: bool
) -> dict[str, Any]:
    """A pitch, or an automatic ball or strike."""
    words, color = CALLS[entry.code]
    is_ball, in_play = entry.code in BALLS, entry.code in IN_PLAY
    details: dict[str, Any] = {
        "call": {"code": entry.code, "description": words},
        "description": words,
        "code": entry.code,
    }
    kind = {}
    if tracked is not None:
        name, *_, trail = tracking.TYPES[tracked.pitch_type]
        details |= {"ballColor": color, "trailColor": trail}
        kind = {"type": {"code": tracked.pitch_type, "description": name}}
    details |= {"isInPlay": in_play, "isStrike": not is_ball and not in_play, "isBall": is_ball, **kind}
    if entry.violator is not None:
        details["violation"] = _violation(entry.code, names[entry.violator])
    details |= {"isOut": entry.ends_in_out, "hasReview": entry.review is not None}
    if entry.disengagements:
        details["disengagementNum"] = entry.disengagements
    if entry.going:
        details["runnerGoing"] = True
    document: dict[str, Any] = {"details": details, "count": _count(entry.balls, entry.strikes, entry.outs)}
    if tracked is not None:
        document["pitchData"] = tracked.data
    document["index"] = index
    if tracked is not None and old:
        document["pfxId"] = times.timecode(entry.start)[2:]
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


def check(entry: Checked, index: int, count: Count, identity: str) -> dict[str, Any]:
    """A pickoff throw or a step-off."""
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
    entry: Acted, index: int, count: Count, score: tuple[int, int], *, names: dict[int, Person], draw: Draw
) -> dict[str, Any]:
    """Any other event."""
    running: dict[str, Any] = {"actionPlayId": draw.uuid()} if entry.running else {}
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
        **running,
        "startTime": times.iso(entry.at),
        "endTime": times.iso(entry.at),
        "isPitch": False,
        **({"isBaseRunningPlay": True} if entry.running else {}),
        "type": "action",
        **({"injuryType": entry.injury} if entry.injury else {}),
        **({"player": _player(entry.player)} if entry.player is not None else {}),
        **_substitution(entry.substitution),
        **({"base": entry.base} if entry.base is not None else {}),
    }
    if entry.review is not None:
        document["reviewDetails"] = review(entry.review, names)
    return document


def _substitution(change: Substitution | None) -> dict[str, Any]:
    if change is None:
        return {}
    document: dict[str, Any] = {"isSubstitution": True, "position": positions.DOCUMENTS[change.position]}
    if change.replaced is not None and change.order:
        document["replacedPlayer"] = _player(change.replaced)
    if change.order:
        document["battingOrder"] = change.order
    return document


def _violation(code: str, player: Person) -> dict[str, Any]:
    kind, text = _VIOLATIONS[code]
    return {"type": kind, "description": text, "player": {"id": player.id, "fullName": player.name}}


def runner(move: Move, index: int, names: dict[int, Person]) -> dict[str, Any]:
    """A runner's movement; `index` is the index of the event that caused it."""
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
