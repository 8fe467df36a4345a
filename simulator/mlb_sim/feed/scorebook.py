"""Keeps score: turns the entries of a log into plays, statistics and the line score."""

from collections.abc import Iterable
from typing import Any, Final

from mlb_sim import positions, times
from mlb_sim.draw import Draw
from mlb_sim.feed import events, tracking
from mlb_sim.feed.decisions import Ledger
from mlb_sim.feed.records import Half, Play
from mlb_sim.feed.tallies import Tallies
from mlb_sim.fixtures import Fixture
from mlb_sim.league import League
from mlb_sim.play import kinds
from mlb_sim.play.lineup import Card, Lineup
from mlb_sim.play.log import (
    Acted,
    Began,
    Checked,
    Entry,
    Finished,
    HalfOver,
    Kind,
    Move,
    Pitched,
    Review,
    Status,
    StatusSet,
)
from mlb_sim.play.state import AWAY, BASES, HOME
from mlb_sim.times import Moment

_RECLASSIFIED: Final = 0.06


class Scorebook:
    """The state of a game after the entries applied so far."""

    def __init__(self, league: League, fixture: Fixture, cards: tuple[Card, Card], *, reclassified: bool) -> None:
        self.league = league
        self.fixture = fixture
        self.reclassified = reclassified
        self.lineups = (Lineup.of(fixture.away, cards[AWAY]), Lineup.of(fixture.home, cards[HOME]))
        self.status = Status.SCHEDULED
        self.review: Review | None = None
        self.statuses: dict[Status, Moment] = {}
        self.plays: list[Play] = []
        self.scoring: list[int] = []
        self.innings: list[tuple[Half, Half]] = []
        self.score = [0, 0]
        self.count = (0, 0, 0)
        self.bases: list[tuple[int, int] | None] = [None, None, None]
        self.half_over = False
        self.lines = Tallies()
        self.visits = [0, 0]
        self.challenges: list[tuple[Review, bool]] = []
        self.abs_challenges: list[Review] = []
        self.next_slot = [0, 0]
        self.ledger = Ledger()
        self.last: Entry | None = None
        self.before: tuple[int, int, int] = (0, 0, 0)
        self.first_pitch: Moment | None = None
        self.over_at: Moment | None = None
        self.delay: Moment = 0
        self.winning_outs: int | None = None

    def apply(self, entries: Iterable[Entry]) -> None:
        """Score the next entry."""
        for entry in entries:
            self.before = self.count
            match entry:
                case Pitched():
                    self._pitched(entry)
                case Acted():
                    self._acted(entry)
                case Began():
                    self._began(entry)
                case Finished():
                    self._finished(entry)
                case Checked():
                    self._checked(entry)
                case StatusSet():
                    self._status(entry)
                case HalfOver():
                    self._half_over(entry)
            self.last = entry

    @property
    def started(self) -> bool:
        """Whether the line-ups are known."""
        return bool(self.plays)

    @property
    def play(self) -> Play:
        """The current plate appearance, or the last one."""
        return self.plays[-1]

    def _sides(self, *, top: bool) -> tuple[int, int]:
        return (AWAY, HOME) if top else (HOME, AWAY)

    def _half(self, side: int) -> Half:
        return self.innings[self.play.inning - 1][side]

    def _status(self, entry: StatusSet) -> None:
        if self.status == Status.DELAYED:
            self.delay += entry.at - self.statuses[Status.DELAYED]
        self.status, self.review = entry.status, entry.review
        self.statuses[entry.status] = entry.at
        if entry.review is not None:
            self.play.review = entry.review
        if entry.status == Status.GAME_OVER:
            self.over_at = entry.at

    def _began(self, entry: Began) -> None:
        if entry.inning > len(self.innings):
            self.innings.append((Half(), Half()))
        offense, defense = self._sides(top=entry.top)
        if not self.plays:
            for side, lineup in enumerate(self.lineups):
                self.lines.start(lineup)
                self.ledger.enters(side, lineup.pitcher, 0, 1)
        if self.plays and (self.plays[-1].inning, self.plays[-1].top) != (entry.inning, entry.top):
            self.bases = [None, None, None]
        index = len(self.plays)
        draw = Draw(self.league.seed, "tracking", self.fixture.pk, index)
        outs = 0 if self.half_over or not self.plays else self.count[2]
        self.half_over = False
        self.next_slot[offense] = entry.slot
        self.plays.append(
            Play(
                index, entry.inning, entry.top, entry.slot, entry.batter, self.lineups[defense].pitcher,
                entry.at, entry.at, self._men_on(), draw,
            )
        )  # fmt: skip
        self.count = (0, 0, outs)
        self._half(offense).begun = True
        self._refresh()

    def _men_on(self) -> str:
        first, second, third = (each is not None for each in self.bases)
        if first and second and third:
            return "Loaded"
        return "RISP" if second or third else "Men_On" if first else "Empty"

    def _refresh(self) -> None:
        play = self.play
        play.count = self.count
        play.score = (self.score[AWAY], self.score[HOME])
        first, second, third = (None if each is None else each[0] for each in self.bases)
        play.bases = (first, second, third)

    def _pitched(self, entry: Pitched) -> None:
        play, season = self.play, self.league.season
        people = self.league.people
        batter, pitcher = people[play.batter], people[play.pitcher]
        tracked = None
        identity = play.draw.uuid()
        if entry.thrown:
            kind = tracking.pitch_type(play.draw, pitcher)
            data = tracking.pitch(play.draw, season, pitcher, batter, kind=kind, code=entry.code)
            change = play.draw.chance(_RECLASSIFIED)
            tracked = events.Tracked(tracking.reclassified(kind) if self.reclassified and change else kind, data)
            self.lines.pitch(play.pitcher, entry.code)
            if not play.pitches and not play.index:
                play.start = entry.start
            if self.first_pitch is None:
                self.first_pitch = entry.start
        index = len(play.events)
        self._close_action(entry.start)
        old = season <= tracking.OLD_UNTIL
        play.events.append(events.pitch(entry, index, people, identity, tracked, old=old))
        play.pitches.append(index)
        play.last_action = None
        if entry.hit is not None:
            play.hit = tracking.batted(play.draw, entry.hit)
        if entry.review is not None:
            self.abs_challenges.append(entry.review)
        play.end = entry.at
        self.count = (entry.balls, entry.strikes, self.count[2])
        self._refresh()

    def _close_action(self, at: Moment) -> None:
        """End the last action at the current time."""
        if self.play.events and not self.play.events[-1]["isPitch"]:
            self.play.events[-1] = {**self.play.events[-1], "endTime": times.iso(at)}

    def _checked(self, entry: Checked) -> None:
        play = self.play
        self._close_action(entry.at)
        play.events.append(events.check(entry, len(play.events), self.count, play.draw.uuid()))
        play.pitches.append(len(play.events) - 1)
        play.last_action = None
        play.end = entry.at

    def _acted(self, entry: Acted) -> None:
        play = self.play
        self._close_action(entry.at)
        if entry.substitution is not None:
            self._substituted(entry)
        index = len(play.events)
        self._move(entry.moves, index)
        catcher = self.lineups[self._sides(top=play.top)[1]].field.get(positions.CATCHER)
        self.lines.running(entry.kind, entry.moves, play.pitcher, catcher)
        if entry.kind == kinds.VISIT:
            self.visits[self._sides(top=play.top)[1]] += 1
        if entry.review is not None:
            self.challenges.append((entry.review, True))
            play.review = None
        score = (self.score[AWAY], self.score[HOME])
        play.events.append(events.action(entry, index, self.count, score, names=self.league.people, draw=play.draw))
        play.actions.append(index)
        play.last_action = entry
        play.end = entry.at
        self._refresh()

    def _substituted(self, entry: Acted) -> None:
        change = entry.substitution
        if change is None:
            return
        play, lineup = self.play, self.lineups[change.side]
        lineup.apply(change)
        if entry.kind == kinds.PITCHING_CHANGE:
            play.pitcher = change.player
            self.lines.pitcher(change.player)["inheritedRunners"] = sum(base is not None for base in self.bases)
            self.lines.fielder(change.player)
            lead = self.score[change.side] - self.score[1 - change.side]
            self.ledger.enters(change.side, change.player, lead, play.inning)
            return
        self.lines.batter(change.player)
        self.lines.fielder(change.player)
        if change.replaced == play.batter and entry.kind == kinds.OFFENSIVE_CHANGE and change.base is None:
            play.batter = change.player
        if change.base is not None:
            on_base = self.bases[change.base - 1]
            if on_base is not None:
                self.bases[change.base - 1] = (change.player, on_base[1])

    def _move(self, moves: tuple[Move, ...], index: int) -> None:
        play = self.play
        offense, defense = self._sides(top=play.top)
        for move in moves:
            play.runners.append(events.runner(move, index, self.league.people))
            if move.start is not None:
                self.bases[BASES.index(move.start)] = None
            if move.scores:
                self._score(move, offense, defense)
            elif move.end is not None:
                self.bases[BASES.index(move.end)] = (move.runner, move.responsible)
            if move.is_out:
                play.out = True
                self.count = (*self.count[:2], self.count[2] + 1)
                self.lines.pitcher(play.pitcher)["outs"] += 1
            for credit in move.credits:
                self._half(defense).errors += self.lines.credit(credit)

    def _score(self, move: Move, offense: int, defense: int) -> None:
        play = self.play
        self.score[offense] += 1
        self._half(offense).runs += 1
        self.lines.run(move, play.pitcher)
        if not play.scoring:
            play.scoring = True
            self.scoring.append(play.index)
        batting_pitcher = self.lineups[offense].pitcher
        self.ledger.scores(
            offense, self.score[offense] - self.score[defense], batting_pitcher, move.responsible, play.pitcher
        )
        if not play.top and self.score[HOME] == self.score[AWAY] + 1:
            self.winning_outs = self.count[2]

    def _finished(self, entry: Finished) -> None:
        play = self.play
        index = len(play.events) - 1
        if play.hit is not None and index >= 0:
            play.events[index] = _with_hit(play.events[index], play.hit, entry.at)
        self._move(entry.moves, index)
        play.finished = entry
        play.end = entry.at
        play.review = entry.review
        if entry.review is not None and entry.review.kind != "MJ":
            self.challenges.append((entry.review, entry.review.team is not None))
        if entry.kind not in kinds.NO_APPEARANCE:
            self._count_appearance(entry.kind, entry.rbi)
        self._refresh()

    def _count_appearance(self, kind: Kind, rbi: int) -> None:
        play = self.play
        offense, _ = self._sides(top=play.top)
        self.lines.appearance(kind, rbi, play.batter, play.pitcher)
        if play.out and kind not in kinds.HITS:
            self.lines.batter(play.batter)["leftOnBase"] += sum(base is not None for base in self.bases)
        self._half(offense).hits += kind in kinds.HITS
        self.next_slot[offense] = (play.slot + 1) % len(self.lineups[offense].order)

    def _half_over(self, entry: HalfOver) -> None:
        offense, _ = self._sides(top=self.play.top)
        half = self._half(offense)
        half.left, half.over = entry.left, True
        self.half_over = True


def _with_hit(event: dict[str, Any], hit: dict[str, Any], at: Moment) -> dict[str, Any]:
    """The pitch with its hitData, in the API's order."""
    document: dict[str, Any] = {}
    for name, value in event.items():
        if name == "index":
            document["hitData"] = hit
        document[name] = value
    document["endTime"] = times.iso(at)
    return document
