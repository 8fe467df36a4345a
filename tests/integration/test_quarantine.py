"""`mlb-etl quarantine`: captures chosen by filters, and what is done to many of them at once."""

import json
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import terminal
from click.testing import CliRunner, Result
from samples import NOON, PACKAGE, at, connect, load, response, stub
from test_cli import JOB

from mlb_etl.cli import cli
from mlb_etl.stores.postgres.db import Connection

INSERT = """
INSERT INTO etl.quarantine (method, document, captured_at, content_hash, state, table_name, path, reason)
OVERRIDING USER VALUE VALUES (%s, %s::jsonb, %s, '', %s, %s, '$', %s)
"""
# number: method, document, days after the first of July, state, table, reason
ENTRIES = {
    1: ("sample.game", {"game_pk": 1}, 0, "waiting", None, "would delete 8 of 10 rows"),
    2: ("sample.game", {"game_pk": 2}, 1, "waiting", None, "would delete 9 of 10 rows"),
    3: ("sample.game", {"game_pk": 2}, 2, "waiting", "sample.plays", "Expected `int`, got `str`"),
    4: ("sample.game", {"game_pk": 3}, 3, "dropped", "sample.plays", "Expected `int`, got `str`"),
    5: ("sample.days", {"day": "2024-07-01", "sport_id": "1"}, 4, "waiting", "sample.days", "100% wrong_"),
}
FILTERS = {
    (): [1, 2, 3, 5],
    ("--state", "all"): [1, 2, 3, 4, 5],
    ("--state", "dropped"): [4],
    ("--method", "sample.days"): [5],
    ("--table", "sample.plays"): [3],
    ("--reason", "WOULD delete"): [1, 2],
    ("--reason", "0% wrong_"): [5],
    ("--reason", "%"): [5],
    ("--since", "2024-07-02"): [2, 3, 5],
    ("--before", "2024-07-03"): [1, 2],
    ("--since", "2024-07-02", "--before", "2024-07-03"): [2],
    ("--game-pk", "2"): [2, 3],
    ("--game-pk", "1", "--game-pk", "2", "--reason", "delete"): [1, 2],
    ("--key", "day=2024-07-01", "--key", "sport_id=1"): [5],
    ("--key", "day=2024-07-01", "--key", "sport_id=2"): [],
    ("--game-pk", "1", "--key", "day=2024-07-01"): [],
    ("--key", "none="): [],
    ("1", "3", "4"): [1, 3, 4],
}


@pytest.fixture
def connection(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    with connect(sample_database) as connection:
        yield connection


@pytest.fixture
def entries(connection: Connection) -> Connection:
    for method, document, days, state, table, reason in ENTRIES.values():
        facts = (method, json.dumps(document), NOON + timedelta(days=days), state, table, reason)
        connection.execute(INSERT, facts)
    return connection


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ("quarantine", *arguments))


def numbers(result: Result) -> list[int]:
    assert result.exit_code == 0, result.output
    return [each["id"] for each in json.loads(result.stdout)]


def states(connection: Connection) -> dict[int, str]:
    return dict(connection.execute("SELECT id, state FROM etl.quarantine ORDER BY id").fetchall())


@pytest.mark.usefixtures("entries")
def test_filters() -> None:
    for arguments, expected in FILTERS.items():
        assert numbers(run("list", "--format", "json", *arguments)) == expected, arguments


@pytest.mark.usefixtures("entries")
def test_show_of_several() -> None:
    assert numbers(run("show", "--game-pk", "2", "--format", "json")) == [2, 3]
    assert numbers(run("show", "4", "--format", "json")) == [4], "in whatever state"
    assert run("show", "1", "2").stdout.count("reason          would delete") == 2
    assert run("show").exit_code == 2


def test_dropped_in_bulk(entries: Connection) -> None:
    dry = run("drop", "--reason", "would delete", "--dry-run")
    assert (dry.exit_code, dry.stdout.splitlines()[-1]) == (0, "2 would be dropped")
    assert numbers(run("drop", "--reason", "would delete", "--dry-run", "--format", "json")) == [1, 2]
    unasked = run("drop", "--reason", "would delete")
    assert unasked.exit_code == 2
    assert "2 would be dropped: --dry-run lists them, --yes does it" in unasked.stderr
    assert states(entries) == {number: each[3] for number, each in ENTRIES.items()}, "nothing was done"
    assert run("drop", "--reason", "would delete", "--yes").output == "dropped 2\n"
    assert [number for number, state in states(entries).items() if state == "dropped"] == [1, 2, 4]


@pytest.mark.parametrize(("answer", "code", "dropped"), [("y", 0, [1, 2, 3, 4, 5]), ("n", 1, [4])])
def test_a_person_is_asked(entries: Connection, answer: str, code: int, dropped: list[int]) -> None:
    answered: list[str] = []

    def reply(process: terminal.Process, screen: list[str]) -> None:
        if not answered and any("Continue? [y/N]:" in line for line in screen):
            answered.append(answer)
            process.type(f"{answer}\n")

    program = str(Path(sys.executable).with_name("mlb-etl"))
    seen = terminal.run([program, "quarantine", "drop", "--all"], os.environ, meanwhile=reply)
    assert seen.returncode == code, seen.text
    assert "4 will be dropped" in seen.text
    assert [number for number, state in states(entries).items() if state == "dropped"] == dropped


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize("command", ["retry", "accept", "drop"])
def test_what_is_meant_is_said(command: str) -> None:
    for arguments in ((), ("--all", "1"), ("--all", "--game-pk", "1"), ("0",), ("x",), ("--since", "0000-01-01", "1")):
        assert run(command, *arguments).exit_code == 2, arguments
    missing = run(command, "1", "6")
    assert (missing.exit_code, missing.output[:45]) == (1, "Error: no capture in quarantine has the id 6;")
    other = run(command, "1", "--method", "sample.days", "--dry-run")
    assert (other.exit_code, other.output[:44]) == (1, "Error: no capture in quarantine has the id 1")


def test_retried_and_accepted_in_bulk(connection: Connection, tmp_path: Path) -> None:
    Path("job.yaml").write_text(JOB)
    several = [stub(response(n, rbi=(9,)), game_pk=n) for n in range(1, 13)]
    load(connection, tmp_path, *several, stub(response(13), game_pk=13))
    load(connection, tmp_path, stub(response(13, rbi=()), at(1), game_pk=13))
    waits = CliRunner().invoke(cli, ("transform", "--job", "job.yaml"))
    assert waits.exit_code == 1
    assert "and 2 more; `mlb-etl quarantine list` lists all" in waits.stdout
    assert waits.stdout.count("2024-07-01T12:0") == 10, "of all together"
    again = run("retry", "--reason", "rbi", "--dry-run")
    assert again.stdout.splitlines()[-1] == "12 would be retried"
    retried = run("retry", "--table", "sample.plays", "--game-pk", "3", "--game-pk", "4", "--format", "json")
    assert (retried.exit_code, json.loads(retried.stdout)["documents"]["quarantined"]) == (1, 2)
    accepted = run("accept", "--game-pk", "13", "--yes")
    assert (accepted.exit_code, accepted.stdout.splitlines()[-1]) == (0, "applied 1, same 0, stale 0, quarantined 0")
