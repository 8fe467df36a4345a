"""`mlb-etl ingest` from HTTP to raw rows, against a server with prepared answers."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api import HTML, NOT_FOUND, Answer, Api, serve
from click.testing import CliRunner, Result
from databases import temporary_database
from samples import PACKAGE, connect, response

from mlb_etl.cli import cli
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.encoding import StoredBody

ROOT = Path(__file__).parents[2]
SPECIFIC = """\
name: specific
source: {endpoint: sample, method: game}
parameters:
  - {name: game_pk, type: integer, required: true, repeatable: true}
  - {name: timecode, type: timecode}
requests: {attempts: 2}
storage: {raw: true, transform: false}
"""
DATE = """\
name: dated
source: {endpoint: sample, method: game}
parameters:
  - {name: date, type: date, required: true, repeatable: true}
expand:
  by: schedule
  query: {sportId: "1", date: "${date}"}
  leave_out: {coded_game_state: [S]}
requests: {attempts: 2}
storage: {raw: true, transform: false}
"""
DAY = "/api/v1/schedule?sportId=1&date=2024-07-01"
RAW = """
SELECT (path_params ->> 'game_pk')::bigint AS game_pk, captured_at, as_of, last_seen_at, seen,
    endpoint, method, path_params, query_params, url, status_code,
    content_hash, encoding, body
