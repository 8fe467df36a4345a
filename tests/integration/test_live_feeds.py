"""Live feeds against their tables: counts and sums computed from the JSON, not by the extractors.

They are those that were captured, the documents that captured patches make of some, and simulated ones.
"""

import gzip
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from checks import some
from feed_counts import ROWS_OF_747175, Facts, events, expected_rows
from feeds import names
from psycopg import sql
from samples import stores

import mlb_etl
from mlb_contracts.response import Response
from mlb_etl.baseball import feed
from mlb_etl.baseball.live import patch
from mlb_etl.capture import loader, stub_files
from mlb_sim import Simulator
from mlb_sim import samples as simulation


def feeds(stubs: Path) -> list[Path]:
    return sorted((stubs / "game" / "liveGameV1").glob("*.json.gz"))


def read(path: Path) -> Facts:
    response: Facts = json.loads(gzip.decompress(path.read_bytes()))["response"]
    return response


def expected_sums(feed: Facts) -> dict[str, Any]:
    speeds = [
        Decimal(str(e["pitchData"]["startSpeed"])) for e in events(feed) if "startSpeed" in e.get("pitchData", {})
    ]
    plays = feed["liveData"]["plays"]["allPlays"]
    return {
        "start_speed": sum(speeds) if speeds else None,
        "rbi": sum(play["result"].get("rbi", 0) for play in plays) if plays else None,
    }


SUMS = {
    "start_speed": "SELECT sum(start_speed::numeric) FROM game.live_game_pitch_events",
    "rbi": "SELECT sum(rbi) FROM game.live_game_plays",
}


def load(database: str, *paths: Path) -> None:
    """Captured responses into the raw table and on into the tables."""
    with psycopg.connect(database) as connection:
        report = loader.load_files(stores(connection), paths, package="mlb_tables")
    assert not report.refused
    counts = mlb_etl.pipeline("game.liveGameV1", dsn=database)()
    assert counts.documents.quarantined == 0


def scalar(database: str, query: str | sql.Composed) -> Any:
    with psycopg.connect(database) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def rows(database: str) -> dict[str, int]:
    count = "SELECT count(*) FROM game.{}"
    return {
        name: scalar(database, sql.SQL(count).format(sql.Identifier(f"live_game_{name}"))) for name in ROWS_OF_747175
    }


@pytest.fixture(scope="module")
def captured(stubs_dir: Path) -> list[Path]:
    return feeds(stubs_dir)


