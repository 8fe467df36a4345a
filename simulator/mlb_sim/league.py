"""The league of one seed: thirty clubs in two leagues of three divisions, venues, rosters, coaches and umpires."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from mlb_sim import people, positions, words
from mlb_sim.draw import Draw
from mlb_sim.people import Person
from mlb_sim.positions import Position

TEAMS = len(words.CITIES)
FIRST_TEAM_ID = 70_001
FIRST_VENUE_ID = 71_001
FIRST_PLAYER_ID = 9_000_001  # a hundred numbers for each team
FIRST_UMPIRE_ID = 9_100_001
FIRST_COACH_ID = 9_200_001
FIRST_SCORER_ID = 9_300_001
_PER_TEAM = 100
_UMPIRES = 76
_STARTERS = 5

LEAGUES = ((60_103, "Meridian League"), (60_104, "Parallel League"))
SPRING_LEAGUES = ((60_114, "Saltflat League", "SL"), (60_115, "Lagoon League", "LG"))
DIVISIONS = ("East", "Central", "West")
SPORT = {"id": 1, "link": "/api/v1/sports/1", "name": "Major League Baseball"}
_ROSTER: tuple[Position, ...] = (*"1" * 13, "2", "2", "3", "4", "5", "6", "7", "8", "9", "10", "4", "8", "3")
_DEPTH: tuple[Position, ...] = (*"1" * 7, "2", "3", "4", "6", "7", "8", "9")  # under contract, not on the active roster


@dataclass(frozen=True, slots=True, eq=False)
class Venue:
    """A ballpark."""

    id: int
    name: str
    city: int  # index into words.CITIES
    zone: tuple[str, int, str]
    roof: str  # Open, Retractable or Dome
    facts: Mapping[str, Any]

    @property
    def offset(self) -> int:
        """Hours from UTC during the season."""
        return self.zone[1]

    @property
    def link(self) -> str:
        """The path in the API."""
        return f"/api/v1/venues/{self.id}"


@dataclass(frozen=True, slots=True, eq=False)
class Team:
    """A club; `index` is its place in the league, 0 to 29."""

    index: int
    id: int
    city: str
    club: str
    code: str
    league: int
    division: int
    strength: float
    venue: Venue
    active: tuple[Person, ...]
    depth: tuple[Person, ...]

    @property
    def name(self) -> str:
        """City and club."""
        return f"{self.city} {self.club}"

    @property
    def link(self) -> str:
        """The path in the API."""
        return f"/api/v1/teams/{self.id}"

    @property
    def starters(self) -> tuple[Person, ...]:
        """The rotation."""
        return self.active[:_STARTERS]

    @property
    def pitchers(self) -> tuple[Person, ...]:
        """All pitchers on the active roster, the rotation first."""
        return tuple(person for person in self.active if person.position == positions.PITCHER)

    @property
    def hitters(self) -> tuple[Person, ...]:
        """All other players on the active roster."""
        return tuple(person for person in self.active if person.position != positions.PITCHER)


class League:
    """The teams, players and umpires of a season, the same for the same seed and season."""

    def __init__(self, seed: int, season: int) -> None:
        self.seed = seed
        self.season = season
        self.teams = tuple(self._team(index) for index in range(TEAMS))
        self.umpires = tuple(
            people.make(
                Draw(seed, season, "umpire", number), FIRST_UMPIRE_ID + number, "", positions.DESIGNATED_HITTER, season
            )
            for number in range(_UMPIRES)
        )

    @cached_property
    def people(self) -> dict[int, Person]:
        """All people by id."""
        return {person.id: person for person in (*self._players(), *self.umpires)}

    @cached_property
    def teams_by_id(self) -> dict[int, Team]:
        """The teams by id."""
        return {team.id: team for team in self.teams}

    @cached_property
    def venues_by_id(self) -> dict[int, Venue]:
        """The venues by id."""
        return {team.venue.id: team.venue for team in self.teams}

    def manager(self, team: Team) -> int:
        """The id of a team's manager, the first of its coaches."""
        return FIRST_COACH_ID + team.index * _PER_TEAM

    def coaches(self, team: Team) -> list[Person]:
        """The coaches of a team, the manager first."""
        first = self.manager(team)
        return [
            people.make(Draw(self.seed, self.season, "coach", team.index, n), first + n, str(60 + n), "10", self.season)
            for n in range(10)
        ]

    def scorer(self, team: Team, number: int) -> Person:
        """Official scorer (0) or datacaster (1) at a team's venue."""
        key = FIRST_SCORER_ID + team.index * _PER_TEAM + number
        return people.make(Draw(self.seed, self.season, "scorer", key), key, "", "10", self.season)

    def _players(self) -> Iterator[Person]:
        for team in self.teams:
            yield from team.active
            yield from team.depth

    def _team(self, index: int) -> Team:
        draw = Draw(self.seed, self.season, "team", index)
        city, _, _ = words.CITIES[index]
        numbers = iter(draw.shuffled(range(1, 100)))
        strength = draw.around(0, 1)
        roster = [self._player(index, n, str(next(numbers)), place) for n, place in enumerate((*_ROSTER, *_DEPTH))]
        return Team(
            index=index,
            id=FIRST_TEAM_ID + index,
            city=city,
            club=words.CLUBS[index],
            code=f"{city[0]}{city.split()[-1][1]}{words.CLUBS[index][0]}".lower(),
            league=index // 15,
            division=index // 5 % 3,
            strength=strength,
            venue=self._venue(index, draw),
            active=tuple(roster[: len(_ROSTER)]),
            depth=tuple(roster[len(_ROSTER) :]),
        )

    def _player(self, team: int, number: int, shirt: str, position: Position) -> Person:
        draw = Draw(self.seed, self.season, "player", team, number)
        person = people.make(draw, FIRST_PLAYER_ID + team * _PER_TEAM + number, shirt, position, self.season)
        endurance = draw.whole(82, 104) if number < _STARTERS else draw.whole(14, 32)
        return replace(person, endurance=endurance if position == positions.PITCHER else 0)

    def _venue(self, index: int, draw: Draw) -> Venue:
        city, state, short = words.CITIES[index]
        roof = draw.weighted((("Open", 0.75), ("Retractable", 0.18), ("Dome", 0.07)))
        line, center = draw.whole(318, 340), draw.whole(396, 412)
        latitude, longitude = draw.between(30, 47), draw.between(-121, -74)
        facts = {
            "location": {
                "address1": f"{draw.whole(1, 999)} {draw.pick(words.STREETS)}",
                "city": city,
                "state": state,
                "stateAbbrev": short,
                "postalCode": f"{draw.whole(0, 99_999):05d}",
                "defaultCoordinates": {"latitude": round(latitude, 6), "longitude": round(longitude, 6)},
                "azimuthAngle": float(draw.whole(0, 179)),
                "elevation": draw.whole(5, 1400),
                "country": "USA",
                "phone": f"(000) 555-{draw.whole(0, 9999):04d}",
            },
            "fieldInfo": {
                "capacity": draw.whole(34_000, 48_000),
                "turfType": "Grass" if draw.chance(0.85) else "Artificial Turf",
                "roofType": roof,
                "leftLine": line,
                "left": line + draw.whole(25, 45),
                "leftCenter": center - draw.whole(25, 40),
                "center": center,
                "rightCenter": center - draw.whole(25, 40),
                "right": line + draw.whole(20, 40),
                "rightLine": draw.whole(314, 338),
            },
        }
        name = f"{city.split()[0]} {draw.pick(words.PARKS)}"
        return Venue(FIRST_VENUE_ID + index, name, index, words.ZONES[index % len(words.ZONES)], roof, facts)