FROM sample.raw_game ORDER BY game_pk, captured_at
"""


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as api:
        yield api


@pytest.fixture(autouse=True)
def environment(api: Api, sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", api.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    Path("specific.yaml").write_text(SPECIFIC)
    Path("date.yaml").write_text(DATE)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ("ingest", *arguments))


def of_date(*arguments: str) -> Result:
    return run("--job", "date.yaml", "--date", "2024-07-01", *arguments)


def target(game_pk: int) -> str:
    return f"/api/v1/sample/{game_pk}"


def game(game_pk: int, state: str = "F", score: int | None = 3) -> dict[str, Any]:
    """A game as the schedule lists it."""
    sides = {"home": {"score": score}, "away": {"score": 0}} if score is not None else {"home": {}, "away": {}}
    return {"gamePk": game_pk, "status": {"codedGameState": state, "detailedState": "?"}, "teams": sides}


def listed(*days: list[dict[str, Any]]) -> dict[str, Any]:
    return {"copyright": "none", "dates": [{"date": "2024-07-01", "games": day} for day in days]}


def feed(game_pk: int, state: str = "F", score: int = 3, **members: Any) -> dict[str, Any]:
    """A response of the sample method, with the members of a live feed that show the state."""
    teams = {"home": {"runs": score}, "away": {"runs": 0}}
    return response(
        game_pk,
        gameData={"status": {"codedGameState": state}},
        liveData={"linescore": {"teams": teams}},
        **members,
    )


def raw(dsn: str) -> list[Any]:
    with connect(dsn) as connection:
        return [(*row[:-2], bytes(StoredBody(*row[-2:]).decoded())) for row in connection.execute(RAW)]


def outcome(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def test_games_that_are_named(api: Api, sample_database: str) -> None:
    for number in (1, 2):
        api.says(target(number), feed(number))
    result = run("--job", "specific.yaml", "--game-pk", "1", "--game-pk", "2")
    assert (result.exit_code, outcome(result)) == (0, "stored 2, unchanged 0, skipped 0, failed 0")
    assert "2/2, " in result.stderr
    [first, second] = raw(sample_database)
    assert (first[0], second[0]) == (1, 2)
    assert first[5:11] == ("sample", "game", {"game_pk": "1"}, {}, f"{api.url}{target(1)}", 200)
    assert first[12] == api.answers[target(1)][0].content
    again = run("--job", "specific.yaml", "--game-pk", "1", "--quiet")
    assert (outcome(again), again.stderr) == ("stored 0, unchanged 1, skipped 0, failed 0", "")
    assert [row[4] for row in raw(sample_database)] == [2, 1]


def test_a_past_state(api: Api, sample_database: str) -> None:
    api.says(f"{target(1)}?timecode=20240701_120000", feed(1, "I"))
    assert run("--job", "specific.yaml", "--game-pk", "1", "--param", "timecode=20240701_120000").exit_code == 0
    [row] = raw(sample_database)
    assert (row[2].isoformat(), row[8]) == ("2024-07-01T12:00:00+00:00", {"timecode": "20240701_120000"})
    wrong = run("--job", "specific.yaml", "--game-pk", "1", "--param", "timecode=noon")
    assert wrong.exit_code == 1
    assert wrong.output.startswith("Error: job specific: timecode is of type timecode: ")


def test_applied_at_once(api: Api, sample_database: str) -> None:
    api.says(target(1), feed(1), feed(1, rbi=(1, 2, 0)))
    result = run("--job", "specific.yaml", "--game-pk", "1", "--transform")
    assert "applied 1, same 0, stale 0, quarantined 0\n" in result.stdout
    again = json.loads(run("--job", "specific.yaml", "--game-pk", "1", "--transform", "--format", "json").stdout)
    assert (again["stored"], again["unchanged"], again["skipped"], again["failures"]) == (1, 0, 0, [])
    assert again["transform"]["tables"]["sample.plays"] == {"inserted": 0, "updated": 1, "unchanged": 2, "deleted": 0}
    with connect(sample_database) as connection:
        assert connection.execute("SELECT rbi FROM sample.plays ORDER BY at_bat_index").fetchall() == [(1,), (2,), (0,)]


def test_quarantined_captures_determine_the_exit_code(api: Api) -> None:
    api.says(target(1), feed(1, rbi=(9,)))
    result = run("--job", "specific.yaml", "--game-pk", "1", "--transform")
    assert result.exit_code == 1
    assert "\nquarantined 1: " in result.stdout


def test_an_answer_that_the_mapping_does_not_fit_is_kept(api: Api, sample_database: str) -> None:
    """No answer of the API is lost: it waits in quarantine."""
    api.says(target(1), feed(1, season="two thousand"))
    result = run("--job", "specific.yaml", "--game-pk", "1", "--transform")
    assert result.exit_code == 1
    assert outcome(result) == "stored 1, unchanged 0, skipped 0, failed 0"
    assert "$.season" in result.stdout
    assert len(raw(sample_database)) == 1


FAULTS = {
    "not found": ([NOT_FOUND], "NotFound"),
    "an error of the server": ([Answer({"message": "we are busy"}, 503)], "Unreachable"),
    "HTML of the server": ([Answer(b"<html>", 502, HTML)], "Unreachable"),
    "too many requests": ([Answer(status=429, headers={"Retry-After": "900"})], "Unreachable"),
    "HTML": ([Answer(b"<html>", headers=HTML)], "CorruptResponse"),
    "truncated": ([Answer(b'{"gamePk": 3, "pl')], "CorruptResponse"),
    "another game": ([Answer(feed(4))], "CorruptResponse"),
    "a broken rule": ([Answer(feed(3, plays=None))], "Rejected"),
    "refused": ([Answer({"message": "no"}, 403)], "Rejected"),
}


@pytest.mark.parametrize(("answers", "error"), FAULTS.values(), ids=FAULTS)
def test_a_failed_request_does_not_stop_the_others(
    api: Api, sample_database: str, answers: list[Answer], error: str
) -> None:
    for number in (1, 2, 4):
        api.says(target(number), feed(number))
    api.says(target(3), *answers)
    api.says(DAY, listed([game(number) for number in (1, 2, 3, 4)]))
    result = of_date()
    assert (result.exit_code, outcome(result)) == (1, "stored 3, unchanged 0, skipped 0, failed 1")
    assert re.search("^failed game_pk 3", result.stdout, re.MULTILINE)
    assert [row[0] for row in raw(sample_database)] == [1, 2, 4]
    once_more = json.loads(of_date("--format", "json").stdout)
    assert once_more["skipped"] == 3
    assert [(each["request"], each["error"]) for each in once_more["failures"]] == [(target(3), error)]
    api.says(target(3), feed(3))
    assert outcome(of_date()) == "stored 1, unchanged 0, skipped 3, failed 0"


def test_requests_end_after_many_failures_in_a_row(api: Api) -> None:
    api.says(DAY, listed([game(number) for number in range(1, 20)]))
    for number in range(1, 20):
        api.says(target(number), Answer(status=503))
    api.says(target(5), NOT_FOUND)
    Path("date.yaml").write_text(DATE.replace("attempts: 2", "attempts: 1"))
    result = of_date()
    assert (result.exit_code, outcome(result)) == (1, "stored 0, unchanged 0, skipped 0, failed 19")
    assert api.targets()[1:] == [target(number) for number in range(1, 16)], "ten in a row, from 6 on"
    assert "failed game_pk 16: not requested: the API gave no answer 10 times in a row" in result.stdout


def test_a_temporary_fault_is_not_a_failure(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.says(target(1), Answer({"message": "we are busy"}, 503), feed(1))
    assert run("--job", "specific.yaml", "--game-pk", "1").exit_code == 0
    assert "503 Service Unavailable: we are busy; trying again in " in caplog.text, "the cause"


def test_a_settled_capture_is_not_requested_again(api: Api) -> None:
    states = {1: "F", 2: "I", 3: "O", 4: "C", 5: "S"}
    for number, state in states.items():
        api.says(target(number), feed(number, state))
    api.says(DAY, listed([game(number, state) for number, state in states.items()]))
    assert outcome(of_date()) == "stored 4, unchanged 0, skipped 0, failed 0"
    api.asked.clear()
    assert outcome(of_date()) == "stored 0, unchanged 2, skipped 2, failed 0"
    assert api.targets() == [DAY, target(2), target(3)]
    api.asked.clear()
    assert outcome(of_date("--again")) == "stored 0, unchanged 4, skipped 0, failed 0"


def test_a_game_captured_before_its_end_is_requested_again(api: Api) -> None:
    api.says(target(1), feed(1, "I", 2), feed(1, "F", 3))
    api.says(DAY, listed([game(1, "I", 2)]), listed([game(1, "F", 3)]))
    assert outcome(of_date()) == "stored 1, unchanged 0, skipped 0, failed 0"
    assert outcome(of_date()) == "stored 1, unchanged 0, skipped 0, failed 0"
    assert outcome(of_date()) == "stored 0, unchanged 0, skipped 1, failed 0"


def test_a_changed_score_is_requested_again(api: Api) -> None:
    api.says(target(1), feed(1, score=3), feed(1, score=4))
    api.says(DAY, listed([game(1, score=3)]), listed([game(1, score=4)]))
    assert [outcome(of_date())[:8] for _ in range(3)] == ["stored 1", "stored 1", "stored 0"]


def test_a_game_on_two_dates_is_requested_once(api: Api) -> None:
    api.says(target(1), feed(1))
    api.says(DAY, listed([game(1, "D", None)], [game(1)]))
    assert outcome(of_date()) == "stored 1, unchanged 0, skipped 0, failed 0"
    assert outcome(of_date()) == "stored 0, unchanged 0, skipped 1, failed 0"


def test_several_dates(api: Api) -> None:
    for number in (1, 2):
        api.says(target(number), feed(number))
    api.says(DAY, listed([game(1)]))
    api.says(DAY.replace("-01", "-02"), listed([game(2)]))
    assert outcome(of_date("--date", "2024-07-02")) == "stored 2, unchanged 0, skipped 0, failed 0"


def test_a_date_without_games(api: Api) -> None:
    api.says(DAY, listed())
    result = of_date("--transform")
    assert (result.exit_code, outcome(result)) == (0, "stored 0, unchanged 0, skipped 0, failed 0")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (NOT_FOUND, "404 Not Found: Object not found"),
        (Answer({"dates": [{"games": [{"gamePk": "1"}]}]}), "$.dates[0].games[0].gamePk is '1'"),
        (Answer({"message": "no"}), "missing required field `dates`"),
        (Answer(b"[]"), "Expected `object`, got `array`"),
        (Answer(b'{"dates": ['), "incomplete"),
    ],
)
def test_no_schedule(api: Api, answer: Answer, reason: str) -> None:
    api.says(DAY, answer)
    result = of_date()
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].startswith("Error: ")
    assert reason in result.output


def test_dry_run_only_requests_the_schedule(api: Api, sample_database: str) -> None:
    api.says(target(1), feed(1))
    api.says(DAY, listed([game(1), game(2)]))
    run("--job", "specific.yaml", "--game-pk", "1")
    api.asked.clear()
    result = of_date("--dry-run")
    assert (result.exit_code, result.stdout) == (0, f"GET {api.url}{DAY}\nGET {api.url}{target(2)}\n")
    assert api.targets() == [DAY]
    assert len(raw(sample_database)) == 1


def test_dry_run_of_named_games_needs_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "host=127.0.0.1 port=1")
    result = run("--job", "specific.yaml", "--game-pk", "1", "--game-pk", "1", "--dry-run")
    assert (result.exit_code, result.stdout) == (0, f"GET {api.url}{target(1)}\n")
    assert api.asked == []


def test_recorded_and_replayed_gives_the_same_raw_rows(
    api: Api, server: Server, sample_template: str, sample_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.says(target(1), Answer(json.dumps(feed(1), indent=1).encode() + b"\n"))
    api.says(target(2), Answer(status=503), feed(2))
    api.says(DAY, listed([game(1), game(2), game(3)]))
    recorded = of_date("--record", "kept")
    assert outcome(recorded) == "stored 2, unchanged 0, skipped 0, failed 1"
    api.asked.clear()
    with temporary_database(server, sample_template) as dsn:
        monkeypatch.setenv("MLB_ETL_DSN", dsn)
        replayed = of_date("--replay", "kept")
        assert outcome(replayed) == outcome(recorded)
        assert "failed game_pk 3: kept has no recording of sample.game /api/v1/sample/3" in replayed.stdout
        assert raw(dsn) == raw(sample_database) != []
    assert api.asked == []
    with temporary_database(server, sample_template) as dsn:
        monkeypatch.setenv("MLB_ETL_DSN", dsn)
        loaded = CliRunner().invoke(cli, ("test", "load-stub", "--dir", "kept/sample"))
        assert loaded.exit_code == 0
        assert raw(dsn) == raw(sample_database)


def test_a_killed_job_resumes(api: Api, sample_database: str) -> None:
    for number in range(1, 9):
        api.says(target(number), Answer(feed(number), pause=0.1))
    api.says(DAY, listed([game(number) for number in range(1, 9)]))
    command = [Path(sys.executable).with_name("mlb-etl"), "ingest", "--job", "date.yaml", "--date", "2024-07-01"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(api.asked) < 5:
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.wait()
    kept = [row[0] for row in raw(sample_database)]
    assert kept == list(range(1, len(kept) + 1))
    assert 3 <= len(kept) < 8
    api.asked.clear()
    second = subprocess.run(command, capture_output=True, text=True, check=True)
    assert second.stdout == f"stored {8 - len(kept)}, unchanged 0, skipped {len(kept)}, failed 0\n"
    assert api.targets()[1:] == [target(number) for number in range(1, 9) if number not in kept]
    assert [row[0] for row in raw(sample_database)] == list(range(1, 9))


def test_two_processes_keep_one_rate(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_RATE", "5")
    for number in range(1, 13):
        api.says(target(number), feed(number))
    command = [str(Path(sys.executable).with_name("mlb-etl")), "ingest", "--job", "specific.yaml", "--quiet"]
    halves = [[f"--game-pk={number}" for number in range(start, 13, 2)] for start in (1, 2)]
    workers = [subprocess.Popen([*command, *half], stdout=subprocess.DEVNULL) for half in halves]
    assert [worker.wait() for worker in workers] == [0, 0]
    times = [each.at for each in api.asked]
    assert len(times) == 12
    assert times[-1] - times[0] > 1.7, "11 times a fifth of a second"


def test_wrong_usage() -> None:
    both = run("--job", "specific.yaml", "--game-pk", "1", "--record", "a", "--replay", "b")
    assert both.exit_code == 2
    assert "give only one of them" in both.output
    none = run("--job", "specific.yaml")
    assert (none.exit_code, none.output) == (1, "Error: job specific needs its parameter game_pk\n")
    missing = run("--job", "specific.yaml", "--game-pk", "1", "--replay", "none")
    assert (missing.exit_code, missing.output[:36]) == (1, "Error: none is not a folder of recor")
    Path("idle.yaml").write_text(SPECIFIC.replace("raw: true, transform: false", "transform: true"))
    idle = run("--job", "idle.yaml", "--game-pk", "1")
    assert (idle.exit_code, idle.output) == (
        1,
        "Error: job specific captures nothing, because its storage has no raw\n",
    )
