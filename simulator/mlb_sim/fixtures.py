"""The season's calendar: 2,430 games, 162 for each team, with doubleheaders, postponements and suspensions.

It has 54 rounds of series of three games, in which all thirty teams meet in pairs: every pair once, most pairs again
with the other team at home. Winners are drawn here, so that records are known without playing; games are then played
until the drawn team wins.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from mlb_sim import times
from mlb_sim.draw import Draw
from mlb_sim.league import TEAMS, League, Team
from mlb_sim.times import HOUR, MINUTE, Moment

Doubleheader = Literal["N", "Y", "S"]  # single, traditional, split
Fate = Literal["played", "postponed", "suspended"]

SERIES_LENGTH = 3
_ROUNDS = 54
_BREAK = 31  # the midseason break comes before this round
_SEPTEMBER = 9
_SUNDAY = 6
_SUSPENDABLE_HOUR = 18


@dataclass(frozen=True, slots=True)
class Slot:
    """A date and start in the calendar."""

    day: date
    start: Moment
    number: int = 1
    doubleheader: Doubleheader = "N"
    is_day_game: bool = False


@dataclass(frozen=True, slots=True)
class Fixture:
    """A game. The second slot of a postponed game is its make-up, that of a suspended one its resumption.

    `announced` is when the postponement was announced, `rescheduled` when the new date was.
    """

    pk: int
    index: int
    away: Team
    home: Team
    slots: tuple[Slot, ...]
    fate: Fate
    series: int
    series_game: int
    home_wins: bool
    announced: Moment = 0
    rescheduled: Moment = 0

    @property
    def played(self) -> Slot:
        """The slot in which the game is played, or begun if it is suspended."""
        return self.slots[-1] if self.fate == "postponed" else self.slots[0]

    @property
    def teams(self) -> tuple[Team, Team]:
        """Away and home."""
        return self.away, self.home


class Calendar:
    """All games of a season, numbered from `first_pk`."""

    def __init__(self, league: League, first_pk: int) -> None:
        self.league = league
        self.first_pk = first_pk
        self.fixtures = _numbered(_fated(league, list(_series(league))), first_pk)

    @cached_property
    def by_pk(self) -> dict[int, Fixture]:
        """The games by number."""
        return {fixture.pk: fixture for fixture in self.fixtures}

    @cached_property
    def by_day(self) -> dict[date, list[tuple[Fixture, Slot]]]:
        """The games of each day; a postponed or suspended game is on both its days."""
        days: dict[date, list[tuple[Fixture, Slot]]] = defaultdict(list)
        for fixture in self.fixtures:
            for slot in fixture.slots:
                days[slot.day].append((fixture, slot))
        for rows in days.values():
            rows.sort(key=lambda row: (row[1].start, row[0].pk))
        return {day: days[day] for day in sorted(days)}

    @cached_property
    def _by_team(self) -> dict[int, list[Fixture]]:
        games: dict[int, list[Fixture]] = defaultdict(list)
        for fixture in sorted(self.fixtures, key=lambda each: (each.played.start, each.pk)):
            for team in fixture.teams:
                games[team.index].append(fixture)
        return games

    @cached_property
    def _numbers(self) -> dict[tuple[int, int], int]:
        return {(team, game.pk): n for team, games in self._by_team.items() for n, game in enumerate(games)}

    @cached_property
    def _wins(self) -> dict[int, list[int]]:
        totals: dict[int, list[int]] = {}
        for team, games in self._by_team.items():
            totals[team] = [0]
            for game in games:
                totals[team].append(totals[team][-1] + (game.home_wins == (game.home.index == team)))
        return totals

    def number(self, team: Team, fixture: Fixture) -> int:
        """The number of games that the team has played before this one."""
        return self._numbers[team.index, fixture.pk]

    def record(self, team: Team, played: int) -> tuple[int, int]:
        """Wins and losses after a number of games."""
        wins = self._wins[team.index][played]
        return wins, played - wins

    def starts(self, team: Team) -> list[Moment]:
        """The starts of the team's games, in order."""
        return self._starts[team.index]

    @cached_property
    def _starts(self) -> dict[int, list[Moment]]:
        return {team: [game.played.start for game in games] for team, games in self._by_team.items()}

    def leads_division(self, team: Team, played: int) -> bool:
        """Whether no rival in its division has won more of its first games, of this number."""
        rivals = (each for each in self.league.teams if (each.league, each.division) == (team.league, team.division))
        wins = self._wins[team.index][played]
        return all(self._wins[each.index][played] <= wins for each in rivals)

    @property
    def first_day(self) -> date:
        """Opening day."""
        return min(self.by_day)

    @property
    def last_day(self) -> date:
        """The season's last day."""
        return max(self.by_day)


