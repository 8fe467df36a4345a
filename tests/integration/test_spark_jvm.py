"""Spark in a JVM fills PostgreSQL: from its raw table, and as a stream from an object store that is killed half way."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")

import spark_engine
from delta_lake import DeltaLaws
from laws import Laws, Snapshot, snapshot
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response
from spark_engine import needs_java

from mlb_etl.capture.object_store import ObjectStore, object_name
from mlb_etl.spark.objects import scope

PLAYS = [1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 1, 0]
GAMES = range(1, 7)
SPARK = ["transform", "--method", "sample.game", "--engine", "spark", "--master", "local[2]"]
CAPTURES = [
    snapshot(METHOD, game, at(minute), response(game, rbi=[minute, *PLAYS])) for minute in (0, 1) for game in GAMES
]


def environment(database: str, **more: str) -> dict[str, str]:
    tests = str(Path(__file__).parents[1])
    return spark_engine.environment(MLB_ETL_TABLES=PACKAGE, MLB_ETL_DSN=database, PYTHONPATH=tests, **more)


def command(*words: str) -> list[str]:
    return [str(Path(sys.executable).with_name("mlb-etl")), *SPARK, *words]


@pytest.mark.timeout(480)  # a JVM starts in seconds, or in a minute where others work
def test_postgres_is_filled_and_a_lake_needs_spark_with_delta(tmp_path: Path, sample_database: str) -> None:
    """Each task applies whole documents; Spark from PyPI has no JARs of Delta Lake, and says so."""
    needs_java()
    server, lake = Laws(sample_database, PACKAGE, METHOD), DeltaLaws(tmp_path / "lake", PACKAGE, METHOD)
    broken = snapshot(METHOD, 9, at(0), b'{"gamePk": "9"}', broken=True)
    conflict = snapshot(METHOD, 1, at(1), response(1, rbi=[4, 4]))
    server.arrive(*CAPTURES, broken, conflict)
    targets = ["--target", sample_database, "--target", f"delta:{tmp_path / 'lake'}"]
    words, of = command("--format", "json", *targets), environment(sample_database)
    done = subprocess.run(words, env=of, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    of_server, of_lake = json.loads(done.stdout)["targets"].values()
    assert of_server["documents"] == {"applied": 12, "same": 0, "stale": 0, "quarantined": 2}
    assert of_server["tables"]["sample.plays"] == {"inserted": 78, "updated": 6, "unchanged": 72, "deleted": 0}
    assert of_lake["error"].startswith(
        "this Spark can't read Delta tables: start it with --packages io.delta:delta-spark_"
    )
    ends(server, CAPTURES[len(GAMES) :])
    assert set(server.quarantine(1, 9).values()) == {"waiting"}
    assert not lake.rows(*GAMES)["sample.plays"]


@pytest.mark.timeout(480)  # a JVM starts in seconds, or in a minute where others work
def test_a_stream_that_is_killed_ends_right_when_it_goes_on(tmp_path: Path, sample_database: str) -> None:
    needs_java()
    store = ObjectStore(str(tmp_path / "store"), make=True)
    for each in CAPTURES:
        store.put(each.response)
    words = command("--stream", str(tmp_path / "checkpoint"), "--files", "2")
    of = environment(sample_database, MLB_ETL_OBJECT_STORE=str(tmp_path / "store"))
    server = Laws(sample_database, PACKAGE, METHOD)
    with subprocess.Popen(words, env=of, start_new_session=True, stdout=subprocess.DEVNULL) as stream:
        while not server.watermarks(*GAMES):
            assert stream.poll() is None
            time.sleep(0.02)
        os.killpg(stream.pid, signal.SIGKILL)
    with connect(sample_database) as connection:
        [(stored,)] = connection.execute("SELECT count(*) FROM sample.raw_game").fetchall()
    assert 0 < stored < len(CAPTURES)
    later = [snapshot(METHOD, 1, at(5), response(1, rbi=PLAYS)), snapshot(METHOD, 8, at(5), response(8, rbi=[1]))]
    for each in later:
        store.put(each.response)
    done = subprocess.run([*words, "--files", "6", "--once"], env=of, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ends(server, [*CAPTURES[len(GAMES) + 1 :], *later])
    assert server.quarantine(*GAMES, 8) == {}


def test_a_batch_of_a_stream_is_about_the_documents_of_all_its_objects() -> None:
    names = [object_name(each.response) for each in CAPTURES]
    assert {key: sorted(values) for key, values in scope(METHOD, names).items()} == {"game_pk": [*GAMES]}
    assert scope(METHOD, []) == {}


def ends(laws: Laws, newest: Sequence[Snapshot]) -> None:
    for each in newest:
        assert laws.rows(each.game_pk) == each.rows
        assert laws.watermarks(each.game_pk)[each.game_pk][:2] == (each.as_of, each.digest)
