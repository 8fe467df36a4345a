"""A real PostgreSQL for the tests: one server a session, one database a test, cloned from one with the schema."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databases import create_database, create_template, serve, temporary_database
from feeds import shared
from hypothesis import settings
from variants import variant, variant_database, variants

from mlb_etl.stores.embedded.server import Server

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# for tests that want more than the fixtures give, and fixtures for all
__all__ = ["create_database", "variant", "variant_database", "variants"]

pytest_plugins = ["skips", "law_stores", "browser"]

# An example may wait for a server that other work on the machine slows down. In CI all runs have the same examples.
settings.register_profile("here", deadline=timedelta(seconds=10))
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


def pytest_configure(config: pytest.Config) -> None:
    """Allow unused snapshots when tests are only listed."""
    if config.option.collectonly:
        config.option.warn_unused_snapshots = True


POSTGRES_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    yield from serve(None)


@pytest.fixture(scope="session")
def server15() -> Iterator[Server]:
    if not POSTGRES_15.is_dir():
        pytest.skip(f"PostgreSQL 15 is not installed in {POSTGRES_15}")
    yield from serve(POSTGRES_15)


@pytest.fixture(scope="session")
def template(server: Server) -> str:
    return create_template(server, "mlb_tables")


@pytest.fixture(scope="session")
def sample_template(server: Server) -> str:
    return create_template(server, "sample_tables")


@pytest.fixture
def database(server: Server, template: str) -> Iterator[str]:
    """DSN of a fresh database in which `schema init` ran."""
    with temporary_database(server, template) as dsn:
        yield dsn


@pytest.fixture
def sample_database(server: Server, sample_template: str) -> Iterator[str]:
    """DSN of a fresh database with the tables of the hand-written package sample_tables."""
    with temporary_database(server, sample_template) as dsn:
        yield dsn


@pytest.fixture
def empty_database(server: Server) -> Iterator[str]:
    """DSN of a fresh database without anything."""
    with temporary_database(server) as dsn:
        yield dsn


@pytest.fixture(scope="module")
def spark_url() -> Iterator[str]:
    """Where a server of Spark Connect is, which reads and writes Delta tables."""
    pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")
    from spark_engine import served  # noqa: PLC0415 - what it imports may be missing

    with served() as found:
        yield found


@pytest.fixture(scope="module")
def spark(spark_url: str) -> Iterator["SparkSession"]:
    """A session with that server; a process can have one at a time, so each module has its own."""
    from mlb_etl.spark.session import Cluster, session  # noqa: PLC0415 - what it imports may be missing

    with session(Cluster(remote=spark_url), "mlb_tables") as found:
        yield found


@pytest.fixture(scope="session")
def stubs_dir() -> Path:
    """Captured responses: $MLB_STUBS, or ../shared/stubs beside the repository."""
    return _shared("stubs", "captured responses")


@pytest.fixture(scope="session")
def cases_dir() -> Path:
    """Small feeds with one condition each: $MLB_CASES, or ../shared/cases beside the repository."""
    return _shared("cases", "cases")


def _shared(name: str, content: str) -> Path:
    folder = shared(name)
    if folder.is_dir():
        return folder
    pytest.skip(f"no {content} in {folder}; set MLB_{name.upper()} to a folder that has them")
