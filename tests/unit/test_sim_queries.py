"""Parameters of requests to the simulator: what can't be a value is refused as the API refuses it."""

from datetime import date
from http import HTTPStatus

import msgspec
import pytest

from mlb_sim import Simulator, times
from mlb_sim.answers.queries import hydrations
from mlb_sim.play.log import Status
from mlb_sim.routes import answer

SIMULATOR = Simulator(1, 2024)
NOW = times.at(date(2024, 7, 1), 20, offset=-4)


@pytest.mark.parametrize("season", ["0", "-1", "99999", "9" * 30, "MMXXIV"])
def test_a_season_that_no_date_can_have_is_refused(season: str) -> None:
    refused = answer(SIMULATOR, f"/api/v1/schedule?sportId=1&season={season}", NOW)
    assert refused.status == HTTPStatus.BAD_REQUEST
    assert msgspec.json.decode(refused.body)["message"] == f"Invalid Request with value: {season}"


def test_a_season_without_games_has_none() -> None:
    found = answer(SIMULATOR, "/api/v1/schedule?sportId=1&season=9999", NOW)
    assert (found.status, msgspec.json.decode(found.body)["totalGames"]) == (HTTPStatus.OK, 0)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", set()),
        ("team,review", {"team", "review"}),
        ("game(content(media(epg),summary)),team", {
            "game", "game.content", "game.content.media", "game.content.media.epg", "game.content.summary", "team",
        }),
        ("draft,stats(type=[season,career]),education", {
            "draft", "stats", "stats.type", "stats.season", "stats.career", "education",
        }),
        ("a)),b((c", {"a", "b", "b.c"}),
    ],
)  # fmt: skip
def test_hydrations_in_parentheses_have_the_names_around_them(text: str, names: set[str]) -> None:
    assert hydrations({"hydrate": text}) == names


def test_which_games_are_over() -> None:
    assert {status for status in Status if status.is_over} == {Status.GAME_OVER, Status.FINAL}
