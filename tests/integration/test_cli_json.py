"""Each command that reports has --format json, and prints nothing but JSON on standard output."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from api import NOT_FOUND, Api
from databases import temporary_folder
from samples import at, connect, load, response, stub, write
from test_ingest_job import api, environment, feed, target

from mlb_etl.cli import cli

__all__ = ["api", "environment"]  # fixtures

# a value for other programs, a program of its own, files, and a page
EXEMPT = {"config schema", "db url", "db psql", "fetch", "jobs schema", "jobs show", "ui"}
LINES = {"live", "verify rows"}  # an object per line, as things happen
TRANSFORM = """\
name: sample
source: {endpoint: sample, method: game}
parameters: [{name: game_pk, type: integer, repeatable: true}]
storage: {raw: false, transform: true}
"""
# in an order in which each finds something to report
COMMANDS: dict[str, tuple[Sequence[str], int]] = {
    "config show": ((), 0),
    "schema init": ((), 0),
    "schema status": ((), 0),
    "schema partitions": (("--from", "2024-01", "--to", "2024-02"), 0),
    "load": (("good.json", "bad.json"), 1),
    "test load-stub": (("--file", "good.json"), 0),
    "ingest": (("--job", "specific.yaml", "--game-pk", "1", "--game-pk", "2"), 1),
    "backfill": (("--job", "specific.yaml", "--game-pk", "1", "--transform"), 1),
    "replay": (("--from", "."), 0),
    "raw list": ((), 0),
    "raw show": (("--method", "sample.game", "--metadata"), 0),
    "raw export": (("exported",), 0),
    "transform": (("--job", "transform.yaml"), 1),
    "quarantine list": ((), 0),
    "quarantine show": (("1",), 0),
    "quarantine retry": (("--all",), 1),
    "quarantine accept": (("--reason", "another response", "--yes"), 0),
    "quarantine drop": (("--game-pk", "1", "--yes"), 0),
    "sql": (("plays",), 0),
    "status": ((), 1),
    "drift": ((), 0),
    "jobs list": ((), 0),
    "jobs pending": (("--job", "specific.yaml", "--param", "game_pk=1"), 0),
    "repair": (("--all",), 1),
    "verify rows": ((), 0),
    "verify sums": ((), 0),
    "views list": ((), 0),
    "views refresh": ((), 0),
    "export": (("--to", "csv:exported-tables"), 0),
    "schema drop-season": (("2024",), 0),
    "schema roles": ((), 0),
}
ROW = re.compile(r"^\| `([a-z -]+)` \| (an object per line|(?:a list|an object)[a-z ]*: [^;|]*).*\|$", re.MULTILINE)
PAGE = (Path(__file__).parents[2] / "docs" / "output.md").read_text()
DOCUMENTED = {command: re.findall(r"`(\w+)`", keys) for command, keys in ROW.findall(PAGE)}
OF_THEIR_OWN = {"rebuild", "schema restart", "live", "db start", "db stop", "db status"} | {
    f"lake {each}" for each in ("optimize", "vacuum", "history")
}


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            assert sub is not None
            yield from commands(sub, *path, name)
    else:
        yield " ".join(path), command


def program(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    line = [Path(sys.executable).with_name("mlb-etl"), *command.split(), *arguments, "--format", "json"]
    return subprocess.run(
        line, env=os.environ | environment, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        timeout=60,
    )  # fmt: skip


def told(command: str, output: str) -> Any:
    if command in LINES:
        return [json.loads(line) for line in output.splitlines()]
    return json.loads(output)


def first_keys(command: str, found: Any) -> list[str]:
    """The members of the object, or of each in it or in the list."""
    objects = found if isinstance(found, list) else [found]
    if command == "repair":
        objects = list(found.values())
    [keys] = {tuple(each) for each in objects}
    return list(keys)


def test_each_command_that_reports_has_it() -> None:
    having = {name for name, each in commands(cli) if any("--format" in option.opts for option in each.params)}
    assert having == {name for name, _ in commands(cli)} - EXEMPT
    assert having == COMMANDS.keys() | OF_THEIR_OWN, "and is run here, or in a test of its own"
    assert having == DOCUMENTED.keys()


def test_standard_output_is_json(api: Api, sample_database: str, tmp_path: Path) -> None:
    """Also where something failed, of which the log tells on standard error."""
    api.says(target(1), feed(1))
    api.says(target(2), NOT_FOUND)
    Path("transform.yaml").write_text(TRANSFORM)
    write(Path("good.json"), stub(response(3), game_pk=3))
    write(Path("bad.json"), stub(response(plays=[{"index": "first"}])))
    with connect(sample_database) as connection:
        load(connection, tmp_path, stub(response(rbi=(9,)), at(1)), stub(response(4), game_pk=4))
        load(connection, tmp_path, stub(response(4, score=99), game_pk=4))
        connection.execute("CREATE MATERIALIZED VIEW sample.totals AS SELECT count(*) AS plays FROM sample.plays")
    for command, (arguments, code) in COMMANDS.items():
        done = program(command, *arguments)
        assert done.returncode == code, (command, done.stdout, done.stderr)
        found = told(command, done.stdout)
        if command not in LINES:
            assert first_keys(command, found) == DOCUMENTED[command], command


@pytest.mark.usefixtures("api")
def test_a_dry_run_too() -> None:
    done = program("ingest", "--job", "specific.yaml", "--game-pk", "1", "--dry-run")
    assert [url.rpartition("/")[2] for url in json.loads(done.stdout)["requests"]] == ["1"]


@pytest.mark.usefixtures("api")
def test_of_the_embedded_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLB_ETL_DSN")
    folder = temporary_folder()
    monkeypatch.setenv("MLB_ETL_DATA", str(folder))
    try:
        assert json.loads(program("db status").stdout) == {
            "running": False, "folder": str(folder / "postgres"), "url": None,
        }  # fmt: skip
        started = json.loads(program("db start").stdout)
        assert started["started"] is True
        assert list(started) == DOCUMENTED["db start"]
        assert json.loads(program("db status").stdout)["url"] == started["url"]
    finally:
        stopped = program("db stop")
    assert json.loads(stopped.stdout) == {"stopped": True}
