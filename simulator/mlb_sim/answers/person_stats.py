"""A player's statistics: lines of games from their box scores, and sums of these over seasons and situations."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlb_sim import people, positions
from mlb_sim.answers.errors import invalid, not_found
from mlb_sim.answers.queries import Query, number, words
from mlb_sim.draw import Draw
from mlb_sim.feed import lines, season_lines
from mlb_sim.feed.lines import Tally
from mlb_sim.fixtures import Fixture
from mlb_sim.league import SPORT, Team, team_document, team_reference
from mlb_sim.people import Person
from mlb_sim.play.log import Status
from mlb_sim.simulator import Simulator
from mlb_sim.times import Moment

Line = dict[str, Any]

_OVER: Final = frozenset({Status.GAME_OVER, Status.FINAL})
_SITUATIONS: Final = {"h": ("Home Games", True), "a": ("Away Games", False)}
_SEASONS: Final = 3  # before this one
_OUTSIDE: Final = frozenset({positions.PINCH_HITTER, positions.PINCH_RUNNER})
_NOT_HERE: Final = frozenset({"popOuts", "lineOuts", "pitchesThrown", "balls", "passedBall", "rbi", "pickoffs"})
"""What lines of box scores have, and lines of pitchers or batters here have not."""


@dataclass(frozen=True, slots=True)
class _Game:
    """What a game was to the player: his line of one group, and where he played."""

    fixture: Fixture
    line: Mapping[str, Any]
    places: Sequence[str]

    def is_at_home(self, team: Team) -> bool:
        """Whether his team was at home."""
        return self.fixture.home is team


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the games with the player's entries in their box scores."""

    simulator: Simulator
    query: Query
    entries: Sequence[tuple[Fixture, Line]]


@dataclass(frozen=True, slots=True)
class _Group:
    """A group of statistics: its name in box scores, the line of its counts, and earlier seasons' counts."""

    name: str
    whole: Callable[[Tally], Line]
    earlier: Callable[[Team, Person, int], Tally]
    left_out: frozenset[str]
    so_far: tuple[str, ...]  # rates that the line of a game has of the season so far

    def line(self, counts: Tally) -> Line:
        """The line of these counts, as this method of the API has it."""
        return {name: value for name, value in self.whole(counts).items() if name not in self.left_out}


_GROUPS: Final = {
    "hitting": _Group(
        "batting",
        lines.season_batting,
        season_lines.batting,
        _NOT_HERE - {"rbi"} | {"flyOuts"},
        so_far=("avg", "obp", "slg", "ops"),
    ),
    "pitching": _Group(
        "pitching",
        lines.season_pitching,
        season_lines.pitching,
        _NOT_HERE - {"pickoffs"} | {"flyOuts"},
        so_far=("era", "whip", "groundOutsToAirouts"),
    ),
    "fielding": _Group("fielding", lines.season_fielding, season_lines.fielding, frozenset({"pickoffs"}), so_far=()),
}


def person_stats(simulator: Simulator, key: str, query: Query, now: Moment) -> Line:
    """The blocks of the types and groups asked for; a block without lines is left out."""
    person = simulator.league.people.get(number(key))
    team = next((each for each in simulator.league.teams if person in (*each.active, *each.depth)), None)
    kinds, groups = query.get("stats"), query.get("group")
    if person is None or team is None:
        raise not_found()
    if not kinds or not groups:
        raise invalid("stats and group are needed")
    if query.get("gameType", "R") != "R" or query.get("sportId", "1") != "1":
        return {"stats": []}
    blocks = []
    asked = _Asked(simulator, query, list(_entries(simulator, team, person, now)))
    for name in groups.split(","):
        if name in _GROUPS:
            player = _Player(person, team, name, asked)
            found = {kind: list(_KINDS[kind](player)) for kind in kinds.split(",") if kind in _KINDS}
            blocks += [_block(kind, name, splits) for kind, splits in found.items() if splits]
    return {"stats": blocks}


def _block(kind: str, group: str, splits: list[Line]) -> Line:
    return {"type": {"displayName": kind}, "group": {"displayName": group}, "exemptions": [], "splits": splits}


def _entries(simulator: Simulator, team: Team, person: Person, now: Moment) -> Iterator[tuple[Fixture, Line]]:
    """The games of his team that are over, each with what its box score has of him."""
    for fixture in simulator.calendar.fixtures:
        if team not in fixture.teams or fixture.played.start >= now or simulator.status(fixture, now)[0] not in _OVER:
            continue
        sides = simulator.feed(fixture, now)["liveData"]["boxscore"]["teams"]
        entry = sides["home" if fixture.home is team else "away"]["players"].get(f"ID{person.id}")
        if entry is not None:
            yield fixture, entry