@pytest.fixture(scope="module")
def patched(stubs_dir: Path, captured: list[Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Stubs of the documents that captured patches lead to from feeds of their times, where those were captured too."""
    bases = {(each.path_params["game_pk"], timecode(each)): each for each in map(response, captured)}
    folder, made = tmp_path_factory.mktemp("patched"), []
    for file in stub_files.find_stubs(stubs_dir / "game" / "liveTimestampDiffPatch"):
        patches = response(file)
        base = bases.get((patches.path_params["game_pk"], patches.query_params["startTimecode"]))
        if base is None:
            continue
        after = replace(
            base, captured_at=patches.captured_at, data=patch.apply_patches(base.data, json.loads(patches.data))
        )
        assert timecode(after) > timecode(base)
        made.append(folder / file.name)
        made[-1].write_bytes(gzip.compress(stub_files.format_stub(after)))
    assert len(made) >= 3
    return made


def response(file: Path) -> Response:
    found = stub_files.parse_stub(stub_files.read_file(file))
    assert found is not None
    return found


def timecode(of: Response) -> str:
    told = feed.decode_feed(of.data)
    assert told is not None
    assert told.timecode is not None
    return told.timecode


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The first game of a day in all its states, and the second."""
    folder = tmp_path_factory.mktemp("simulated")
    simulation.write(Simulator(9, 2024), folder, date(2024, 6, 5), 2)
    return feeds(folder)


NO_BASE = "the feed that it starts from was not captured"
FEEDS = [
    *(("captured", name) for name in names("game/liveGameV1")),
    *(("patched", name) for name in names("game/liveTimestampDiffPatch")),
    *(("simulated", number) for number in range(7)),
]


@pytest.fixture(params=FEEDS, ids=lambda param: f"{param[0]}-{param[1]}")
def feed_path(request: pytest.FixtureRequest) -> Path:
    kind, wanted = request.param
    paths: list[Path] = request.getfixturevalue(kind)
    if kind == "simulated":
        assert len(paths) == 7
        return paths[wanted]
    found = next((path for path in paths if path.name == wanted), None)
    if found is None:
        assert kind == "patched"
        pytest.skip(NO_BASE)
    return found


@pytest.mark.may_skip(NO_BASE)
def test_tables_hold_what_the_feed_says(database: str, feed_path: Path) -> None:
    feed = read(feed_path)
    load(database, feed_path)
    assert rows(database) == expected_rows(feed)
    assert {name: scalar(database, query) for name, query in SUMS.items()} == expected_sums(feed)


def test_747175(database: str, stubs_dir: Path) -> None:
    load(database, *(path for path in feeds(stubs_dir) if "747175_20240713" in path.name))
    assert rows(database) == ROWS_OF_747175


RUNS_AGREE = """
    SELECT game.away_score IS NOT DISTINCT FROM line.away AND game.home_score IS NOT DISTINCT FROM line.home
    FROM game.live_game_metadata AS game
    CROSS JOIN (
        SELECT sum(away_runs_scored) AS away, sum(home_runs_scored) AS home FROM game.live_game_linescore
    ) AS line
"""
PITCHES_OF_TEAMS = """
    SELECT
        (SELECT count(*) FROM game.live_game_pitch_events JOIN game.live_game_plays USING (game_pk, at_bat_index)
         WHERE live_game_plays.half_inning = {half}) - coalesce((SELECT sum(number_of_pitches) FROM game.{pitchers}), 0)
"""


@pytest.mark.may_skip(NO_BASE)
def test_the_tables_agree_where_the_feed_repeats_itself(database: str, feed_path: Path) -> None:
    feed = read(feed_path)
    load(database, feed_path)
    played = bool(feed["liveData"]["linescore"]["innings"]) and "runs" in feed["liveData"]["linescore"]["teams"]["home"]
    if played and feed["liveData"]["plays"]["allPlays"][0]["about"]["isComplete"]:
        assert scalar(database, RUNS_AGREE) is True
    off_by = {"566208": {"top": 0, "bottom": 4}}.get(feed_path.name[:6], {"top": 0, "bottom": 0})
    for side, half in (("home", "top"), ("away", "bottom")):
        pitchers = sql.Identifier(f"live_game_{side}_pitchers")
        difference = sql.SQL(PITCHES_OF_TEAMS).format(half=sql.Literal(half), pitchers=pitchers)
        assert scalar(database, difference) == off_by[half]
    boxscores = feed["liveData"]["boxscore"]["teams"].values()
    batted_in = sum(
        player.get("stats", {}).get("batting", {}).get("rbi", 0)
        for team in boxscores
        for player in team["players"].values()
    )
    assert scalar(database, "SELECT coalesce(sum(rbi), 0) FROM game.live_game_plays") == batted_in


@pytest.mark.parametrize(
    ("game", "status", "unknown"),
    [
        ("566988", "F", ["home_score", "away_hits", "current_inning", "outs", "attendance", "weather_temp"]),
        ("746552", "S", ["home_score", "away_hits", "current_inning", "outs", "attendance", "game_duration_minutes"]),
        ("824370", "P", ["attendance", "game_duration_minutes", "winning_pitcher_id"]),
    ],
    ids=["empty Final", "scheduled", "warm-up"],
)
def test_what_a_feed_does_not_say_stays_null(
    database: str, stubs_dir: Path, game: str, status: str, unknown: list[str]
) -> None:
    load(database, *(path for path in feeds(stubs_dir) if path.name.startswith(game)))
    assert scalar(database, "SELECT coded_game_state FROM game.live_game_metadata") == status
    for column in some(unknown):
        query = sql.SQL("SELECT {} FROM game.live_game_metadata").format(sql.Identifier(column))
        assert scalar(database, query) is None, column
