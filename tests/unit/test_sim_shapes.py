"""What the simulator answers has the shape of what the API answers: the same places and types, all that is mapped."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import unmeasured
from checked import check_samples
from checks import some

import mlb_etl
from mlb_contracts import Capture
from mlb_etl.extract.extract import extract
from mlb_sim import Simulator, samples
from mlb_sim.fixtures import Fixture
from mlb_sim.play.log import Log
from mlb_sim.routes import encode
from mlb_sim.times import DAY, MINUTE
from mlb_tables.game.live_game_v1.api import LiveGameV1
from mlb_tables.game.live_game_v1.method import METHOD
from mlbgen import lower
from mlbgen.project import generate
from mlbgen.samples import infer, sample, shape_file, stubs
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub

ROOT = Path(__file__).parents[2]
LIVE = "game.liveGameV1"
SEASONS = (2019, 2026)  # before the placed runner and the pitch timer; with those and challenges of balls and strikes

# Where the captured samples are too few to have shown what another place of the same document has.
SAME_AS = {
    "$.liveData.plays.currentPlay": "$.liveData.plays.allPlays[*]",
    "$.liveData.boxscore.topPerformers[*].player.stats": "$.liveData.boxscore.teams.home.players.*.stats",
}
# Not captured: games that were suspended, decisions, and venues with all that can be asked for.
NOT_CAPTURED = {
    "schedule.schedule": ("resumeDate", "resumeGameDate", "resumedFrom", "resumedFromDate", "decisions"),
    "venue.venues": ("fieldInfo", "timeZone"),
    "game.boxscore": ("note",),
    "game.getWinProbability": ("strikeZoneWidth", "strikeZoneDepth", "reviewDetails"),
    "draft.draftPicks": ("lastPlayedDate",),
    "person.person": (
        *("lastPlayedDate", "pronunciation", "nameTitle", "nameSuffix", "nameMatrilineal", "rosterEntries"),
        *("education", "bisPlayerId", "displayPickNumber", "rank", "pickValue", "signingBonus", "scoutingReport"),
        *("blurb", "city", "state", "country"),
    ),
}


def phases(simulator: Simulator, game: Fixture) -> Iterator[int]:
    """Moments of a game in all its states."""
    timeline = simulator.timeline(game)
    yield game.slots[0].start - DAY
    if game.fate == "postponed":
        yield game.announced + MINUTE
    yield from (timeline.first_pitch - gap for gap in (15 * MINUTE, MINUTE // 3))
    length = timeline.over - timeline.first_pitch
    yield from (timeline.first_pitch + length * part // 7 for part in (2, 4, 6))
    yield from (timeline.over + MINUTE, timeline.final + 3 * DAY)


def games(simulator: Simulator) -> list[Fixture]:
    """Postponed, suspended, in a doubleheader, with an injury, with a walk-off."""
    fixtures = simulator.calendar.fixtures
    special = [next(game for game in fixtures if game.fate == fate) for fate in ("postponed", "suspended")]
    special.append(next(game for game in fixtures if game.played.doubleheader == "Y" and game.played.number > 1))
    special.append(
        next(game for game in fixtures if any(getattr(each, "injury", None) for each in log(simulator, game)))
    )
    return [*special, next(game for game in fixtures[1200:] if game.home_wins and walked_off(simulator, game))]


def log(simulator: Simulator, game: Fixture) -> Log:
    return simulator.timeline(game).original


def walked_off(simulator: Simulator, game: Fixture) -> bool:
    return "note" in simulator.feed(game, simulator.outline(game).final)["liveData"]["linescore"]


def all_feeds(season: int) -> list[dict[str, Any]]:
    simulator = Simulator(9, season)
    return [json.loads(encode(simulator.feed(game, at))) for game in games(simulator) for at in phases(simulator, game)]


@pytest.fixture(scope="module")
def by_season() -> dict[int, list[dict[str, Any]]]:
    return {season: all_feeds(season) for season in SEASONS}


@pytest.fixture
def feeds(by_season: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [feed for feeds in by_season.values() for feed in feeds]


def differences(found: Shape, known: Shape, path: str = "$") -> Iterator[str]:
    """Places of the one shape that the other does not have, or has with other types."""
    allowed = (
        known.types
        | ({"integer"} if "number" in known.types else set())
        | ({"object"} if "map" in known.types else set())
    )
    if not found.types <= allowed:
        yield f"{path}: {sorted(found.types)}, not {sorted(known.types)}"
    for name, member in found.members.items():
        if name in known.members:
            yield from differences(member, known.members[name], f"{path}.{name}")
        else:
            yield f"{path}.{name}"
    if found.items is not None and known.items is not None:
        yield from differences(found.items, known.items, f"{path}[*]")


def at_path(shape: Shape, path: str) -> Shape:
    for step in some(path.replace("[*]", ".*").split(".")[1:]):
        inner = shape.items if step == "*" else shape.members[step]
        assert inner is not None
        shape = inner
    return shape


def test_feeds_have_no_place_that_the_api_does_not_have(feeds: list[dict[str, Any]]) -> None:
    known = shape_file.load_shape(ROOT / infer.path(LIVE))
    found = infer.infer(Stub("", LIVE, feed) for feed in feeds)[LIVE]
    unknown = [place for place in differences(found, known) if not place.startswith(tuple(SAME_AS))]
    for place, model in SAME_AS.items():
        unknown += differences(at_path(found, place), at_path(known, model), place)
    assert unknown == []


def test_feeds_fit_the_generated_models(feeds: list[dict[str, Any]]) -> None:
    for feed in some(feeds[::3]):
        model = LiveGameV1.model_validate(feed)
        assert model.game_pk == feed["gamePk"]


def test_feeds_become_rows(feeds: list[dict[str, Any]]) -> None:
    for feed in some(feeds):
        capture = Capture(datetime(2026, 1, 1, tzinfo=UTC), {"game_pk": str(feed["gamePk"])})
        extracted = extract(METHOD, capture, encode(feed))
        counts = {table.name: len(rows) for table, rows in zip(METHOD.tables, extracted.rows, strict=True)}
        plays = feed["liveData"]["plays"]["allPlays"]
        assert counts["live_game_plays"] == len(plays)
        assert counts["live_game_runners"] == sum(len(play["runners"]) for play in plays)
        assert counts["live_game_players"] == 52
    assert mlb_etl.pipeline(LIVE)


def test_every_mapped_column_is_filled(by_season: dict[int, list[dict[str, Any]]]) -> None:
    """`mlbgen check` would find no column that is empty in every sample, and nothing that doesn't fit."""
    methods = (given.method for given in generate.read(ROOT, generate.mappings(ROOT)))
    method = next(each for each in methods if f"{each.endpoint}.{each.method}" == LIVE)
    some = [Stub("", LIVE, feed, {"game_pk": str(feed["gamePk"])}) for feeds in by_season.values() for feed in feeds]
    own = stubs.find_stubs(ROOT / "schemas/samples/game")  # pitching notes, and a further review of a pitch
    some += (each for each in own if each.name == LIVE)
    with unmeasured.untraced():  # so many feeds would take four times as long
        assert check_samples(method, some) == sample.SampleReport(LIVE, len(some), {}, ())


