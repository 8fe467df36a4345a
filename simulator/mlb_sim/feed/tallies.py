"""Counts the players' statistics in a game."""

from typing import Final

from mlb_sim.feed import events
from mlb_sim.feed.lines import Tally
from mlb_sim.play import kinds
from mlb_sim.play.lineup import Lineup
from mlb_sim.play.log import Credit, Kind, Move
from mlb_sim.positions import DESIGNATED_HITTER

_HIT_COUNTS: Final = {kinds.DOUBLE: ("doubles", 2), kinds.TRIPLE: ("triples", 3), kinds.HOME_RUN: ("homeRuns", 4)}
_COUNTED: Final = {  # additional statistics of a result, for batter and pitcher
    kinds.STRIKEOUT: ("strikeOuts",),
    kinds.WALK: ("baseOnBalls",),
    kinds.INTENT_WALK: ("baseOnBalls", "intentionalWalks"),
    kinds.HIT_BY_PITCH: ("hitByPitch",),
    kinds.SAC_FLY: ("sacFlies", "flyOuts"),
    kinds.SAC_BUNT: ("sacBunts", "groundOuts"),
    kinds.FLYOUT: ("flyOuts",),
    kinds.LINEOUT: ("lineOuts",),
    kinds.POP_OUT: ("popOuts",),
    kinds.GROUNDOUT: ("groundOuts",),
    kinds.FORCEOUT: ("groundOuts",),
    kinds.FIELDERS_CHOICE_OUT: ("groundOuts",),
    kinds.DOUBLE_PLAY: ("groundOuts",),
}
_CREDITS: Final = {
    "f_putout": "putOuts",
    "f_assist": "assists",
    "f_throwing_error": "errors",
    "f_fielding_error": "errors",
}

_RUNNING: Final = {
    kinds.WILD_PITCH: "wildPitches",
    kinds.BALK: "balks",
    kinds.PASSED_BALL: "passedBall",
    kinds.PICKED_OFF: "pickoffs",
    **dict.fromkeys(kinds.STEALS, "stolenBases"),
    **dict.fromkeys(kinds.CAUGHT, "caughtStealing"),
}


class Tallies:
    """Lines of batting, pitching and fielding by the player's id."""

    def __init__(self) -> None:
        self.batting: dict[int, Tally] = {}
        self.pitching: dict[int, Tally] = {}
        self.fielding: dict[int, Tally] = {}

    def batter(self, player: int) -> Tally:
        """His batting line, created if he has none."""
        return self.batting.setdefault(player, Tally(gamesPlayed=1))

    def pitcher(self, player: int) -> Tally:
        """His pitching line, created if he has none."""
        return self.pitching.setdefault(player, Tally(gamesPlayed=1, gamesPitched=1))

    def fielder(self, player: int) -> Tally:
        """His fielding line, created if he has none."""
        return self.fielding.setdefault(player, Tally())

    def start(self, lineup: Lineup) -> None:
        """Count the starters."""
        for player in lineup.order:
            self.batter(player)
        for place, player in lineup.field.items():
            self.fielder(player)["gamesStarted"] = int(place != DESIGNATED_HITTER)
        self.pitcher(lineup.pitcher)["gamesStarted"] = 1

    def pitch(self, pitcher: int, code: str) -> None:
        """Count a pitch."""
        line = self.pitcher(pitcher)
        line["numberOfPitches"] += 1
        line["balls" if code in events.BALLS else "strikes"] += 1

    def credit(self, credit: Credit) -> bool:
        """Count a fielder's credit or charge; return whether it is an error."""
        name = _CREDITS.get(credit.kind)
        if name is not None:
            self.fielder(credit.player)[name] += 1
        return name == "errors"

    def run(self, move: Move, pitcher: int) -> None:
        """Count a run that scored while this pitcher was on the mound."""
        self.batter(move.runner)["runs"] += 1
        charged = self.pitcher(move.responsible)
        charged["runs"] += 1
        charged["earnedRuns"] += move.earned
        if move.responsible != pitcher:
            self.pitcher(pitcher)["inheritedRunnersScored"] += 1

    def running(self, kind: Kind, moves: tuple[Move, ...], pitcher: int, catcher: int | None) -> None:
        """Count base running; the catcher is known once pinch-hitters have taken their positions."""
        name = _RUNNING.get(kind)
        if name is None:
            return
        lines = [self.pitcher(pitcher)]
        if name in {"stolenBases", "caughtStealing", "pickoffs"}:
            lines += [self.batter(moves[0].runner), self.fielder(pitcher)]
        if name in {"stolenBases", "caughtStealing", "passedBall"} and catcher is not None:
            lines.append(self.fielder(catcher))
        for line in lines:
            line[name] += 1

    def appearance(self, kind: Kind, rbi: int, batter: int, pitcher: int) -> None:
        """Count a finished plate appearance."""
        own, against = self.batter(batter), self.pitcher(pitcher)
        own["plateAppearances"] += 1
        own["groundIntoDoublePlay"] += kind == kinds.DOUBLE_PLAY
        against["battersFaced"] += 1
        for line in (own, against):
            line["atBats"] += kind not in kinds.NO_AT_BAT
            line["rbi"] += rbi
            for name in _COUNTED.get(kind, ()):
                line[name] += 1
            if kind in kinds.HITS:
                line["hits"] += 1
                name, bases = _HIT_COUNTS.get(kind, ("", 1))
                line["totalBases"] += bases
                if name:
                    line[name] += 1
