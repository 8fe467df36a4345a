"""mlb-etl as a person or a script meets it: what it prints, and how it ends."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result
from databases import temporary_folder
from samples import NOON, PACKAGE, at, connect, load, response, stub, write

from mlb_etl.cli import cli

JOB = """\
name: sample
source: {endpoint: sample, method: game}
parameters:
  - {name: game_pk, type: integer, repeatable: true}
storage: {raw: false, transform: true}
"""


@pytest.fixture(autouse=True)
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, with a job file, and the hand-written package."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)
    monkeypatch.delenv("MLB_STUBS", raising=False)
    Path("job.yaml").write_text(JOB)


@pytest.fixture
def database(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    return sample_database


def run(*arguments: str) -> Result:
    """The command in this process; its errors that are bugs are raised."""
    return CliRunner().invoke(cli, arguments)


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command as a program."""
    command = [str(Path(sys.executable).with_name("mlb-etl")), *arguments]
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)


def test_schema(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", empty_database)
    before = run("schema", "status")
    assert before.exit_code == 1
    assert before.output == (
        "migration               state    installed on\n"
        "V1__control_tables.sql  pending\n"
        "V2__drift.sql           pending\n"
        "V3__runs.sql            pending\n"
        "V4__functions.sql       pending\n"
        "V5__words.sql           pending\n"
        "V1__raw_tables.sql      pending\n"
        "V2__sample_tables.sql   pending\n"
    )
    assert run("schema", "init").output == (
        "applied V1__control_tables.sql\napplied V2__drift.sql\napplied V3__runs.sql\napplied V4__functions.sql\n"
        "applied V5__words.sql\n"
        "applied V1__raw_tables.sql\napplied V2__sample_tables.sql\n"
    )
    again = run("schema", "init")
    assert (again.exit_code, again.output) == (0, "the schema is up to date\n")
    after = run("schema", "status")
    assert after.exit_code == 0
    assert after.output.count("applied") == 7


@pytest.mark.parametrize("command", [("transform", "--job", "job.yaml"), ("test", "load-stub", "--file", "job.yaml")])
def test_without_the_schema(command: tuple[str, ...], empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", empty_database)
    result = run(*command)
    assert result.exit_code == 1
    assert result.output == (
        "Error: the database lacks the schema or its latest migrations: run `mlb-etl schema init`\n"
    )


def test_from_files_to_tables(database: str) -> None:
    folder = Path("stubs")
    folder.mkdir()
    write(folder / "a.json", stub(response(1), game_pk=1))
    write(folder / "b.json.gz", stub(response(2), game_pk=2))
    write(folder / "c.json", stub(response(2), at(1), game_pk=2))
    assert (
        run("test", "load-stub", "--dir", "stubs").output == "stored 2, unchanged 1, known 0, refused 0, not mapped 0\n"
    )
    one = run("test", "load-stub", "--game-pk", "2", "--stubs", "stubs")
    assert one.output == "stored 0, unchanged 0, known 2, refused 0, not mapped 0\n"
    result = run("transform", "--job", "job.yaml", "--game-pk", "1")
    assert result.exit_code == 0
    assert result.output == (
        "table         inserted  updated  unchanged  deleted\n"
        "sample.games         1        0          0        0\n"
        "sample.plays         3        0          0        0\n"
        "all tables           4        0          0        0\n"
        "applied 1, same 0, stale 0, quarantined 0\n"
    )
    counts = json.loads(run("transform", "--job", "job.yaml", "--format", "json").output)
    assert counts == {
        "documents": {"applied": 1, "same": 2, "stale": 0, "quarantined": 0},
        "tables": {
            "sample.games": {"inserted": 1, "updated": 0, "unchanged": 0, "deleted": 0},
            "sample.plays": {"inserted": 3, "updated": 0, "unchanged": 0, "deleted": 0},
        },
        "quarantined": [],
        "unreadable": [],
        "drift": [],
        "warnings": [],
    }
    with connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM sample.plays").fetchone() == (6,)


@pytest.mark.usefixtures("database")
def test_a_refused_file_is_explained() -> None:
    broken = write(Path("broken.json"), stub(response(plays=[{"index": "first"}])))
    good = write(Path("good.json"), stub(response()))
    result = run("test", "load-stub", "--file", str(broken), "--file", str(good))
    assert result.exit_code == 1
    assert result.output == (
        "refused broken.json\n"
        "  table   sample.plays\n"
        "  path    $.plays[0].index\n"
        "  value   'first'\n"
        "  reason  Expected `int | null`, got `str`\n"
        "stored 1, unchanged 0, known 0, refused 1, not mapped 0\n"
    )


def test_quarantine_is_explained(database: str, tmp_path: Path) -> None:
    with connect(database) as connection:
        load(connection, tmp_path, stub(response()), stub(response(score=9)))
    result = run("transform", "--job", "job.yaml")
    assert result.exit_code == 1
    assert "applied 1, same 0, stale 0, quarantined 1\n" in result.output
    listed = "quarantined 1: another response with the same time was applied\n  $ is "
    assert listed in result.output
    assert re.search(r"\n  id  document   captured at\n  \d+ +game_pk 1  2024-07-01T12:00:00Z\n$", result.output)
    assert listed in run("transform", "--job", "job.yaml").output, "it waits, and is told again"
    again = json.loads(run("transform", "--job", "job.yaml", "--format", "json").output)
    [waits] = again["quarantined"]
    assert (waits["reason"], waits["document"]) == ("another response with the same time was applied", {"game_pk": 1})
    [each] = json.loads(run("quarantine", "list", "--format", "json").output)
    assert (each["document"], each["captured_at"], each["state"]) == ({"game_pk": 1}, NOON.isoformat(), "waiting")
    number = str(each["id"])
    assert (
        "reason          another response with the same time was applied\n" in run("quarantine", "show", number).output
    )
    assert run("quarantine", "retry", "--all").exit_code == 1
    accepted = run("quarantine", "accept", number)
    assert (accepted.exit_code, accepted.output.splitlines()[-1]) == (0, "applied 1, same 0, stale 0, quarantined 0")
    assert json.loads(run("quarantine", "list", "--state", "all", "--format", "json").output) == []
    gone = run("quarantine", "drop", number)
    assert (gone.exit_code, gone.output[:45]) == (1, f"Error: no capture in quarantine has the id {number};"[:45])


def test_what_is_dropped_stays_so(database: str, tmp_path: Path) -> None:
    with connect(database) as connection:
        load(connection, tmp_path, stub(response()), stub(response(score=9)))
    run("transform", "--job", "job.yaml")
    [each] = json.loads(run("quarantine", "list", "--format", "json").output)
    assert run("quarantine", "drop", str(each["id"])).output == "dropped 1\n"
    assert json.loads(run("quarantine", "list", "--format", "json").output) == []
    assert run("transform", "--job", "job.yaml").exit_code == 0
    [dropped] = json.loads(run("quarantine", "list", "--state", "all", "--format", "json").output)
    assert dropped["state"] == "dropped"


def test_a_replay_puts_right_what_was_changed_by_hand(database: str, tmp_path: Path) -> None:
    with connect(database) as connection:
        load(connection, tmp_path, stub(response()), stub(response(score=9), at(1)))
        run("transform", "--job", "job.yaml")
        connection.execute("UPDATE sample.plays SET rbi = 4 WHERE at_bat_index = 1")
        connection.execute("DELETE FROM sample.plays WHERE at_bat_index = 2")
    assert run("transform", "--job", "job.yaml").output.endswith("applied 0, same 1, stale 1, quarantined 0\n")
    counts = json.loads(run("transform", "--job", "job.yaml", "--replay", "--format", "json").output)
    assert counts["documents"] == {"applied": 1, "same": 0, "stale": 1, "quarantined": 0}
    assert counts["tables"]["sample.plays"] == {"inserted": 1, "updated": 1, "unchanged": 1, "deleted": 0}
    with connect(database) as connection:
        found = connection.execute("SELECT rbi FROM sample.plays ORDER BY at_bat_index").fetchall()
    assert found == [(1,), (None,), (0,)]


def test_a_bare_response_with_its_time(database: str) -> None:
    path = write(Path("bare.json"), response())
    assert run("test", "load-stub", "--file", str(path), "--captured-at", "2024-07-13T04:19:09Z").exit_code == 0
    with connect(database) as connection:
        found = connection.execute("SELECT captured_at::text FROM sample.raw_game").fetchone()
    assert found == ("2024-07-13 04:19:09+00",)


@pytest.mark.usefixtures("database")
def test_parameters() -> None:
    assert run("transform", "--job", "job.yaml", "--param", "game_pk=1", "--param", "game_pk=2").exit_code == 0
    wrong = run("transform", "--job", "job.yaml", "--param", "game_pk=one")
    assert (wrong.exit_code, wrong.output[:42]) == (1, "Error: job sample: game_pk is of type inte")
    unknown = run("transform", "--job", "job.yaml", "--param", "season=2024")
    assert (unknown.exit_code, unknown.output) == (1, "Error: job sample has no parameter season; it has game_pk\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("transform",),
        ("transform", "--job", "job.yaml", "--param", "game_pk"),
        ("transform", "--job", "job.yaml", "--unknown"),
        ("test", "load-stub"),
        ("test", "load-stub", "--file", "none.json"),
        ("test", "load-stub", "--file", "job.yaml", "--captured-at", "yesterday"),
        ("nothing",),
    ],
)
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("transform", "--job", "none.yaml"), "none.yaml: can't be read: No such file or directory"),
        (("test", "load-stub", "--game-pk", "1", "--stubs", "."), "no stub of game 1 in .; name their folder"),
        (("db", "start"), "MLB_ETL_DSN is set"),
        (("db", "stop"), "MLB_ETL_DSN is set"),
    ],
)
@pytest.mark.usefixtures("database")
def test_what_a_user_can_mend(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {message}")


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:secret@127.0.0.1:1/mlb",
        "postgresql://me:secret@[x/mlb",
        "host=127.0.0.1 port=1 password=secret",
    ],
)
@pytest.mark.parametrize("command", [("schema", "init"), ("-v", "transform", "--job", "job.yaml"), ("db", "url")])
def test_the_password_is_never_told(dsn: str, command: tuple[str, ...]) -> None:
    done = program(*command, MLB_ETL_DSN=dsn)
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == (0 if command == ("db", "url") and "[" not in dsn else 1)


