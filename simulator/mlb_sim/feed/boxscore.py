"""The box score: both teams with all their players, umpires, notes and top performers."""

from datetime import date
from functools import lru_cache
from typing import Any, Final

from mlb_sim import people, positions
from mlb_sim.feed import lines, notes, season_lines
from mlb_sim.feed.lines import Tally
from mlb_sim.feed.plays import SIDES
from mlb_sim.feed.scorebook import Scorebook
from mlb_sim.feed.standing import Standing
from mlb_sim.league import Team, team_in_box_score
from mlb_sim.people import Person
from mlb_sim.play.state import AWAY, HOME

_Ranked = tuple[int, int, str, str]  # score, player, side, kind of performance

_UMPIRES: Final = ("Home Plate", "First Base", "Second Base", "Third Base")
_ACTIVE: Final = {"code": "A", "description": "Active"}


def document(book: Scorebook, standing: Standing, today: date) -> dict[str, Any]:
    """The current box score."""
    teams = {name: _team(book, standing, side) for side, name in SIDES}
    return {
        "teams": teams,
        "officials": officials(book, standing),
        "info": notes.game(book, standing, today),
        "pitchingNotes": [],
        "topPerformers": _top(book, teams),
    }


def officials(book: Scorebook, standing: Standing) -> list[dict[str, Any]]:
    """The umpires, who are announced with the line-ups."""
    if not book.started:
        return []
    return [
        {"official": people.reference(umpire), "officialType": place}
        for umpire, place in zip(standing.umpires, _UMPIRES, strict=True)
    ]


def _team(book: Scorebook, standing: Standing, side: int) -> dict[str, Any]:
    team, lineup = book.fixture.teams[side], book.lineups[side]
    played = standing.played[side]
    players = {f"ID{person.id}": _player(book, team, side, person, played) for person in team.active}
    started = book.started
    return {
        "team": team_in_box_score(team),
        "teamStats": _team_stats(book, team, side, played),
        "players": players,
        "batters": [*lineup.batters, *lineup.pitchers] if started else [],
        "pitchers": list(lineup.pitchers) if started else [],
        "bench": list(lineup.bench) if started else [person.id for person in team.hitters],
        "bullpen": list(lineup.bullpen) if started else [person.id for person in team.pitchers],
        "battingOrder": list(lineup.order) if started else [],
        "info": notes.team(book, side) if started else [],
        "note": notes.substitutes(book, side),
    }


def _player(book: Scorebook, team: Team, side: int, person: Person, played: int) -> dict[str, Any]:
    lineup = book.lineups[side]
    took_part = book.started and person.id in lineup.played
    places = lineup.played[person.id] if took_part else [person.position]
    document: dict[str, Any] = {
        "person": people.reference(person),
        "jerseyNumber": person.number,
        "position": positions.DOCUMENTS[places[-1]],
        "status": _ACTIVE,
        "parentTeamId": team.id,
    }
    if not took_part:
        return document | _bystander(team, person, played)
    if person.id in lineup.places:
        document["battingOrder"] = lineup.places[person.id]
    return document | {
        "stats": _game(book, side, person.id),
        "seasonStats": _season(book, team, person, played),
        "gameStatus": _status(book, side, person.id),
        "allPositions": [positions.DOCUMENTS[place] for place in places],
    }


@lru_cache(maxsize=4096)
def _bystander(team: Team, person: Person, played: int) -> dict[str, Any]:
    """The entry of a player who has not played; shared by all documents, so it must not be changed."""
    return {
        "stats": {"batting": {}, "pitching": {}, "fielding": {}},
        "seasonStats": {
            "batting": lines.season_batting(season_lines.batting(team, person, played)),
            "pitching": lines.season_pitching(season_lines.pitching(team, person, played)),
            "fielding": lines.season_fielding(season_lines.fielding(team, person, played)),
        },
        "gameStatus": {"isCurrentBatter": False, "isCurrentPitcher": False, "isOnBench": True, "isSubstitute": False},
    }


def _status(book: Scorebook, side: int, player: int) -> dict[str, bool]:
    over = book.status.is_over
    lineup = book.lineups[side]
    fields = (HOME if book.play.top else AWAY) == side
    starters = {place for place in lineup.places.values() if place.endswith("00")}
    return {
        "isCurrentBatter": not fields and player == book.play.batter,
        "isCurrentPitcher": fields and player == lineup.pitcher and not over,
        "isOnBench": False,
        "isSubstitute": lineup.places.get(player, "") not in starters and player != lineup.pitchers[0],
    }


def _game(book: Scorebook, side: int, player: int) -> dict[str, Any]:
    batting, pitching = book.lines.batting.get(player), book.lines.pitching.get(player)
    fielding = book.lines.fielding.get(player, Tally())
    return {
        "batting": {} if batting is None else _batting(book, side, player, batting),
        "pitching": {} if pitching is None else _pitching(book, player, pitching),
        "fielding": {"gamesStarted": fielding["gamesStarted"], **lines.fielding(fielding), "fielding": ".000"},
    }