def venue_reference(venue: Venue) -> dict[str, Any]:
    """The short form in which other documents name a venue."""
    return {"id": venue.id, "name": venue.name, "link": venue.link}


def team_reference(team: Team) -> dict[str, Any]:
    """The short form in which other documents name a team."""
    return {"id": team.id, "name": team.name, "link": team.link}


def spring_league(team: Team) -> dict[str, Any]:
    """The team's league in spring training."""
    key, name, short = SPRING_LEAGUES[team.index % 2]
    return {"id": key, "name": name, "link": f"/api/v1/league/{key}", "abbreviation": short}


def team_in_box_score(team: Team) -> dict[str, Any]:
    """The form in which box scores and batted balls name a team."""
    return {"springLeague": spring_league(team), "allStarStatus": "N", **team_reference(team)}


def team_document(team: Team, season: int) -> dict[str, Any]:
    """The full document of a team."""
    league_id, league_name = LEAGUES[team.league]
    division_id = league_id * 10 + team.division
    division = f"{league_name} {DIVISIONS[team.division]}"
    spring_venue = FIRST_VENUE_ID + TEAMS + team.index // 2
    return {
        **team_in_box_score(team),
        "season": season,
        "venue": venue_reference(team.venue),
        "springVenue": {"id": spring_venue, "link": f"/api/v1/venues/{spring_venue}"},
        "teamCode": team.code,
        "fileCode": team.code,
        "abbreviation": team.code.upper(),
        "teamName": team.club,
        "locationName": team.city,
        "firstYearOfPlay": str(1880 + 3 * team.index),
        "league": {"id": league_id, "name": league_name, "link": f"/api/v1/league/{league_id}"},
        "division": {"id": division_id, "name": division, "link": f"/api/v1/divisions/{division_id}"},
        "sport": SPORT,
        "shortName": team.city,
        "franchiseName": team.city,
        "clubName": team.club,
        "active": True,
    }