class _Player:
    """A player's games of one group, as far as they are over."""

    def __init__(self, person: Person, team: Team, name: str, asked: _Asked) -> None:
        simulator, query = asked.simulator, asked.query
        self.person, self.team, self.name, self.group = person, team, name, _GROUPS[name]
        self.season = number(query.get("season", str(simulator.season)))
        self.situations = words(query, "sitCodes") or set()
        self.now_in = simulator.season
        self.games = list(self._games(asked.entries))

    def _games(self, entries: Sequence[tuple[Fixture, Line]]) -> Iterator[_Game]:
        for fixture, entry in entries:
            line = entry["stats"].get(self.group.name)
            places = [each["code"] for each in entry.get("allPositions", ())]
            if line and places and (self.name != "fielding" or not _OUTSIDE.issuperset(places)):
                yield _Game(fixture, line, places)

    def line(self, counts: Tally) -> Line:
        """A line of several games, with what identifies the player."""
        league = team_document(self.team, self.now_in)["league"]
        return {
            "stat": self.group.line(counts),
            "team": team_reference(self.team),
            "player": people.reference(self.person),
            "league": {name: league[name] for name in ("id", "name", "link")},
            "sport": {"id": SPORT["id"], "link": SPORT["link"], "abbreviation": "MLB"},
            "gameType": "R",
        }

    def lines(self, games: Sequence[_Game]) -> Iterator[Line]:
        """The line of these games; of a fielder one for each position."""
        if self.name != "fielding":
            if games:
                yield self.line(_sum(games))
            return
        for place in dict.fromkeys(_position(game) for game in games):
            yield self.at(place, _sum([game for game in games if _position(game) == place]))

    def at(self, place: str, counts: Tally) -> Line:
        """A fielder's line at a position."""
        line, position = self.line(counts), positions.DOCUMENTS[place]
        games = {"gamesPlayed": counts["gamesPlayed"], "games": counts["gamesPlayed"]}
        return line | {"stat": {**games, **line["stat"], "position": position}, "position": position}


def _position(game: _Game) -> str:
    return next(place for place in game.places if place not in _OUTSIDE)


def _sum(games: Sequence[_Game]) -> Tally:
    total = Tally()
    for game in games:
        counts = {name: value for name, value in game.line.items() if isinstance(value, int)}
        total = lines.added(total, {**counts, "gamesPlayed": 1})
    return total


def _of_season(player: _Player) -> Iterator[Line]:
    if player.season == player.now_in:
        yield from ({**line, "season": str(player.season)} for line in player.lines(player.games))


def _by_year(player: _Player) -> Iterator[Line]:
    for year in range(player.now_in - _SEASONS, player.now_in):
        counts = _earlier(player, year)
        if any(counts.values()):
            line = player.at(player.person.position, counts) if player.name == "fielding" else player.line(counts)
            yield line | {"season": str(year)}
    yield from ({**line, "season": str(player.now_in)} for line in player.lines(player.games))


def _earlier(player: _Player, year: int) -> Tally:
    counts = player.group.earlier(player.team, player.person, Draw("earlier", player.person.id, year).whole(60, 160))
    return lines.added(counts, {"gamesPlayed": 0 if counts["gamesPlayed"] else counts["gamesStarted"]})


def _career(player: _Player) -> Iterator[Line]:
    total = _sum(player.games)
    for year in range(player.now_in - _SEASONS, player.now_in):
        total = lines.added(total, _earlier(player, year))
    if any(total.values()):
        yield player.at(player.person.position, total) if player.name == "fielding" else player.line(total)


def _game_log(player: _Player) -> Iterator[Line]:
    games = player.games if player.season == player.now_in else []
    for count, game in enumerate(games, 1):
        (line,) = player.lines([game])
        so_far = player.group.line(_sum(games[:count]))
        line["stat"] |= {name: so_far[name] for name in player.group.so_far}
        fixture, home = game.fixture, game.is_at_home(player.team)
        played = [positions.DOCUMENTS[place] for place in game.places]
        yield line | {
            "season": str(player.season),
            "opponent": team_reference(fixture.away if home else fixture.home),
            "date": fixture.played.day.isoformat(),
            "isHome": home,
            "isWin": fixture.home_wins == home,
            **({"positionsPlayed": played} if player.name == "hitting" else {}),
            "game": {
                "gamePk": fixture.pk,
                "link": f"/api/v1.1/game/{fixture.pk}/feed/live",
                "content": {"link": f"/api/v1/game/{fixture.pk}/content"},
                "gameNumber": 1,
                "dayNight": "day" if fixture.played.is_day_game else "night",
            },
        }


def _splits(player: _Player) -> Iterator[Line]:
    for place, (code, (description, home)) in enumerate(_SITUATIONS.items(), 1):
        games = [each for each in player.games if each.is_at_home(player.team) == home]
        if code in player.situations and player.season == player.now_in:
            for line in player.lines(games):
                split = {"code": code, "description": description, "sortOrder": place}
                yield line | {"season": str(player.season), "split": split}


_KINDS: Final = {
    "season": _of_season,
    "career": _career,
    "yearByYear": _by_year,
    "gameLog": _game_log,
    "statSplits": _splits,
}
