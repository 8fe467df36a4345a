"""Days of the simulated league by `mlb-etl ingest --job config/jobs/schedule_daily.yaml`, over real HTTP."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from api import serve as serve_answers
from bodies import whole
from click.testing import CliRunner, Result
from psycopg.rows import dict_row
from samples import connect, write
from schedules import METHOD, PACKAGE, Row, games

import mlb_etl
from mlb_etl.cli import cli
from mlb_etl.stores.postgres import retention
from mlb_etl.stores.postgres.shown import Documents
from mlb_sim import Server, Simulator, routes, serve
from mlb_sim.fixtures import Fixture
from mlb_sim.times import DAY, HOUR, Moment

JOBS = Path(__file__).parents[2] / "config" / "jobs"
DAILY, TRANSFORM = JOBS / "schedule_daily.yaml", JOBS / "schedule_transform.yaml"
GAMES = "SELECT * FROM schedule.schedule_games WHERE schedule_date = %s"
FULL, OTHER = date(2024, 3, 27), date(2024, 3, 28)  # with 15 games, and another
TOTALS = "SELECT schedule_date, total_games, total_games_in_progress FROM schedule.schedule_dates ORDER BY 1"


@pytest.fixture(scope="module")
def league() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        server.simulator.clock.speed = 0
        yield server


@pytest.fixture(autouse=True)
def environment(league: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", league.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def ingest(*days: date, job: Path = DAILY) -> Any:
    asked = [option for day in days for option in ("--date", day)]
    result = run("ingest", "--job", job, *asked, "--quiet", "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def written(outcome: Mapping[str, Any]) -> tuple[int, ...]:
    """What became of the games: inserted, updated, unchanged, deleted."""
    counts = outcome["tables"]["schedule.schedule_games"]
    return tuple(counts[name] for name in ("inserted", "updated", "unchanged", "deleted"))


def shown(dsn: str, day: date, *without: str) -> dict[int, Row]:
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        rows = connection.execute(GAMES, [day]).fetchall()
    left_out = {"ingested_at", *(without or ("captured_at",))}
    return {row["game_pk"]: {name: row[name] for name in row if name not in left_out} for row in rows}


def answer(simulator: Simulator, day: date, at: Moment) -> Any:
    document = routes.document(simulator, f"/api/v1/schedule?sportId=1&date={day}", at)
    return json.loads(routes.encode(document))


def stub(day: date, of: object, hour: int, **query: str) -> dict[str, Any]:
    asked = {"sportId": "1", "date": str(day), **query}
    captured_at = datetime(2024, 7, 1, hour, tzinfo=UTC).isoformat()
    about = {"endpoint": "schedule", "method": "schedule", "path_params": {}, "query_params": asked}
    return {**about, "captured_at": captured_at, "response": of}


def load(folder: Path, *stubs: dict[str, Any]) -> Result:
    files = [write(folder / f"{number}.json", each) for number, each in enumerate(stubs)]
    return run("test", "load-stub", *(option for file in files for option in ("--file", file)))


def transform(*arguments: object) -> Any:
    result = run("transform", "--job", TRANSFORM, "--workers", "1", "--format", "json", *arguments)
    return json.loads(result.stdout)


def fixture(simulator: Simulator, fate: str) -> Fixture:
    return next(each for each in simulator.calendar.fixtures if each.fate == fate)


def test_a_day_as_it_goes_on(league: Server, database: str) -> None:
    """Asked for before, during and after its games: the tables show each answer, and only rows that changed move."""
    simulator, day = league.simulator, FULL
    first = min(slot.start for _, slot in simulator.calendar.by_day[day])
    before: dict[int, Row] = {}
    states = []
    for at in (first - 6 * HOUR, first + HOUR, first + 4 * HOUR, first + DAY):
        simulator.clock.set(at)
        outcome = ingest(day)
        rows = shown(database, day)
        assert rows == games(answer(simulator, day, at), day)
        changed = sum(rows[game_pk] != row for game_pk, row in before.items())
        assert written(outcome["transform"]) == (0 if before else len(rows), changed, len(before) - changed, 0)
        states.append({row["coded_game_state"] for row in rows.values()})
        before = rows
    assert states[0] == {"S"}
    assert states[1] >= {"S", "I"}
    assert states[3] == {"F"}

    again = ingest(day)
    assert (again["stored"], again["unchanged"], again["transform"]["documents"]["same"]) == (0, 1, 1)


def test_games_that_move(league: Server, database: str) -> None:
    """A game that is postponed stays listed on its day, and comes to another; a suspended one is on both days too."""
    simulator = league.simulator
    for fate, new in (("postponed", "rescheduled_from_date"), ("suspended", "resumed_from_date")):
        game = fixture(simulator, fate)
        here, there = (slot.day for slot in game.slots)
        simulator.clock.set(game.slots[0].start - DAY)
        ingest(here, there)
        assert shown(database, here)[game.pk]["coded_game_state"] == "S"
        listed = shown(database, there)
        assert game.pk not in listed

        simulator.clock.set(game.slots[1].start - 3 * HOUR)
        outcome = ingest(here, there)
        assert written(outcome["transform"])[::3] == (1, 0), "one row more, none less"
        left, came = shown(database, here)[game.pk], shown(database, there)[game.pk]
        assert left["coded_game_state"] == {"postponed": "D", "suspended": "T"}[fate]
        assert left[{"postponed": "reschedule_date", "suspended": "resume_date"}[fate]] == there
        assert came[new] == here
        assert left["official_date"] == came["official_date"] == (there if fate == "postponed" else here)
        assert shown(database, there).keys() == listed.keys() | {game.pk}


def test_days_without_games_are_rows(database: str) -> None:
    off = date(2024, 1, 15)
    ingest(FULL, off)
    with connect(database) as connection:
        assert connection.execute(TOTALS).fetchall()[0] == (off, 0, 0)
    assert shown(database, off) == {}


def test_the_write_laws(league: Server, database: str, tmp_path: Path) -> None:
    """An older answer changes nothing, an empty one after a full one waits for a decision, in any order of loading."""
    simulator, day = league.simulator, FULL
    start = simulator.calendar.by_day[day][0][1].start
    morning, evening = (answer(simulator, day, at) for at in (start - 8 * HOUR, start + DAY))
    assert load(tmp_path, stub(day, evening, 20)).exit_code == 0
    transform()
    rows = shown(database, day, "none")

    assert load(tmp_path, stub(day, morning, 10)).exit_code == 0
    assert transform()["documents"]["stale"] == 1
    assert shown(database, day, "none") == rows

    empty = morning | {"dates": [], "totalGames": 0, "totalItems": 0}
    assert load(tmp_path, stub(day, empty, 21)).exit_code == 0
    (waits,) = transform()["quarantined"]
    assert waits["reason"].startswith("it would empty a table that had rows")
    assert (waits["table"], waits["value"]) == ("schedule.schedule_games", "15 of 15 rows deleted")
    assert shown(database, day, "none") == rows

    (entry,) = json.loads(run("quarantine", "list", "--format", "json").stdout)
    assert entry["document"] == {"schedule_date": str(day), "sport_id": 1}
    assert run("quarantine", "accept", entry["id"]).exit_code == 0
    assert shown(database, day) == {}
    with connect(database) as connection:
        assert connection.execute(TOTALS).fetchall() == [(day, 0, 0)]


def test_a_game_that_is_not_needed_vanishes(league: Server, tmp_path: Path) -> None:
    """Of a day with one, of which nobody has to decide."""
    day = FULL
    full = answer(league.simulator, day, league.simulator.calendar.by_day[day][0][1].start)
    full["dates"][0]["games"] = full["dates"][0]["games"][:1]
    empty = full | {"dates": [], "totalGames": 0}
    assert load(tmp_path, stub(day, full, 10), stub(day, empty, 12)).exit_code == 0
    done = transform("--param", f"schedule_date={day}", "--param", "sport_id=1")
    assert (done["documents"]["applied"], written(done)) == (2, (1, 0, 0, 1))


def test_what_is_not_a_day_is_refused(league: Server, tmp_path: Path) -> None:
    day = FULL
    of = answer(league.simulator, day, league.simulator.calendar.by_day[day][0][1].start)
    season = stub(day, of, 10) | {"query_params": {"sportId": "1", "season": "2024"}}
    other = stub(OTHER, of, 10)
    for wrong, path, reason in (
        (season, "parameter season", "with query parameters other than sportId, date, startDate, endDate, hydrate"),
        (
            season | {"query_params": {"sportId": "1"}},
            "parameter date",
            "only a request with date or startDate and endDate",
        ),
        (stub(day, of, 10, teamId="147"), "parameter teamId", "with query parameters other than sportId, date"),
        (other, "$.dates[0]", "this document was not asked for"),
        (of, "parameter sportId", "only a request with this parameter"),
    ):
        refused = run("test", "load-stub", "--method", "schedule.schedule", "--file", write(tmp_path / "1.json", wrong))
        assert refused.exit_code == 1
        assert f"path    {path}\n" in refused.stdout
        assert f"reason  {reason}" in refused.stdout


def test_an_answer_to_another_question_is_asked_for_once_more(
    league: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    day, at = FULL, league.simulator.clock.now
    right, wrong = answer(league.simulator, day, at), answer(league.simulator, OTHER, at)
    with serve_answers() as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        target = f"/api/v1/schedule?sportId=1&date={day}"
        api.says(target, wrong, right)
        assert ingest(day)["stored"] == 1
        assert api.targets() == [target, target]
    assert shown(database, day) == games(right, day)


def test_an_answer_that_the_mapping_does_not_fit_is_kept(
    league: Server, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under what was asked for, and waits; one of another day is not taken for it all the same."""
    other, odd = (answer(league.simulator, day, league.simulator.clock.now) for day in (OTHER, FULL))
    for each in (other, odd):
        each["dates"][0]["games"][3]["gamePk"] = "first"
    target = f"/api/v1/schedule?sportId=1&date={FULL}"
    with serve_answers() as api:
        monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
        api.says(target, other, odd)
        done = run("ingest", "--job", DAILY, "--date", FULL, "--quiet")
        assert api.targets() == [target, target]
    assert done.exit_code == 1
    assert "applied 0, same 0, stale 0, quarantined 1" in done.stdout
    assert "$.dates[0].games[3].gamePk" in done.stdout
    with connect(database) as connection:
        query = (
            "SELECT schedule_date, sport_id, encoding, body"
            " FROM schedule.schedule JOIN schedule.schedule_documents USING (request)"
        )
        [kept] = connection.execute(query).fetchall()
    assert (*kept[:2], json.loads(whole(*kept[2:]))) == (FULL, 1, odd)


