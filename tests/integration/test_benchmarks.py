"""Benchmarks run: contenders end in equal rows, and what is said to be written is what there is."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import captures
import pytest
import unmeasured
from checks import some
from games import simulated
from growth import Growth
from live_day import follow
from machine import machine
from samples import connect
from tables import TableSet, digest

ROOT = Path(__file__).parents[2]
GAMES = 3
LOADERS = ["ours", "ours, one worker", "ours, Delta", "expert", "Polars and ADBC", "dlt"]
SCENARIOS = ["first load", "again", "later, unchanged", "one row changed", "1 % of rows changed"]
KEYS = {
    *("first_load_ms_per_game", "dlt_ratio", "expert_ratio", "floor_ratio", "rows_per_second", "raw_store_ms"),
    *("peak_memory_mb", "wal_bytes_per_row", "document_ms", "unchanged_ms_per_game", "polars_ratio"),
    *("dlt_cpu_ratio", "expert_cpu_ratio", "delta_cpu_ratio"),
}


def bench(*options: str) -> Any:
    program = str(ROOT / "benchmarks" / "bench.py")
    command = [sys.executable, program, *options, "--rounds", "1", "--format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=unmeasured.environment(), check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.timeout(600)  # ten databases of a thousand files each, with the settings of a server that keeps data
def test_loaders_side_by_side() -> None:
    """The programs fail unless all loaders end in equal rows."""
    if shutil.which("dlt") is None:
        pytest.skip('dlt is not installed: PATH="$PATH:$(benchmarks/contenders/install_dlt.sh)/bin"')
    [its] = bench("--tables", "17", "--games", str(GAMES))["tables"].values()
    assert its.keys() >= KEYS
    assert all(its[name] > 0 for name in KEYS)
    runs = its["runs"]
    loaders = {name: each for name, each in runs.items() if "again" in each}
    assert [*loaders] == LOADERS
    assert all([*each] == SCENARIOS for each in loaders.values())
    rows = {name: [run["rows"] for run in each.values()] for name, each in loaders.items()}
    first = rows["ours"][0]
    one_percent = -(-first // 100)
    assert rows["ours"] == rows["ours, one worker"] == [first, 0, 0, 1, one_percent]  # as each game has as many
    assert rows["expert"] == rows["Polars and ADBC"] == [first] * len(SCENARIOS)
    assert rows["dlt"] == [first, 0, 0, first, first]
    assert runs["floor"]["COPY, plain"]["rows"] == runs["floor"]["COPY, game"]["rows"] == first


def test_growth() -> None:
    with machine() as on:
        its = Growth(on, simulated(1), rounds=1)
        [alone], [later], views = its.games([2], 2).values(), its.seasons([1], 2, 3).values(), its.views(2)
        stored, questions = its.stored(2), its.questions(2)
    assert alone["rows"] == later["rows"] > 0
    assert views["game.pitch_arsenal"].keys() == {"filled", "one game changed"}
    assert stored.keys() == {"tables", "raw"}
    assert all(its["ms"] > 0 for its in some(questions.values()))


def test_captures_are_read_back_however_they_are_stored() -> None:
    its = captures.measure(1, polls=15)
    whole, alone = its.pop("none"), its["alone, level 1"]
    assert whole["captures"] >= 11
    assert its["chain, each 10th whole, level 3"]["bytes"] < alone["bytes"] < whole["bytes"]


@pytest.mark.parametrize("options", [(), ("--diff",)])
def test_games_are_followed(options: tuple[str, ...]) -> None:
    its = follow(5, *options)
    assert its["applied"] > 0 < its["latency_ms"]["p50"] <= its["latency_ms"]["most"]
    assert its["captures"] >= 12
    assert min(its["cores"].values()) > 0


def test_rows_that_differ_are_noticed(empty_database: str) -> None:
    """Whatever types two loaders chose; not the order of their rows."""
    compared = TableSet("none", Path(), {"pitches": {"id": "bigint", "speed": "numeric", "at": "timestamptz"}})
    found = []
    with connect(empty_database) as connection:
        for number, speeds in (("smallint", ("95.50", "91")), ("bigint", ("95.5", "91.0")), ("int", ("95.4", "91"))):
            connection.execute(f"CREATE SCHEMA {number}; SET search_path = {number}".encode())
            connection.execute(f"CREATE TABLE pitches (id {number}, speed numeric, at timestamptz)".encode())
            rows = [*zip((1, 2), speeds, ("2024-07-01", None), strict=True)]
            insert = "INSERT INTO pitches VALUES (%s, %s, %s)"
            connection.cursor().executemany(insert, rows if number == "int" else reversed(rows))
            found.append(digest(connection, compared, number))
    one, two, other = found
    assert one == two != other
    assert [rows for rows, _ in (*one.values(), *other.values())] == [2, 2]
