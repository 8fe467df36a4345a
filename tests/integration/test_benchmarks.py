"""Benchmarks run, and the rows that the one of backfills says were written are the rows that there are."""

import json
import subprocess
import sys
from pathlib import Path

import unmeasured

from mlb_contracts import Capture
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.extract.extract import extract

ROOT = Path(__file__).parents[2]
FEED = "game/liveGameV1/747175_20240713T041909Z.json.gz"


def rows_of_a_game(stubs: Path) -> int:
    response = stub_files.parse_stub(stub_files.read_file(stubs / FEED))
    assert response is not None
    method = registry.method("mlb_tables", "game.liveGameV1")
    extracted = extract(method, Capture(response.captured_at, response.path_params), response.data)
    return sum(map(len, extracted.rows))


def test_rows_written_by_a_backfill(stubs_dir: Path) -> None:
    options = ["--games", "3", "--rounds", "1", "--processes", "2", "--format", "json", "--stubs", str(stubs_dir)]
    command = [sys.executable, str(ROOT / "benchmarks" / "backfill.py"), *options]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=unmeasured.environment())
    written = {name: its["2"]["rows"] for name, its in json.loads(done.stdout).items()}
    all_rows = rows_of_a_game(stubs_dir)
    assert written == {
        "first load": all_rows,
        "unchanged": 0,
        "unchanged, later": 0,
        "one row changed": 1,
        "expert, plain tables": written["expert, same schema"],
        "expert, same schema": written["expert, same schema"],
    }
    assert 589 <= written["expert, same schema"] < all_rows  # tables that it can't write plainly are left out


def test_a_lake_beside_postgres(stubs_dir: Path) -> None:
    options = ["--games", "2", "--rounds", "1", "--format", "json", "--stubs", str(stubs_dir)]
    command = [sys.executable, str(ROOT / "benchmarks" / "lake.py"), *options]
    runs = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert [*runs] == ["captures stored", "first load", "unchanged", "unchanged, later", "one row changed"]
    assert all({*its} == {"postgres", "delta"} and its["delta"][0]["cpu"] > 0 for its in runs.values())