def opening_day(season: int) -> date:
    """Opening day: a Friday, so that 54 rounds and a break end on the last Sunday of September."""
    last = date(season, _SEPTEMBER, 30)
    last -= timedelta(days=(last.weekday() - _SUNDAY) % 7)
    return last - timedelta(weeks=27, days=2)


def _pairs(round_number: int) -> list[tuple[int, int]]:
    """The pairs of a round, by the circle method: one team stays, the others rotate by one place."""
    ring = [(round_number + n) % (TEAMS - 1) for n in range(TEAMS - 1)]
    pairs = [(TEAMS - 1, ring[0])] + [(ring[n], ring[-n]) for n in range(1, TEAMS // 2)]
    return [pair if (n + round_number) % 2 else (pair[1], pair[0]) for n, pair in enumerate(pairs)]


def _rounds(draw: Draw) -> list[list[tuple[int, int]]]:
    """Away and home of each series in each round; each team is at home in half of its series."""
    once = [_pairs(number) for number in range(TEAMS - 1)]
    again = [[(home, away) for away, home in pairs] for pairs in once[: _ROUNDS - len(once)]]
    single = _balanced([pair for pairs in once[len(again) :] for pair in pairs])
    size = TEAMS // 2
    rest = [single[n : n + size] for n in range(0, len(single), size)]
    return draw.shuffled(once[: len(again)]) + draw.shuffled(rest) + draw.shuffled(again)


def _balanced(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Order each pair so that every team, which is in an even number of pairs, is first as often as second.

    The pairs are walked in circuits, each pair turned the way it is walked.
    """
    left: dict[int, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        for team in pair:
            left[team].append(index)
    turned: dict[int, tuple[int, int]] = {}
    for start in sorted(left):
        team = start
        while left[team]:
            index = left[team].pop()
            other = pairs[index][0] if pairs[index][1] == team else pairs[index][1]
            left[other].remove(index)
            turned[index] = (team, other)
            team = other
    return [turned[index] for index in range(len(pairs))]


def _series(league: League) -> Iterator[list[Fixture]]:
    """The series with their games, before postponements."""
    draw = Draw(league.seed, league.season, "calendar")
    teams = league.teams
    day = opening_day(league.season)
    for number, pairs in enumerate(_rounds(draw)):
        if number == _BREAK:
            day += timedelta(days=3)
        weekend = number % 2 == (number >= _BREAK)
        for away, home in pairs:
            first = day if weekend else day - timedelta(days=draw.whole(0, 1))
            yield list(_games(draw, teams[away], teams[home], first, number))
        day += timedelta(days=4 if weekend else 3)


def _games(draw: Draw, away: Team, home: Team, first: date, series: int) -> Iterator[Fixture]:
    days = [first + timedelta(days=n) for n in range(SERIES_LENGTH)]
    double: Doubleheader = draw.weighted((("N", 0.975), ("Y", 0.012), ("S", 0.013)))
    for number, day in enumerate(days):
        if double != "N" and number == 0:
            slot = _slot(draw, home, days[1], early=True, number=1, doubleheader=double)
        elif double != "N" and number == 1:
            slot = _slot(draw, home, day, early=double == "Y", number=2, doubleheader=double)
        else:
            slot = _slot(draw, home, day, early=draw.chance(0.85 if day.weekday() == _SUNDAY else 0.2))
        wins = draw.chance(0.535 + 0.045 * (home.strength - away.strength))
        yield Fixture(0, 0, away, home, (slot,), "played", series + 1, number + 1, wins)


def _slot(draw: Draw, home: Team, day: date, *, early: bool, number: int = 1, doubleheader: Doubleheader = "N") -> Slot:
    """A start in the venue's local time; the second game of a traditional doubleheader follows the first."""
    hour, minute = (13, draw.pick((5, 10, 35))) if early else (18, draw.pick((40, 45, 10)))
    if doubleheader == "Y" and number > 1:
        hour, minute = 18, 5
    return Slot(day, times.at(day, hour, minute, offset=home.venue.offset), number, doubleheader, early)


def _fated(league: League, series: list[list[Fixture]]) -> Iterator[Fixture]:
    """Postpone or suspend some games, if the next day of the series has room."""
    draw = Draw(league.seed, league.season, "weather")
    for games in series:
        fated = list(games)
        for place in range(SERIES_LENGTH - 1):
            today, tomorrow = fated[place], fated[place + 1]
            if today.home.venue.roof != "Open" or not _free(today, tomorrow, fated):
                continue
            if draw.chance(0.025):
                fated[place], fated[place + 1] = _postponed(draw, today, tomorrow)
            elif draw.chance(0.007):
                fated[place], fated[place + 1] = _suspended(draw, today, tomorrow)
        yield from fated


def _free(today: Fixture, tomorrow: Fixture, series: Sequence[Fixture]) -> bool:
    """Whether both days have a single game and are consecutive."""
    days = [slot.day for game in series for slot in game.slots]
    first, second = today.slots[0].day, tomorrow.slots[0].day
    return second - first == timedelta(days=1) and days.count(first) == 1 and days.count(second) == 1


def _postponed(draw: Draw, today: Fixture, tomorrow: Fixture) -> tuple[Fixture, Fixture]:
    """Postpone a game to the next day, as the first game of a split doubleheader."""
    start = today.slots[0].start
    day, home = tomorrow.slots[0].day, today.home
    makeup = _slot(draw, home, day, early=True, number=1, doubleheader="S")
    moved = _slot(draw, home, day, early=False, number=2, doubleheader="S")
    announced = start - draw.whole(20, 150) * MINUTE
    today = replace(
        today,
        slots=(today.slots[0], makeup),
        fate="postponed",
        announced=announced,
        rescheduled=announced + draw.whole(15, 60) * MINUTE,
    )
    return today, replace(tomorrow, slots=(moved,))


def _suspended(draw: Draw, today: Fixture, tomorrow: Fixture) -> tuple[Fixture, Fixture]:
    """Suspend a game until the next afternoon, before that evening's game."""
    first = today.slots[0]
    day, home = tomorrow.slots[0].day, today.home
    resumed = Slot(
        day, times.at(day, 14, 5, offset=home.venue.offset), first.number, first.doubleheader, is_day_game=True
    )
    evening = times.at(day, _SUSPENDABLE_HOUR, 40, offset=home.venue.offset)
    moved = replace(tomorrow.slots[0], start=evening, is_day_game=False)
    started = times.at(first.day, _SUSPENDABLE_HOUR, draw.pick((10, 40)), offset=home.venue.offset)
    slots = (replace(first, start=started, is_day_game=False), resumed)
    announced = started + draw.whole(3, 4) * HOUR
    today = replace(today, slots=slots, fate="suspended", announced=announced, rescheduled=announced)
    return today, replace(tomorrow, slots=(moved,))


def _numbered(fixtures: Iterator[Fixture], first_pk: int) -> tuple[Fixture, ...]:
    """The games in the order of their first dates, as the API numbers them."""
    ordered = sorted(fixtures, key=lambda each: (each.slots[0].start, each.home.index))
    return tuple(replace(fixture, pk=first_pk + n, index=n) for n, fixture in enumerate(ordered))
