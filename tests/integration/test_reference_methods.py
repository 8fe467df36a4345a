"""Code tables, transactions, standings, drafts and probabilities: real samples, and the shipped jobs."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from commands import ingest, load, run, sample_files, stub, table, transform
from samples import write

from mlb_sim import Server, Simulator, serve, times

METHODS = {
    "config.gameStatus": {"config.game_status": 201},
    "config.gameTypes": {"config.game_type": 12},
    "config.rosterTypes": {"config.roster_type": 9},
    "config.sitCodes": {"config.situation_code": 602},
    "transactions.transactions": {"transactions.transaction": 287},
    "standings.standings": {
        "standings.standing": 126,
        "standings.split_record": 1746,
        "standings.division_record": 378,
        "standings.league_record": 252,
        "standings.expected_record": 192,
    },
    "draft.draftPicks": {"draft.pick": 164},
    "game.getWinProbability": {
        "game.win_probability": 75,
        "game.win_probability_event": 3,
        "game.win_probability_credit": 272,
        "game.win_probability_flag": 8,
    },
    "game.getGameContextMetrics": {"game.context_metrics": 2},
}
"""The tables of each method, and how many rows the captured samples make at least; none has to be refused."""
JOBS = {
    "game_status": ("config.game_status", "status_code=PW", ()),
    "game_types": ("config.game_type", "game_type=R", ()),
    "roster_types": ("config.roster_type", "roster_type=active", ()),
    "situation_codes": ("config.situation_code", "situation_code=vl", ()),
    "transactions": (
        "transactions.transaction",
        "transaction_id=1",
        ("start_date=2024-04-01", "end_date=2024-04-07"),
    ),
    "standings": (
        "standings.standing",
        "standings_date=2024-04-20",
        ("season=2024", "date=2024-04-20", "league_id=60103,60104"),
    ),
    "draft_picks": ("draft.pick", "year=2020", ("year=2020",)),
}
"""The table of each job, a parameter of its transform, and the job's own."""


@pytest.fixture(scope="module")
def league() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        yield server


@pytest.fixture(autouse=True)
def environment(league: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", league.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)


@pytest.mark.parametrize("method", METHODS)
def test_all_real_samples_load_and_loading_them_again_changes_nothing(
    method: str, stubs_dir: Path, database: str
) -> None:
    files = sample_files(stubs_dir, method)
    assert load(*files).exit_code == 0
    assert transform(method)["quarantined"] == []
    rows = {name: table(database, name) for name in METHODS[method]}
    assert all(len(rows[name]) >= number for name, number in METHODS[method].items()), method
    assert load(*files).exit_code == 0
    assert transform(method)["documents"]["applied"] == 0
    assert {name: table(database, name) for name in METHODS[method]} == rows


def test_standings_without_a_date_are_of_the_day_of_capture(stubs_dir: Path, database: str) -> None:
    assert load(*sample_files(stubs_dir, "standings.standings")).exit_code == 0
    transform("standings.standings")
    days = {(row["season"], row["standings_date"]) for row in table(database, "standings.standing")}
    assert days >= {(2018, "2022-12-07"), (2019, "2019-03-10"), (2021, "2021-06-10"), (2026, "2026-02-27")}


@pytest.mark.parametrize("job", JOBS)
def test_the_job_captures_and_its_transform_finds_the_captures(job: str, league: Server, database: str) -> None:
    name, key, params = JOBS[job]
    simulator = league.simulator
    simulator.clock.set(times.at(date(2024, 4, 21), 12))
    done = ingest(job, *params)
    rows = table(database, name)
    assert len(rows) > 4
    assert done["transform"]["documents"]["applied"] > 0
    assert ingest(job, *params)["transform"]["documents"]["applied"] == 0
    done = run("transform", "--job", f"{job}_transform", "--param", key, "--format", "json")
    assert done.exit_code == 0, done.output
    assert table(database, name) == rows


@pytest.mark.parametrize(
    ("job", "names"), [("win_probability", ("win_probability", "win_probability_credit")), ("context_metrics", ())]
)
def test_a_game_that_has_not_begun_is_no_failure(
    job: str, names: tuple[str, ...], league: Server, database: str, tmp_path: Path
) -> None:
    """The API answers with 404 until then. A missing recording is something else."""
    simulator = league.simulator
    game = next(each for each in simulator.calendar.fixtures if each.fate == "played")
    simulator.clock.set(game.played.start - times.DAY)
    before = run("ingest", "--job", job, "--game-pk", game.pk, "--quiet", "--format", "json")
    assert before.exit_code == 0, before.output
    recorded = ("--replay", str(tmp_path), "--quiet", "--format", "json")
    assert run("ingest", "--job", job, "--game-pk", game.pk, *recorded).exit_code == 1
    assert [failed["target"] for failed in table(database, "etl.failure")] != []
    simulator.clock.set(game.played.start + times.DAY)
    done = ingest(job, f"game_pks={game.pk}")
    assert done["transform"]["documents"]["applied"] == 1
    assert table(database, "etl.failure") == []
    assert all(table(database, f"game.{name}") for name in (job, *names))
    assert ingest(job, f"game_pks={game.pk}")["transform"]["documents"]["applied"] == 0


@pytest.mark.parametrize("method", METHODS)
def test_a_sample_made_with_fields_is_refused(method: str, stubs_dir: Path, tmp_path: Path) -> None:
    part = stub(sample_files(stubs_dir, method)[0])
    part["query_params"]["fields"] = "id"
    refused = load(write(tmp_path / "fields.json", part))
    assert (refused.exit_code, "with query parameters other than" in refused.stdout) == (1, True), refused.stdout


@pytest.mark.parametrize("method", METHODS)
def test_an_answer_without_the_list_is_refused(method: str, stubs_dir: Path, tmp_path: Path) -> None:
    other = stub(sample_files(stubs_dir, method)[0]) | {"response": {"people": []}}
    refused = load(write(tmp_path / "other.json", other))
    assert (refused.exit_code, "must " in refused.stdout) == (1, True), refused.stdout


def test_wild_card_standings_have_a_record_for_each_league(league: Server, database: str) -> None:
    """The record has no division, and so 0 for it; other types of the same day stay."""
    league.simulator.clock.set(times.at(date(2024, 4, 21), 12))
    asked = ("season=2024", "date=2024-04-20", "league_id=60103,60104")
    ingest("standings", *asked)
    assert ingest("standings", *asked, "standings_type=wildCard")["transform"]["documents"]["applied"] == 2
    rows = table(database, "standings.standing")
    races = [row for row in rows if row["standings_type"] == "wildCard"]
    assert (len(rows), len(races)) == (54, 24)
    assert {(row["division_id"], row["is_division_leader"]) for row in races} == {(0, False)}
    assert {row["wild_card_rank"] for row in races if row["league_id"] == 60103} == {*range(1, 13)}


def test_a_code_that_vanishes_stays(database: str, stubs_dir: Path, tmp_path: Path) -> None:
    (file,) = sample_files(stubs_dir, "config.gameTypes")
    assert load(file).exit_code == 0
    whole = stub(file)
    fewer = whole | {"response": whole["response"][1:], "captured_at": "2026-04-01T00:00:00Z"}
    assert load(write(tmp_path / "fewer.json", fewer)).exit_code == 0
    transform("config.gameTypes")
    assert {row["game_type"] for row in table(database, "config.game_type")} == {
        each["id"] for each in whole["response"]
    }