def test_the_password_is_told_when_asked_for() -> None:
    dsn = "postgresql://me:secret@127.0.0.1:1/mlb"
    assert program("db", "url", "--show-password", MLB_ETL_DSN=dsn).stdout == f"{dsn}\n"


@pytest.mark.usefixtures("database")
def test_a_wrong_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", "no_such_tables")
    result = run("schema", "init")
    assert (result.exit_code, result.output[:65]) == (
        1,
        "Error: no_such_tables is not a package of generated tables: No mo",
    )


@pytest.mark.usefixtures("database")
def test_a_bug_is_called_one(tmp_path: Path) -> None:
    (tmp_path / "buggy_tables").mkdir()
    (tmp_path / "buggy_tables" / "__init__.py").write_text("1 / 0")
    done = program("schema", "status", MLB_ETL_TABLES="buggy_tables", PYTHONPATH=str(tmp_path))
    assert done.returncode == 70
    assert re.match(r"[\d-]{10}T[\d:.]{12}Z ERROR this is a bug in mlb-etl", done.stderr)
    assert "ZeroDivisionError" in done.stderr


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder that the embedded server's account can reach."""
    folder = temporary_folder()
    monkeypatch.setenv("MLB_ETL_DATA", str(folder))
    monkeypatch.delenv("MLB_ETL_DSN", raising=False)
    yield folder
    program("db", "stop")
    shutil.rmtree(folder)


def test_the_embedded_database(embedded: Path) -> None:
    stopped = program("db", "status")
    assert (stopped.returncode, stopped.stdout) == (1, f"not running: {embedded}/postgres\n")
    assert program("schema", "init").returncode == 0, "started on demand"
    running = program("db", "status")
    assert (running.returncode, running.stdout[:9]) == (0, "running: ")
    url = program("db", "url").stdout.strip()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM sample.games").fetchone() == (0,)
    asked = program("db", "psql", "--", "--no-psqlrc", "--tuples-only", "--command=SELECT 6 * 7")
    assert asked.stdout.split() == ["42"]
    assert program("db", "start").stdout == f"already running: {url}\n"
    assert program("db", "stop").stdout == "stopped\n"
    assert program("db", "stop").stdout == "was not running\n"
    assert program("db", "start").stdout == f"started: {url}\n"
    assert program("schema", "status").returncode == 0, "what was done is still there"
