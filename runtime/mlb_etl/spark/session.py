"""The session with Spark: in this process's JVM by `--master`, or over Spark Connect by `--remote`."""

import os
import re
import socket
import sys
import tempfile
import time
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from mlb_etl.errors import EtlError, redacted, shortened

try:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession
except ImportError as error:
    raise EtlError("--engine spark needs the packages of the extra spark: pip install 'mlb-etl[spark]'") from error

SPARK_ERRORS = (PySparkException, Py4JError)
"""What Spark raises: the first what it explains, the second what comes from the JVM as it is."""
_MASTER = re.compile(r"local(\[(\*|\d{1,4})(,\s*\d{1,3})?\])?|(spark|k8s)://\S{1,2000}|yarn")
_REMOTE = re.compile(r"sc://(?P<host>[\w.-]{1,253})(:(?P<port>\d{1,5}))?(/\S{0,2000})?", re.ASCII)
_JDBC = re.compile(r"jdbc:postgresql://[\w.:,\[\]-]{1,500}/[^\s/?@]{1,200}(\?[^\s@]{0,1000})?", re.ASCII)
_SECRET = re.compile(r"[?&](user|\w*password\w*)=", re.IGNORECASE)
_SUBMITTED = "PYSPARK_GATEWAY_PORT"  # spark-submit sets it for its program
_PORT = 15002  # of Spark Connect
_PATIENCE = 10.0  # seconds for a server to accept a connection; the library would try for minutes
_OPTIONS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "32",  # rows are documents with their bodies: a megabyte each
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where Spark runs: a master such as local[2], or a server of Spark Connect, sc://host:15002.

    Neither is needed below spark-submit, which has a master. `jdbc` is where its JVM reads captures in PostgreSQL.
    """

    master: str | None = None
    remote: str | None = None
    jdbc: str | None = None

    def __post_init__(self) -> None:
        if self.master is not None and self.remote is not None:
            raise EtlError("--master and --remote name two places for Spark: leave one of them out")
        if self.master is None and self.remote is None and _SUBMITTED not in os.environ:
            raise EtlError("--engine spark needs --master, such as local[2], or --remote, such as sc://host:15002")
        if self.master is not None and not _MASTER.fullmatch(self.master):
            expected = "local[2], spark://host:7077, k8s://https://host:6443 or yarn is expected"
            raise EtlError(f"--master is {shortened(redacted(self.master))}: {expected}")
        if self.remote is not None and not _REMOTE.fullmatch(self.remote):
            raise EtlError(f"--remote is {shortened(redacted(self.remote))}: a URL such as sc://host:15002 is expected")
        if self.jdbc is not None and _SECRET.search(self.jdbc):
            raise EtlError("--jdbc has a user or a password, which others could see: they are taken from MLB_ETL_DSN")
        if self.jdbc is not None and not _JDBC.fullmatch(self.jdbc):
            expected = "a URL such as jdbc:postgresql://host:5432/database is expected"
            raise EtlError(f"--jdbc is {shortened(redacted(self.jdbc))}: {expected}")


@contextmanager
def session(cluster: Cluster, package: str) -> Iterator[SparkSession]:
    """A session whose tasks can import this package and that of the tables."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas")  # we use none of it
    if (cluster.master or "").startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # else tasks run what PATH calls python3
    with (
        tempfile.TemporaryDirectory() as shipped
    ):  # as long as the session: each executor fetches from it when it starts
        found = _connected(cluster.remote) if cluster.remote is not None else _started(cluster.master)
        try:
            for name, value in _OPTIONS.items():
                found.conf.set(name, value)
            if not (cluster.master or "").startswith("local"):
                packages = ("mlb_contracts", "mlb_etl", package)
                _ship(found, packages, Path(shipped, "mlb_etl_packages.zip"), remote=cluster.remote is not None)
            yield found
        finally:
            with suppress(PySparkException, OSError):
                found.stop()


def _connected(remote: str) -> SparkSession:
    parts = _REMOTE.fullmatch(remote)
    host, port = (parts["host"], int(parts["port"] or _PORT)) if parts else ("", 0)
    _require_listening(host, port)
    try:
        return SparkSession.builder.remote(remote).getOrCreate()
    except ImportError as error:
        raise EtlError(f"--remote needs the packages of the extra spark: {error}") from error
    except PySparkException as error:
        raise EtlError(f"{redacted(remote)} can't be used: {shortened(first_line(error))}") from error


def _require_listening(host: str, port: int) -> None:
    """Wait for a server that was just started; raises EtlError if there is none."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection((host, port), _PATIENCE).close()
        except (OSError, OverflowError) as error:
            if time.monotonic() > until:
                raise EtlError(f"no Spark Connect server at {host}:{port}: {error}") from error
            time.sleep(0.2)
        else:
            return


def _started(master: str | None) -> SparkSession:
    builder = SparkSession.builder.appName("mlb-etl")
    if master is not None:
        builder = builder.master(master)
    builder = builder.config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.log.level", "ERROR").config("spark.sql.shuffle.partitions", "16")
    try:
        return builder.getOrCreate()
    except SPARK_ERRORS as error:
        why = f"{first_line(error)}; Java 17 or newer is needed, on PATH or in JAVA_HOME"
        raise EtlError(f"Spark did not start with --master {redacted(master or '')}: {why}") from error


def first_line(error: Exception) -> str:
    """The first line of an error that says something, as the rest is a stack of the JVM."""
    lines = (line.strip() for line in str(error).splitlines())
    return next((line for line in lines if line and not line.startswith("An error occurred while")), "no reason")


def _ship(spark: SparkSession, packages: tuple[str, ...], file: Path, *, remote: bool) -> None:
    """Send the packages to all tasks, as the generated one changes more often than the images of a cluster."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name in packages:
            _zip(zipped, Path(import_module(name).__file__ or "").parent, name)
    if not remote:
        spark.sparkContext.addPyFile(str(file))
        return
    with suppress(PySparkException):  # a server that takes none has to have them
        spark.addArtifacts(str(file), pyfile=True)


def _zip(zipped: zipfile.ZipFile, folder: Path, name: str) -> None:
    for each in sorted(folder.rglob("*")):
        if each.is_file() and "__pycache__" not in each.parts:
            zipped.write(each, f"{name.replace('.', '/')}/{each.relative_to(folder).as_posix()}")
