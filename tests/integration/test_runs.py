"""The record of runs, etl.run: of each command that writes its outcome and counts, whoever is killed."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from checks import some
from click.testing import CliRunner, Result
from samples import PACKAGE, connect, response, stub, write

from mlb_etl.cli import cli, running
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import runs as delta_runs
from mlb_etl.stores.delta.lake import CONTROL, Lake
from mlb_etl.stores.interfaces import runs
from mlb_etl.stores.postgres.db import Connection

RECORDED = "SELECT command, subject, outcome, counts, ended_at >= started_at FROM etl.run ORDER BY started_at"


@pytest.fixture
def connection(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    with connect(sample_database) as connection:
        yield connection


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def recorded(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(RECORDED).fetchall()


def test_a_run_is_recorded_with_what_it_did(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLB_ETL_RUN_ID", "nightly:7")
    write(tmp_path / "1.json", stub(response(1)))
    write(tmp_path / "2.json", stub(response(2, rbi=[9]), game_pk=2))
    assert run("load", str(tmp_path / "1.json")).exit_code == 0
    assert run("load", str(tmp_path)).exit_code == 0
    assert run("transform", "--method", "sample.game").exit_code == 1, "a capture breaks a check"
    assert run("transform", "--method", "sample.game", "--target", "postgresql:///nowhere?host=/nowhere").exit_code == 1
    rows = {"inserted": 4}
    assert recorded(connection) == [
        ("load", "", "done", {"captures": {"stored": 1}}, True),
        ("load", "", "done", {"captures": {"stored": 1, "known": 1}}, True),
        (
            *("transform", "sample.game", "incomplete"),
            {"documents": {"applied": 1, "quarantined": 1}, "rows": rows},
            True,
        ),
    ]
    assert connection.execute("SELECT DISTINCT run_id FROM etl.run").fetchall() == [("nightly:7",)]


def test_a_run_that_ends_with_an_error_or_by_ctrl_c(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    for error in (OSError("a bug"), KeyboardInterrupt()):
        monkeypatch.setattr("mlb_etl.cli.transform.run_transform", lambda *_, why=error, **__: _raise(why))
        run("transform", "--method", "sample.game")
    assert [outcome for _, _, outcome, *_ in recorded(connection)] == ["failed", "interrupted"]


def _raise(why: BaseException) -> None:
    raise why


def test_a_killed_run_is_lost(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO etl.run (id, run_id, command, subject, seen_at) VALUES"
        " (gen_random_uuid(), 'a', 'live', '', now() - interval '16 minutes'),"
        " (gen_random_uuid(), 'b', 'ingest', '', now() - interval '14 minutes')"
    )
    shown = json.loads(run("status", "--format", "json").stdout)["runs"]
    assert {each["command"]: each["state"] for each in shown} == {"live": "lost", "ingest": "running"}
    assert "lost" in run("status").stdout


def test_a_run_gives_signs_of_life(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "SEEN_EVERY", runs.SEEN_EVERY * 0)
    write(tmp_path / "1.json", stub(response(1)))
    monkeypatch.setattr("mlb_etl.stores.postgres.runs.Runs.end", lambda *_: None)
    assert run("load", str(tmp_path)).exit_code == 0
    assert connection.execute("SELECT seen_at > started_at, ended_at FROM etl.run").fetchall() == [(True, None)]


def test_old_runs_are_forgotten_command_by_command(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO etl.run (id, run_id, command, subject, started_at)"
        " SELECT gen_random_uuid(), 'old', command, '', now() - make_interval(hours => n)"
        " FROM generate_series(1, 210) AS n, unnest('{transform,live}'::text[]) AS command"
    )
    assert run("transform", "--method", "sample.game").exit_code == 0
    kept = "SELECT command, count(*), min(run_id) FROM etl.run GROUP BY command ORDER BY command"
    assert [row[:2] for row in connection.execute(kept)] == [("live", 210), ("transform", runs.MOST)]


def test_a_record_that_can_t_be_written_stops_no_run(connection: Connection) -> None:
    connection.execute("ALTER TABLE etl.run RENAME COLUMN run_id TO id_of_run")
    done = run("transform", "--method", "sample.game")
    assert done.exit_code == 0
    assert done.stderr.count("the run could not be recorded") == 1


def test_workers_count_and_log_as_parts_of_the_run(
    connection: Connection, sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So do all numbers add up, and each line has the id of the run, whichever process wrote it."""
    for number in range(1, 41):
        rbi = [9] if number % 8 == 0 else [1, 2]
        write(tmp_path / f"{number}.json", stub(response(number, rbi=rbi), game_pk=number))
    assert run("load", str(tmp_path)).exit_code == 0
    program = [str(Path(sys.executable).with_name("mlb-etl")), "-v", "--log-format", "json", "transform"]
    given = {"MLB_ETL_TABLES": PACKAGE, "MLB_ETL_DSN": sample_database, "MLB_ETL_RUN_ID": "two.processes"}
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]), prepend=os.pathsep)
    command = [*program, "--method", "sample.game", "--workers", "2", "--format", "json"]
    done = subprocess.run(command, env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    told, counts = json.loads(done.stdout), recorded(connection)[-1][3]
    assert counts["documents"] == {"applied": 35, "quarantined": 5}
    assert counts["rows"] == {"inserted": sum(its["inserted"] for its in told["tables"].values())} == {"inserted": 105}
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert sum(line["message"].startswith("quarantined") for line in lines) == 5
    for line in some(lines):
        assert line["run_id"] == "two.processes"


def test_runs_in_a_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delta_runs, "MOST", 2)
    lake = Lake.at(str(tmp_path))
    lake.create(CONTROL, delta_runs.TABLE, delta_runs.SCHEMA)
    kept = delta_runs.Runs(lake)
    runs_ = [runs.StartedRun(uuid4(), "lake", command, "") for command in ("live", "load", "load", "load")]
    for each in runs_:
        kept.start(each)
        kept.see(each)
    kept.end(runs_[-1], "interrupted", {"rows": {"inserted": 3}})
    [last, other] = kept.last()
    assert (last.command, last.state, last.counts) == ("load", "interrupted", {"rows": {"inserted": 3}})
    assert (other.command, other.state, other.ended_at) == ("live", "running", None)
    rows = lakes.rows(lake.open(CONTROL, delta_runs.TABLE)).to_pylist()
    assert sorted(row["id"] for row in rows) == sorted(str(runs_[n].id) for n in (0, 2, 3))
    assert all(row["seen_at"] > row["started_at"] for row in some(rows))
    kept.end(runs_[1], "done", {})
    assert len(kept.last()) == 2, "what is forgotten stays so"
