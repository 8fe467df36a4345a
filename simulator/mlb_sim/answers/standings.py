"""Standings of the divisions: records that agree with the games that were played before the end of a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from mlb_sim import times
from mlb_sim.answers.errors import not_found
from mlb_sim.answers.queries import Query, day, hydrations, numbers, words
from mlb_sim.draw import Draw
from mlb_sim.feed import rates
from mlb_sim.feed.document import COPYRIGHT
from mlb_sim.fixtures import Fixture
from mlb_sim.league import Team, team_document, team_reference
from mlb_sim.simulator import Simulator
from mlb_sim.times import DAY, HOUR, Moment

_REGULAR: Final = "regularSeason"
_SPRING: Final = "springTraining"
_WILD_CARD: Final = "wildCard"
_SPRING_GAMES: Final = 15  # the last ones of the season stand for them
_NOT_IN_SPRING: Final = (
    *("sportRank", "divisionChamp", "hasWildcard", "clinched", "clinchIndicator", "eliminationNumber"),
    *("wildCardEliminationNumber", "magicNumber"),
)
_GAMES: Final = 162
_LAST: Final = 10
_WILD_CARDS: Final = 3
_OVER_AFTER: Final = 4 * HOUR
_GAMES_BACK: Final = ("wildCard", "league", "springLeague", "sport", "division", "conference")


@dataclass(frozen=True)
class _Season:
    """A team's games so far."""

    team: Team
    games: Sequence[Fixture]

    @cached_property
    def wins(self) -> int:
        """Games won."""
        return sum(map(self.won, self.games))

    @property
    def losses(self) -> int:
        """Games lost."""
        return len(self.games) - self.wins

    @property
    def order(self) -> tuple[int, int]:
        """By which teams are ranked: the best first."""
        return self.losses - self.wins, self.team.index

    def won(self, game: Fixture) -> bool:
        """Whether the team won the game."""
        return game.home_wins == (game.home is self.team)

    def record(self, games: Sequence[Fixture]) -> dict[str, Any]:
        """The record in some of the games."""
        wins = sum(map(self.won, games))
        return {"wins": wins, "losses": len(games) - wins, "pct": rates.share(wins, len(games), ".000")}

    def opponent(self, game: Fixture) -> Team:
        """The other team."""
        away, home = game.teams
        return away if home is self.team else home

    def behind(self, other: "_Season") -> str:
        """Games behind another team, as the API writes them; - if there are none."""
        halves = (other.wins - other.losses) - (self.wins - self.losses)
        return f"{abs(halves) / 2:.1f}" if halves else "-"


def standings(simulator: Simulator, query: Query, now: Moment) -> dict[str, Any]:
    """The standings on a day, by default now, of the regular season or spring training."""
    leagues = numbers(query, "leagueId")
    if leagues is None:
        raise not_found()
    kinds = words(query, "standingsTypes") or {_REGULAR}
    if query.get("season", str(simulator.season)) != str(simulator.season):
        kinds = set()
    until = min(now, times.at(day(query["date"]), 12) + DAY) if "date" in query else now
    hydrated = "team" in hydrations(query)
    records: list[dict[str, Any]] = []
    if _REGULAR in kinds:
        records += _records_of(simulator, until, hydrated=hydrated)
    if _WILD_CARD in kinds:
        records += _wild_card_records(_records_of(simulator, until, hydrated=hydrated))
    if _SPRING in kinds:
        records += map(_in_spring, _records_of(simulator, until, hydrated=hydrated, spring=True))
    return {"copyright": COPYRIGHT, "records": [each for each in records if each["league"]["id"] in leagues]}


def _records_of(simulator: Simulator, until: Moment, *, hydrated: bool, spring: bool = False) -> list[dict[str, Any]]:
    """The record of each division."""
    seasons = [_season(simulator, team, until, spring=spring) for team in simulator.league.teams]
    ranked = sorted(seasons, key=lambda each: each.order)
    divisions: dict[tuple[int, int], list[_Season]] = {}
    for season in ranked:
        divisions.setdefault((season.team.league, season.team.division), []).append(season)
    return [_record(simulator, division, ranked, until, hydrated=hydrated) for division in divisions.values()]


