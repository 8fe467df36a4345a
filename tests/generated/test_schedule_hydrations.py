"""What hydrations add to real schedules, beside a reading of these by hand; and what the columns' comments claim."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from checks import some
from schedules import PACKAGE, captured

from mlb_contracts import Capture
from mlb_contracts.response import Response
from mlb_etl import registry
from mlb_etl.extract.answer import Answer

HYDRATIONS = {
    "probablePitcher": "probable_pitchers", "broadcasts": "broadcasts", "seriesStatus": "series_status",
    "flags": "game_flags", "review": "challenges", "game.content.media": "feeds",
    "game.content.summary": "game_articles",
}  # fmt: skip
Row = dict[str, Any]


def hydrated(stubs: Path) -> list[Response]:
    """The captured days with hydrations, each as if asked for one sport, and with the media of its games.

    One was asked for two sports at once, and is refused as it stands; the index says that hydrations are guessed.
    """
    found = [each for each in captured(stubs) if {"date", "hydrate"} <= each.query_params.keys()]
    nested = "game(content(media(epg),summary))"
    return [
        replace(
            each,
            query_params={**each.query_params, "sportId": "1", "hydrate": f"{each.query_params['hydrate']},{nested}"},
        )
        for each in found
    ]


def rows(response: Response, hydration: str, table: str) -> list[Row]:
    method = registry.method(PACKAGE, f"schedule.schedule:{hydration}")
    answer = Answer(method, Capture(response.captured_at, response.parameters), response.data)
    place, of = next((place, each) for place, each in enumerate(method.tables) if each.name == table)
    names = [column.name for column in of.columns]
    made = [row for each in answer.documents() for row in answer.extract(each.keys, each.places).rows[place]]
    return [dict(zip(names, row, strict=True)) for row in made]


def games(response: Response) -> list[Row]:
    return [game for day in json.loads(response.data)["dates"] for game in day["games"]]


@pytest.fixture
def responses(stubs_dir: Path) -> list[Response]:
    found = hydrated(stubs_dir)
    assert len(found) == 2
    return found


def test_every_hydration_of_the_samples_has_rows(responses: list[Response]) -> None:
    for hydration, table in HYDRATIONS.items():
        assert sum(len(rows(each, hydration, table)) for each in responses), hydration


def test_probable_pitchers(responses: list[Response]) -> None:
    found = []
    for response in responses:
        expected = [
            (game["gamePk"], side, game["teams"][side]["team"]["id"], pitcher["id"], pitcher["fullName"])
            for game in games(response)
            for side in ("away", "home")
            if (pitcher := game["teams"][side].get("probablePitcher"))
        ]
        names = ("game_pk", "side", "team_id", "pitcher_id", "pitcher_name")
        made = [tuple(row[name] for name in names) for row in rows(response, "probablePitcher", "probable_pitchers")]
        assert sorted(made) == sorted(expected)
        found += made
    assert len(found) == 17


def test_broadcasts(responses: list[Response]) -> None:
    made = [row for each in responses for row in rows(each, "broadcasts", "broadcasts")]
    assert len(made) == sum(len(game.get("broadcasts", [])) for each in responses for game in games(each)) == 49
    assert {row["medium"] for row in made} == {"TV", "AM", "FM"}
    assert {row["side"] for row in made} == {"away", "home"}
    assert {row["language"] for row in made} == {"en", "es"}
    assert {row["is_national"] for row in made} == {True, None}


def test_series_status(responses: list[Response]) -> None:
    made = [row for each in responses for row in rows(each, "seriesStatus", "series_status")]
    assert len(made) == 18
    for row in some(made):
        assert row["is_tied"] == (row["wins"] == row["losses"])
        assert row["wins"] >= row["losses"]
        assert (row["result"] is not None) == row["is_over"]
        assert row["is_tied"] or None not in {row["winning_team_id"], row["losing_team_id"]}
        assert 1 <= row["game_number"] <= row["total_games"]


def test_flags_and_challenges(responses: list[Response]) -> None:
    flags = [row for each in responses for row in rows(each, "flags", "game_flags")]
    assert len(flags) == 18
    for row in some(flags):
        assert row["is_no_hitter"] or not row["is_perfect_game"]
    challenges = [row for each in responses for row in rows(each, "review", "challenges")]
    assert len(challenges) == 36
    assert {row["side"] for row in challenges} == {"away", "home"}
    assert all(row["has_challenges"] and row["used"] >= 0 and row["remaining"] >= 0 for row in some(challenges))


def test_media(responses: list[Response]) -> None:
    [response] = [each for each in responses if rows(each, "game.content.media", "feeds")]
    made = rows(response, "game.content.media", "feeds")
    offers = [offer for game in games(response) for offer in game["content"]["media"]["epg"]]
    assert len(made) == sum(len(offer["items"]) for offer in offers) == 98
    teams = {game["gamePk"]: game["teams"] for game in games(response)}
    for row in some(made):
        assert row["title"] in {"MLBTV", "MLBTV-Audio", "Audio"}
        side, other = row["side"], row["audio_side"]
        assert (side is None) == (row["title"] == "Audio") == (other is not None)
        belongs = (side or other).lower()
        assert row["team_id"] in {None, teams[row["game_pk"]][belongs]["team"]["id"]}
        assert (row["description"] is None) or row["title"] == "MLBTV-Audio"
        assert row["language"] in {None, "EN", "en", "ES", "es"}
    assert len(rows(response, "game.content.media", "game_media")) == len(teams)
    assert len(rows(response, "game.content.summary", "game_articles")) == len(teams)