def test_other_answers_fit_the_captured_ones(stubs_dir: Path, tmp_path: Path) -> None:
    simulator = Simulator(9, 2026)
    suspended = next(game for game in simulator.calendar.fixtures if game.fate == "suspended")
    for slot in suspended.slots:
        samples.write(simulator, tmp_path / str(slot.day), slot.day, 1)
    methods = {"schedule.schedule", "person.person", "team.teams", "team.roster", "team.coaches", "venue.venues"}
    methods |= {"season.seasons", "season.allSeasons", "game.boxscore", "game.linescore"}
    methods |= {"league.leagues", "division.divisions", "sports.sports"}
    methods |= {"config.gameStatus", "config.gameTypes", "config.rosterTypes", "config.sitCodes"}
    methods |= {"transactions.transactions", "standings.standings", "draft.draftPicks"}
    methods |= {"game.getWinProbability", "game.getGameContextMetrics"}
    known = infer.infer(stub for stub in stubs.find_stubs(stubs_dir) if stub.name in methods)
    found = infer.infer(stub for stub in stubs.find_stubs(tmp_path) if stub.name in methods)
    assert found.keys() == known.keys() == methods
    unknown = {
        name: [
            place for place in differences(shape, known[name]) if place.split(".")[-1] not in NOT_CAPTURED.get(name, ())
        ]
        for name, shape in found.items()
    }
    assert {name: places for name, places in unknown.items() if places} == {}


# Nobody counts these, or is traded.
UNFILLED = {
    "stats_hitting": {
        "num_teams", "num_leagues", "position_code", "age", "fly_outs", "number_of_pitches", "stolen_base_percentage",
        "caught_stealing_percentage",
    },
    "stats_pitching": {
        "num_teams", "num_leagues", "age", "total_bases", "grounded_into_double_play", "fly_outs", "avg", "slg", "ops",
    },
    "stats_fielding": {
        "num_teams", "num_leagues", "innings_outs", "throwing_errors", "double_plays", "triple_plays",
        "range_factor_per_game", "range_factor_per_9_innings",
    },
}  # fmt: skip


def test_written_stubs_fill_every_column_of_the_other_methods(tmp_path: Path) -> None:
    """But for the schedule, which depends on what happens to games, and counts of players that nobody keeps."""
    samples.write(Simulator(9, 2026), tmp_path, date(2026, 4, 2), 1)
    written = [stub for stub in stubs.find_stubs(tmp_path) if stub.name != LIVE]
    inputs = [each for each in generate.read(ROOT, generate.mappings(ROOT)) if each.method.name != LIVE]
    parts = [part for each in inputs for part in lower.split_by_hydration(each.method)]
    found = {part.name: check_samples(part, written) for part in parts if part.name != "schedule.schedule"}
    assert len(found) > 10
    told = [each.message for report in found.values() for each in report.diagnostics]
    unfilled = [
        f'column "{name}" of person.{table} is NULL in every sample' for table, its in UNFILLED.items() for name in its
    ]
    assert sorted(told) == sorted(unfilled)


def test_written_stubs_are_in_the_folders_of_captured_ones(tmp_path: Path) -> None:
    files = samples.write(Simulator(9, 2024), tmp_path, date(2024, 4, 2), 2)
    assert all(file.is_relative_to(tmp_path) for file in files)
    assert {str(file.parent.relative_to(tmp_path)) for file in files} >= {
        "game/liveGameV1", "game/liveTimestampDiffPatch", "schedule/schedule", "person/person", "team/teams",
    }  # fmt: skip
    names = {stub.name for stub in stubs.find_stubs(tmp_path)}
    assert LIVE in names