def _wild_card_records(divisions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A record of each league, without the leaders of its divisions."""
    leagues: dict[int, dict[str, Any]] = {}
    for record in divisions:
        kept = {name: value for name, value in record.items() if name != "division"}
        whole = leagues.setdefault(record["league"]["id"], kept | {"standingsType": _WILD_CARD, "teamRecords": []})
        whole["teamRecords"] += (row for row in record["teamRecords"] if not row["divisionLeader"])
    for whole in leagues.values():
        whole["teamRecords"].sort(key=lambda row: int(row["wildCardRank"]))
    return [*leagues.values()]


def _in_spring(record: dict[str, Any]) -> dict[str, Any]:
    """The record with what the API has of spring training."""
    rows = []
    for row in record["teamRecords"]:
        kept = {name: value for name, value in row.items() if name not in _NOT_IN_SPRING}
        back = {f"{name}GamesBack": "-" for name in ("wildCard", "sport", "division")}
        spring = {"springLeagueRank": row["leagueRank"], "springLeagueGamesBack": row["leagueGamesBack"]}
        rows.append(kept | {"gamesBack": "-"} | back | spring)
    return record | {"standingsType": _SPRING, "roundRobin": {"status": "false"}, "teamRecords": rows}


def _season(simulator: Simulator, team: Team, until: Moment, *, spring: bool) -> _Season:
    games = [each for each in simulator.calendar.fixtures if team in each.teams]
    if spring:
        return _Season(team, games[-_SPRING_GAMES:])
    over = [each for each in games if each.played.start + _OVER_AFTER <= until]
    return _Season(team, sorted(over, key=lambda each: (each.played.start, each.pk)))


def _record(
    simulator: Simulator, division: Sequence[_Season], everyone: Sequence[_Season], until: Moment, *, hydrated: bool
) -> dict[str, Any]:
    known = team_document(division[0].team, simulator.season)
    league = [each for each in everyone if each.team.league == division[0].team.league]
    rows = [
        _row(simulator, each, {"division": division, "league": league, "sport": everyone}, until, hydrated=hydrated)
        for each in division
    ]
    return {
        "standingsType": _REGULAR,
        **{name: {"id": known[name]["id"], "link": known[name]["link"]} for name in ("league", "division", "sport")},
        "lastUpdated": f"{times.to_datetime(until):%Y-%m-%dT%H:%M:%S}.000Z",
        "teamRecords": rows,
    }


def _row(
    simulator: Simulator, own: _Season, among: Mapping[str, Sequence[_Season]], until: Moment, *, hydrated: bool
) -> dict[str, Any]:
    division, league = among["division"], among["league"]
    leads = own is division[0]
    chasing = [each for each in league if each is not _leader(each, league)]
    record = own.record(own.games)
    runs = Draw(simulator.seed, "runs", own.team.index, len(own.games))
    scored, allowed = (int(runs.between(3.6, 5.2) * len(own.games)) for _ in range(2))
    back = {name: own.behind(teams[0]) for name, teams in among.items()}
    document = {
        "team": team_document(own.team, simulator.season) if hydrated else team_reference(own.team),
        "season": str(simulator.season),
        **({"streak": _streak(own)} if own.games else {}),
        **{f"{name}Rank": str(teams.index(own) + 1) for name, teams in among.items()},
        "gamesPlayed": len(own.games),
        "gamesBack": back["division"],
        **{f"{name}GamesBack": back.get(name, "-") for name in _GAMES_BACK},
        "leagueRecord": record | {"ties": 0},
        "lastUpdated": times.iso_seconds(until),
        "records": _records(own),
        "runsAllowed": allowed,
        "runsScored": scored,
        "divisionChamp": leads and _magic(division) <= 0,
        "divisionLeader": leads,
        "hasWildcard": True,
        "clinched": leads and _magic(division) <= 0,
        "eliminationNumber": "-" if leads else _elimination(own, division[0]),
        "wins": own.wins,
        "losses": own.losses,
        "runDifferential": scored - allowed,
        "winningPercentage": record["pct"],
    }
    if leads:
        document["magicNumber"] = str(_magic(division)) if _magic(division) > 0 else "-"
        if document["clinched"]:
            document["clinchIndicator"] = "y"
        return document
    return document | _wild_card(own, chasing)


def _leader(season: _Season, league: Sequence[_Season]) -> _Season:
    return next(each for each in league if each.team.division == season.team.division)


def _wild_card(own: _Season, chasing: Sequence[_Season]) -> dict[str, Any]:
    place, last = chasing.index(own), chasing[_WILD_CARDS - 1]
    ahead = place < _WILD_CARDS
    back = own.behind(last)
    found = {"wildCardRank": str(place + 1), "wildCardGamesBack": f"+{back}" if ahead and back != "-" else back}
    out = "-" if ahead else _elimination(own, last)
    return found | ({"wildCardLeader": True} if ahead else {}) | {"wildCardEliminationNumber": out}


def _magic(division: Sequence[_Season]) -> int:
    return _GAMES + 1 - division[0].wins - division[1].losses


def _elimination(own: _Season, leader: _Season) -> str:
    left = _GAMES + 1 - leader.wins - own.losses
    return str(left) if left > 0 else "E"


def _streak(own: _Season) -> dict[str, Any]:
    last = own.won(own.games[-1])
    length = next((n for n, game in enumerate(reversed(own.games)) if own.won(game) != last), len(own.games))
    kind = "wins" if last else "losses"
    return {"streakType": kind, "streakNumber": length, "streakCode": f"{kind[0].upper()}{length}"}


def _records(own: _Season) -> dict[str, Any]:
    home = [game for game in own.games if game.home is own.team]
    away = [game for game in own.games if game.home is not own.team]
    light = [game for game in own.games if game.played.is_day_game]
    dark = [game for game in own.games if not game.played.is_day_game]
    splits = {"home": home, "away": away, "lastTen": own.games[-_LAST:], "day": light, "night": dark}
    against: dict[str, dict[int, tuple[dict[str, Any], list[Fixture]]]] = {"division": {}, "league": {}}
    for game in own.games:
        other = team_document(own.opponent(game), 0)
        for name, found in against.items():
            found.setdefault(other[name]["id"], (other[name], []))[1].append(game)
    expected = [own.record(own.games) | {"type": kind} for kind in ("xWinLoss", "xWinLossSeason")]
    return {
        "splitRecords": [own.record(games) | {"type": name} for name, games in splits.items()],
        "divisionRecords": [own.record(games) | {"division": it} for it, games in against["division"].values()],
        "overallRecords": [own.record(games) | {"type": name} for name, games in (("home", home), ("away", away))],
        "leagueRecords": [own.record(games) | {"league": it} for it, games in against["league"].values()],
        "expectedRecords": expected,
    }