def _batting(book: Scorebook, side: int, player: int, line: Tally) -> dict[str, Any]:
    letter = notes.letter(book, side, player)
    return {
        **({"note": letter} if letter else {}),
        "summary": notes.batting_summary(line),
        "gamesPlayed": 1,
        **lines.batting(line),
    }


def _pitching(book: Scorebook, player: int, line: Tally) -> dict[str, Any]:
    credited = _credited(book, player, line)
    note = notes.decision(book, player)
    return {
        **({"note": note} if note else {}),
        "summary": notes.pitching_summary(line),
        **lines.pitching(credited),
        **lines.pitching_games(credited),
    }


def _credited(book: Scorebook, player: int, line: Tally) -> Tally:
    """The pitching line, once the game is over with decisions, complete games and shutouts."""
    decisions = notes.decisions(book)
    if decisions is None:
        return line
    credited = Tally(line)
    side = next(n for n, lineup in enumerate(book.lineups) if player in lineup.pitchers)
    alone = book.lineups[side].pitchers == [player]
    blown = player in decisions.blown
    credited.update(
        wins=int(player == decisions.winner), losses=int(player == decisions.loser),
        saves=int(player == decisions.save), holds=int(player in decisions.holds), blownSaves=int(blown),
        saveOpportunities=int(blown or player == decisions.save), completeGames=int(alone),
        shutouts=int(alone and not book.score[1 - side]),
        gamesFinished=int(not alone and player == book.lineups[side].pitcher),
    )  # fmt: skip
    return credited


def _season(book: Scorebook, team: Team, person: Person, played: int) -> dict[str, Any]:
    line = book.lines.pitching.get(person.id)
    pitching = Tally() if line is None else _credited(book, person.id, line)
    return {
        "batting": lines.season_batting(
            lines.added(season_lines.batting(team, person, played), book.lines.batting.get(person.id, Tally()))
        ),
        "pitching": lines.season_pitching(lines.added(season_lines.pitching(team, person, played), pitching)),
        "fielding": lines.season_fielding(
            lines.added(season_lines.fielding(team, person, played), book.lines.fielding.get(person.id, Tally()))
        ),
    }


@lru_cache(maxsize=256)
def _team_season(team: Team, played: int) -> tuple[Tally, Tally]:
    batting, pitching = Tally(), Tally()
    for person in team.active:
        batting = lines.added(batting, season_lines.batting(team, person, played))
        pitching = lines.added(pitching, season_lines.pitching(team, person, played))
    return batting, pitching


def _team_stats(book: Scorebook, team: Team, side: int, played: int) -> dict[str, Any]:
    members = {person.id for person in team.active}
    batting, pitching, fielding = (
        _sum(line for player, line in table.items() if player in members)
        for table in (book.lines.batting, book.lines.pitching, book.lines.fielding)
    )
    whole = notes.decisions(book)
    alone = whole is not None and len(book.lineups[side].pitchers) == 1
    pitching.update(completeGames=int(alone), shutouts=int(whole is not None and not book.score[1 - side]))
    season_batting, season_pitching = _team_season(team, played)
    return {
        "batting": {**lines.batting(batting), **lines.averages(lines.added(season_batting, batting))},
        "pitching": lines.team_pitching(pitching, lines.added(season_pitching, pitching)),
        "fielding": lines.fielding(fielding),
    }


def _sum(tallies: Any) -> Tally:
    total = Tally()
    for tally in tallies:
        total = lines.added(total, tally)
    return total


def _top(book: Scorebook, teams: dict[str, Any]) -> list[dict[str, Any]]:
    """The three top performers."""
    if not book.started:
        return []
    ranked: list[_Ranked] = []
    for side, name in SIDES:
        for player in book.lineups[side].played:
            batting, pitching = book.lines.batting.get(player), book.lines.pitching.get(player)
            if pitching is not None:
                starter = "starter" if player == book.lineups[side].pitchers[0] else "reliever"
                ranked.append((notes.pitching_score(pitching), player, name, starter))
            elif batting is not None:
                ranked.append((notes.batting_score(batting), player, name, "hitter"))
    ranked.sort(key=lambda each: (-each[0], each[1]))
    return [_performer(book, teams, each) for each in ranked[:3]]


def _performer(book: Scorebook, teams: dict[str, Any], ranked: _Ranked) -> dict[str, Any]:
    score, player, side, kind = ranked
    whole = teams[side]["players"][f"ID{player}"]
    person = {**whole["person"], "boxscoreName": book.league.people[player].short_name}
    name = "hittingGameScore" if kind == "hitter" else "pitchingGameScore"
    return {"player": {**whole, "person": person}, "type": kind, "gameScore": score, name: score}
