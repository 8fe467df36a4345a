"""Spark's JVM reads the captures in PostgreSQL by JDBC, with a password that nobody sees, and fills its tables."""

import json
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")

from databases import FAST, WRITER, create_database, create_template, temporary_folder
from laws import Laws, snapshot
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from sample_tables.game import METHOD
from samples import PACKAGE, at, response
from spark_engine import environment, needs_java

from mlb_etl.stores.embedded.server import Server

DRIVER = Path("/usr/share/java/postgresql.jar")
HBA = "local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n"
PLAYS = [1, 0, 2, 0, 1, 0, 0, 1, 0, 0, 1, 0]
GAMES = range(1, 7)
CAPTURES = [
    *(snapshot(METHOD, game, at(minute), response(game, rbi=[minute, *PLAYS])) for minute in (0, 1) for game in GAMES),
    snapshot(METHOD, 9, at(0), b'{"gamePk": "9"}', broken=True),
    snapshot(METHOD, 1, at(1), response(1, rbi=[4, 4])),
]


@dataclass(frozen=True)
class Guarded:
    """Two databases with the same captures, on a server that asks for a password."""

    one: Laws
    other: Laws
    address: str
    password: str

    def dsn(self, of: Laws) -> str:
        return f"postgresql://{WRITER}:{self.password}@{self.address}/{self.name(of)}"

    def url(self, of: Laws) -> str:
        return f"jdbc:postgresql://{self.address}:5432/{self.name(of)}"

    def name(self, of: Laws) -> str:
        return str(conninfo_to_dict(of.connection.info.dsn)["dbname"])


@pytest.fixture
def guarded() -> Iterator[Guarded]:
    folder, address = temporary_folder(), f"127.{1 + secrets.randbelow(254)}.{1 + secrets.randbelow(254)}.1"
    server = Server(folder / "postgres", settings=FAST | {"listen_addresses": address})
    server.start()
    try:
        (server.home / "data" / "pg_hba.conf").write_text(HBA)
        template, password = create_template(server, PACKAGE), secrets.token_urlsafe(24)
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(WRITER), sql.Literal(password))
            )
        one, other = (Laws(create_database(server, template), PACKAGE, METHOD) for _ in range(2))
        for each in (one, other):
            each.arrive(*CAPTURES)
        yield Guarded(one, other, address, password)
    finally:
        server.stop()
        shutil.rmtree(folder)


def transform(dsn: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """The program, with the password in its environment alone."""
    tests = str(Path(__file__).parents[1])
    of = environment(MLB_ETL_TABLES=PACKAGE, MLB_ETL_DSN=dsn, PYTHONPATH=tests, **more)
    command = [str(Path(sys.executable).with_name("mlb-etl")), "transform", "--method", "sample.game", *words]
    return subprocess.run(command, env=of, capture_output=True, text=True, check=False)


@pytest.mark.timeout(480)  # a JVM starts in seconds, or in a minute where others work
def test_captures_read_by_jdbc_end_as_those_read_by_tasks(guarded: Guarded, tmp_path: Path) -> None:
    """They are read from another server here: the responses in the database that is written to are damaged.

    The event log has what Spark's pages show: its settings, plans and stages.
    """
    needs_java()
    if not DRIVER.exists():
        pytest.skip("the JDBC driver is not installed: apt-get install libpostgresql-jdbc-java")
    (tmp_path / "events").mkdir()
    (tmp_path / "spark-defaults.conf").write_text(
        f"spark.jars {DRIVER}\nspark.eventLog.enabled true\nspark.eventLog.compress false\nspark.eventLog.dir file://{tmp_path}/events\n"
    )
    guarded.one.connection.execute("UPDATE sample.raw_game SET body = 'damaged'")
    lake = tmp_path / "lake"
    targets = ["--target", guarded.dsn(guarded.one), "--target", f"delta:{lake}"]
    spark = ["--engine", "spark", "--master", "local[2]", "--jdbc", guarded.url(guarded.other), *targets]
    done = transform(guarded.dsn(guarded.one), "--format", "json", *spark, SPARK_CONF_DIR=str(tmp_path))
    assert done.returncode == 1, done.stderr
    by_jdbc, of_lake = json.loads(done.stdout)["targets"].values()
    assert of_lake["error"] == "--jdbc is for captures in PostgreSQL: a lake has its own"

    here = transform(guarded.dsn(guarded.other), "--format", "json", "--workers", "1")
    assert here.returncode == 1, here.stderr
    expected = json.loads(here.stdout)
    assert (by_jdbc["documents"], by_jdbc["tables"]) == (expected["documents"], expected["tables"])
    assert by_jdbc["documents"] == {"applied": 12, "same": 0, "stale": 0, "quarantined": 2}
    assert guarded.one.rows(*GAMES, 9) == guarded.other.rows(*GAMES, 9)
    assert guarded.one.watermarks(*GAMES) == guarded.other.watermarks(*GAMES)
    assert guarded.one.quarantine(1, 9) == guarded.other.quarantine(1, 9)

    told = "".join(path.read_text() for path in (tmp_path / "events").rglob("*") if path.is_file())
    assert "JDBCRelation" in told
    assert guarded.password not in told + done.stdout + done.stderr


@pytest.mark.timeout(480)  # as above
def test_a_spark_without_the_driver_says_so(sample_database: str) -> None:
    needs_java()
    Laws(sample_database, PACKAGE, METHOD).arrive(CAPTURES[0])
    spark = ["--engine", "spark", "--master", "local[1]", "--jdbc", "jdbc:postgresql://127.0.0.1/database"]
    done = transform(sample_database, *spark)
    assert done.returncode == 1
    assert "this Spark has no JDBC driver of PostgreSQL: name org.postgresql:postgresql:" in done.stderr
    assert "Traceback" not in done.stderr
