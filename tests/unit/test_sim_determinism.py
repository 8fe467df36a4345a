"""The same seed gives the same answers: in another process, with other hashes, another locale, another time zone."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlb_sim import Simulator
from mlb_sim.draw import Draw
from mlb_sim.routes import answer
from mlb_sim.times import HOUR

TARGETS = (
    "/api/v1/schedule?date=2024-04-03&hydrate=team,linescore",
    "/api/v1/teams",
    "/api/v1/people?personIds=9000101",
)


def digest() -> str:
    simulator = Simulator(77, 2024)
    game = simulator.calendar.fixtures[150]
    now = game.played.start + 2 * HOUR
    targets = (*TARGETS, f"/api/v1.1/game/{game.pk}/feed/live")
    return hashlib.sha256(b"".join(answer(simulator, target, now).body for target in targets)).hexdigest()


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kolkata"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
    ],
)
def test_another_process_answers_the_same(environment: dict[str, str]) -> None:
    paths = {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-c", "import test_sim_determinism as own; print(own.digest())"]
    run = subprocess.run(
        command, env={**os.environ, **environment, **paths}, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == digest()


def test_another_seed_is_another_league() -> None:
    one, other = Simulator(1, 2024), Simulator(2, 2024)
    names = [{person.name for person in simulator.league.teams[0].active} for simulator in (one, other)]
    assert len(names[0] & names[1]) < 5
    assert [game.home_wins for game in one.calendar.fixtures] != [game.home_wins for game in other.calendar.fixtures]


def test_draws_are_what_they_were() -> None:
    """Recorded once: a change here changes every league."""
    draw = Draw(1, "game", 7)
    assert [draw.whole(1, 1000) for _ in range(6)] == [614, 432, 464, 176, 118, 620]
    assert draw.uuid() == "943fd54f-f8d6-47d5-8838-3f0179f04662"


def test_ids_are_out_of_the_way_of_real_ones() -> None:
    simulator = Simulator(1, 2024)
    assert min(simulator.league.people) > 5_000_000
    assert min(simulator.league.teams_by_id) > 10_000
    assert min(simulator.calendar.by_pk) > 10_000_000


def test_games_can_be_numbered_otherwise() -> None:
    simulator = Simulator(1, 2024, first_game_pk=745_000)
    assert simulator.fixture(747_175) is not None
    assert simulator.fixture(20_240_001) is None
