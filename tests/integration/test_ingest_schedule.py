"""Real schedules from MLB."""

from pathlib import Path

import pytest
from schedules import captured

from mlb_contracts.response import Response
from mlb_etl.baseball import schedule
from mlb_etl.capture import stub_files

DAY = "schedule_date=2026-04-19_sportId=1.json.gz"


def real(file: Path) -> Response:
    response = stub_files.parse_stub(stub_files.read_file(file))
    assert response is not None
    return response


@pytest.fixture
def folder(stubs_dir: Path) -> Path:
    return stubs_dir / "schedule" / "schedule"


def test_every_schedule_can_be_read(stubs_dir: Path) -> None:
    games = [schedule.read_games(response) for response in captured(stubs_dir)]
    assert {game.state for listed in games for game in listed} >= {"C", "D", "F", "I", "S"}
    assert sum(map(len, games)) > 200


def test_a_game_that_is_listed_twice_counts_as_its_last_date_has_it(folder: Path) -> None:
    season = real(folder / "schedule_team_season_postponed_cancelled.json.gz")
    games = schedule.read_games(season)
    assert len({game.game_pk for game in games}) == len(games) < season.data.count(b'"gameGuid"')
    assert "D" not in {game.state for game in games}, "it was made up for later"


def test_a_feed_shows_what_the_schedule_has(folder: Path, stubs_dir: Path) -> None:
    games = {game.game_pk: game for game in schedule.read_games(real(folder / DAY))}
    final = real(stubs_dir / "game" / "liveGameV1" / "822750_20260419T200309Z.json.gz").data
    empty = real(stubs_dir / "game" / "liveGameV1" / "566988_20201025T013729Z.json.gz").data
    assert games[822750].matches_body(final)
    assert not games[822750].matches_body(final.replace(b'"codedGameState":"F"', b'"codedGameState":"O"'))
    assert not games[822750].matches_body(empty), "Final, and nothing in it"