def test_jobs_that_go_by_the_schedule_keep_none_of_it(league: Server, database: str) -> None:
    league.simulator.clock.set(league.simulator.calendar.by_day[FULL][0][1].start - DAY)
    seen = run("ingest", "--job", JOBS / "game_live_date.yaml", "--date", FULL, "--dry-run")
    assert len(seen.stdout.splitlines()) == 1 + len(league.simulator.calendar.by_day[FULL])
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM schedule.schedule").fetchone() == (0,)


def test_today_is_the_default(league: Server) -> None:
    seen = run("ingest", "--job", DAILY, "--dry-run")
    assert seen.stdout.startswith(f"GET {league.url}/api/v1/schedule?sportId=1&date=20")
    minors = run("ingest", "--job", DAILY, "--date", FULL, "--param", "sport_id=11", "--dry-run")
    assert minors.stdout == f"GET {league.url}/api/v1/schedule?sportId=11&date={FULL}\n"


def test_what_else_works_by_document(league: Server, database: str) -> None:
    """The pipeline in Python, retention, and what a rebuild makes its rows of."""
    day = FULL
    league.simulator.clock.set(league.simulator.calendar.by_day[day][0][1].start + DAY)
    ingest(day)
    counts = mlb_etl.pipeline("schedule.schedule", dsn=database)(schedule_dates=[day], sport_ids=[1])
    assert counts.documents.same == 1
    with connect(database) as connection:
        documents = Documents(connection, METHOD)
        (only,) = documents.shown()
        dates, listed = documents.extract(only).rows
        old = {each.partition: each for each in retention.list_months(connection, PACKAGE, date(9999, 1, 1))}
    assert (len(dates), len(listed)) == (1, 15)
    assert {row[2] for row in listed} == shown(database, day).keys()
    (month,) = (each for name, each in old.items() if name.startswith("schedule.") and each.captures)
    assert (month.shown, month.waiting, month.state) == (1, 0, "needed")
