"""A lake in a bucket that Spark fills: the same rows and counts as in a folder, and nothing is left behind."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")

import obstore
import s3
from delta_lake import DeltaLaws
from laws import documents, nonzero, snapshot
from sample_tables.game import METHOD
from samples import PACKAGE, at, response
from spark_engine import SparkLaws

from mlb_etl.spark.session import Cluster, session

PLAYS = [1, 0, 2, 0, 1, 0]
CAPTURES = (
    ([snapshot(METHOD, game, at(0), response(game, rbi=PLAYS)) for game in (1, 2)], (2, 0, 0, 0)),
    (
        [
            snapshot(METHOD, 1, at(1), response(1, rbi=[*PLAYS[:-2], 3])),  # a row is corrected, and one vanishes
            snapshot(METHOD, 2, at(1), b'{"gamePk": "2"}', broken=True),
        ],
        (1, 2, 0, 1),
    ),
)


@contextmanager
def sail(**more: str) -> Iterator[str]:
    """A server of its own, with the environment that it needs for a bucket; yields its URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "RUST_LOG": "error", **more}
    program = str(Path(sys.executable).with_name("sail"))
    with subprocess.Popen([program, "spark", "server", "--port", str(port)], env=environment) as server:
        try:
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.kill()


def test_a_lake_in_a_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with s3.serve() as bucket:
        for name, value in bucket.environment.items():
            monkeypatch.setenv(name, value)
        with (
            sail(AWS_ALLOW_HTTP="true", AWS_REGION="us-east-1") as url,
            session(Cluster(remote=url), PACKAGE) as spark,
        ):
            alone = DeltaLaws(tmp_path, PACKAGE, METHOD)
            ours = SparkLaws(f"s3://{s3.BUCKET}/lake", PACKAGE, METHOD, spark)
            for captures, outcome in CAPTURES:
                for each in (alone, ours):
                    each.arrive(*captures)
                expected, done = alone.run([1, 2]), ours.run([1, 2])
                assert (documents(done), nonzero(done.tables)) == (documents(expected), nonzero(expected.tables))
                assert documents(done) == outcome
            assert ours.rows(1, 2) == alone.rows(1, 2)
            assert ours.watermarks(1, 2) == alone.watermarks(1, 2)
            assert ours.quarantine(1, 2) == alone.quarantine(1, 2)
        names = [each["path"] for some in obstore.list(bucket.store(), "lake/") for each in some]
    assert any(name.startswith("lake/sample/plays/") for name in names)
    assert not [name for name in names if name.startswith("lake/etl/spark")]
