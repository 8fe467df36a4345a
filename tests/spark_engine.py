"""Spark for tests: pysail over Spark Connect, which needs no JVM and reads and writes Delta tables."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from delta_lake import DeltaLaws
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from mlb_contracts import Method
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.spark.job import on_spark

os.environ.setdefault("RUST_LOG", "error")


@contextmanager
def served() -> Iterator[str]:
    """A server in this process; yields its URL."""
    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    try:
        host, port = server.listening_address
        yield f"sc://{host}:{port}"
    finally:
        server.stop()


def environment(**more: str) -> dict[str, str]:
    """Variables for a program with a JVM of its own: a session over Spark Connect in this process sets others."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")} | more


def needs_java() -> None:
    """Skip a test that starts Spark in a JVM."""
    if shutil.which("java") is None:
        pytest.skip("Java is not installed: apt-get install openjdk-17-jre-headless")


class SparkLaws(DeltaLaws):
    """The tables of a method in a lake that Spark fills."""

    def __init__(self, folder: Path | str, package: str, method: Method, spark: SparkSession) -> None:
        super().__init__(folder, package, method)
        self._spark = spark

    def pipeline(self, workers: int = 1, method: Method | None = None) -> Pipeline:
        return on_spark(super().pipeline(workers, method), self._spark)
