"""The simulated season: how many games, when, and that no team is in two places at once."""

from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from checks import some

from mlb_sim import Simulator
from mlb_sim.answers.schedule import schedule
from mlb_sim.fixtures import Calendar, opening_day
from mlb_sim.league import League
from mlb_sim.times import DAY, HOUR, MINUTE, at

GAMES = 2430
SEASONS = (2019, 2024, 2026)


@pytest.fixture(scope="module", params=SEASONS)
def calendar(request: pytest.FixtureRequest) -> Calendar:
    return Calendar(League(5, request.param), request.param * 10_000 + 1)


def test_every_team_plays_162_games_half_of_them_at_home(calendar: Calendar) -> None:
    assert len(calendar.fixtures) == GAMES == len(calendar.by_pk)
    assert Counter(team.index for game in calendar.fixtures for team in game.teams) == dict.fromkeys(range(30), 162)
    assert Counter(game.home.index for game in calendar.fixtures) == dict.fromkeys(range(30), 81)


def test_no_team_is_in_two_places_at_once(calendar: Calendar) -> None:
    starts: dict[int, list[int]] = {}
    for game in calendar.fixtures:
        slots = game.slots if game.fate == "suspended" else (game.played,)
        for team in game.teams:
            starts.setdefault(team.index, []).extend(slot.start for slot in slots)
    for times in some(starts.values()):
        times.sort()
        assert all(later - earlier >= 4 * HOUR for earlier, later in pairwise(times))


def test_the_season_has_everything_that_makes_loaders_stumble(calendar: Calendar) -> None:
    fates = Counter(game.fate for game in calendar.fixtures)
    assert 10 <= fates["postponed"] <= 60
    assert 1 <= fates["suspended"] <= 20
    doubleheaders = Counter(game.played.doubleheader for game in calendar.fixtures)
    assert doubleheaders["Y"] >= 6
    assert doubleheaders["S"] >= 20
    for game in some(calendar.fixtures):
        assert len(game.slots) == (1 if game.fate == "played" else 2)
        assert game.fate == "played" or game.slots[0].day < game.slots[1].day


def test_doubleheaders_are_pairs_on_one_day(calendar: Calendar) -> None:
    for rows in some(calendar.by_day.values()):
        twins = Counter(
            (game.home.index, slot.number) for game, slot in rows if slot.doubleheader != "N" and slot is game.played
        )
        homes = {home for home, _ in twins}
        assert twins == {(home, number): 1 for home in homes for number in (1, 2)}


def test_records_are_those_of_the_games(calendar: Calendar) -> None:
    wins = Counter((game.home if game.home_wins else game.away).index for game in calendar.fixtures)
    for team in some(calendar.league.teams):
        assert calendar.record(team, 162) == (wins[team.index], 162 - wins[team.index])
        assert calendar.record(team, 0) == (0, 0)
    assert sum(wins.values()) == GAMES


@pytest.mark.parametrize("season", range(2015, 2030))
def test_the_season_ends_at_the_end_of_september(season: int) -> None:
    opening = opening_day(season)
    assert opening.weekday() == 4
    assert date(season, 3, 17) <= opening <= date(season, 3, 28)
    assert date(season, 9, 24) <= opening + timedelta(days=191) <= date(season, 9, 30)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator(5, 2024)


def test_a_postponed_game_is_listed_on_two_dates(simulator: Simulator) -> None:
    game = next(game for game in simulator.calendar.fixtures if game.fate == "postponed")
    first, second = game.slots

    def listed(day: date, now: int) -> dict[str, object] | None:
        answer = schedule(simulator, {"sportId": "1", "date": str(day), "gamePk": str(game.pk)}, now)
        games = [row for each in answer["dates"] for row in each["games"]]
        return games[0] if games else None

    before = listed(first.day, game.announced - MINUTE)
    assert before
    assert before["status"]["codedGameState"] in "SP"  # type: ignore[index]
    assert before["officialDate"] == str(first.day)
    assert listed(second.day, game.announced - MINUTE) is None
    after = listed(first.day, game.rescheduled + MINUTE)
    assert after
    assert after["status"]["codedGameState"] == "D"  # type: ignore[index]
    assert after["status"]["abstractGameState"] == "Final"  # type: ignore[index]
    assert (after["officialDate"], after["rescheduleGameDate"]) == (str(second.day), str(second.day))
    made_up = listed(second.day, second.start + 12 * HOUR)
    assert made_up
    assert made_up["status"]["codedGameState"] == "F"  # type: ignore[index]
    assert made_up["rescheduledFromDate"] == str(first.day)
    still = listed(first.day, second.start + 12 * HOUR)
    assert still
    assert still["status"]["codedGameState"] == "D"  # type: ignore[index]


def test_a_suspended_game_keeps_its_official_date(simulator: Simulator) -> None:
    game = next(game for game in simulator.calendar.fixtures if game.fate == "suspended")
    first, second = game.slots
    interruption = simulator.outline(game).interruption
    assert interruption
    pause = interruption.start + HOUR
    query = {"startDate": str(first.day), "endDate": str(second.day), "gamePk": str(game.pk)}
    rows = [row for each in schedule(simulator, query, pause)["dates"] for row in each["games"]]
    assert [row["status"]["codedGameState"] for row in rows] == ["T", "T"]
    assert [row["officialDate"] for row in rows] == [str(first.day)] * 2
    assert rows[0]["resumeGameDate"] == str(second.day)
    assert rows[1]["resumedFromDate"] == str(first.day)
    later = [row for each in schedule(simulator, query, second.start + 12 * HOUR)["dates"] for row in each["games"]]
    assert [row["status"]["codedGameState"] for row in later] == ["F", "F"]
    feed = simulator.feed(game, second.start + 12 * HOUR)
    assert feed["gameData"]["datetime"]["officialDate"] == str(first.day)
    starts = [play["about"]["startTime"][:10] for play in feed["liveData"]["plays"]["allPlays"]]
    assert starts[0] < starts[-1]


def test_states_move_with_the_clock(simulator: Simulator) -> None:
    day = simulator.calendar.first_day + timedelta(days=1)
    seen = set()
    for hour in range(10, 34):
        answer = schedule(simulator, {"date": str(day)}, at(day, 0) + hour * HOUR)
        for game in answer["dates"][0]["games"]:
            seen.add(game["status"]["codedGameState"])
            assert ("isWinner" in game["teams"]["home"]) == (game["status"]["codedGameState"] in "OF")
    assert {"S", "P", "I", "F"} <= seen
    assert answer["totalGamesInProgress"] == 0


def test_queries_select(simulator: Simulator) -> None:
    now = at(simulator.calendar.first_day, 0) - DAY
    team = simulator.league.teams[4]
    month = {"startDate": "2024-04-01", "endDate": "2024-04-30"}
    everything = schedule(simulator, month, now)
    own = schedule(simulator, {**month, "teamId": str(team.id)}, now)
    assert everything["totalGames"] > 350
    assert 20 < own["totalGames"] < 32
    assert all(
        team.id in (game["teams"]["home"]["team"]["id"], game["teams"]["away"]["team"]["id"])
        for each in own["dates"]
        for game in each["games"]
    )
    assert schedule(simulator, {**month, "gameTypes": "S"}, now)["totalGames"] == 0
    assert schedule(simulator, {"season": "2024"}, now)["totalGames"] == GAMES
    assert schedule(simulator, {"season": "2023"}, now)["dates"] == []
