"""`mlb-etl transform --engine spark` and `python -m mlb_etl.spark`: what they print, and how they refuse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from samples import at, response, stub, write

from mlb_etl.cli import cli

MISSING = "Spark is not installed: pip install -r requirements/spark.txt"
WITHOUT = """
import sys
sys.modules["pyspark"] = None
from mlb_etl.cli import main
sys.argv[1:] = {words}
main()
"""
TRANSFORM = ["transform", "--method", "sample.game", "--engine", "spark"]
JDBC = ["--master", "local[1]", "--jdbc"]


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"MLB_ETL_TABLES": "sample_tables", "PYTHONPATH": str(Path(__file__).parents[1]), **more}


def run(folder: Path, *words: str, code: int = 0, **more: str) -> str:
    of = {"MLB_ETL_DSN": "delta:lake"} | more
    done = subprocess.run(
        [sys.executable, *words], env=environment(**of), cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stderr


def etl(folder: Path, *words: str, **more: str | int) -> str:
    return run(folder, str(Path(sys.executable).with_name("mlb-etl")), *words, **more)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a lake that has captures."""
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    write(stubs / "1.json", stub(response()))
    write(stubs / "2.json", stub(response(rbi=[1, 2, 0]), at(1)))
    etl(tmp_path, "schema", "init")
    etl(tmp_path, "load", "stubs")
    return tmp_path


def test_transform_over_spark_connect(folder: Path, spark_url: str) -> None:
    assert "applied 2, same 0, stale 0, quarantined 0" in etl(folder, *TRANSFORM, "--remote", spark_url)
    module = ["-m", "mlb_etl.spark", "--method", "sample.game", "--remote", spark_url, "--replay", "--format", "json"]
    again = json.loads(run(folder, *module))
    assert (again["documents"]["applied"], again["tables"]["sample.plays"]["unchanged"]) == (1, 3)
    assert not (folder / "lake/etl/spark").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--engine spark needs --master, such as local[2], or --remote, such as sc://host:15002"),
        (["--master", "local[2]", "--remote", "sc://a:1"], "--master and --remote name two places for Spark"),
        (["--master", "locl[2]"], "--master is 'locl[2]': local[2], spark://host:7077"),
        (["--remote", "http://user:secret@host"], "--remote is '***@host': a URL such as sc://host:15002 is expected"),
        ([*JDBC, "jdbc:mysql://host/db"], "--jdbc is 'jdbc:mysql://host/db': a URL such as jdbc:postgresql://host:"),
        ([*JDBC, "jdbc:postgresql://user:secret@host/db"], "--jdbc is '***@host/db': a URL such as "),
        ([*JDBC, "jdbc:postgresql://host/db?password=secret"], "--jdbc has a user or a password, which others could"),
        ([*JDBC, "jdbc:postgresql://host/db?ssl=true&sslpassword=secret"], "--jdbc has a user or a password, which"),
        ([*JDBC, f"jdbc:postgresql://{'h' * 600}/db"], "--jdbc is 'jdbc:postgresql://hhh"),
        (["--remote", "sc://127.0.0.1:9"], "no Spark Connect server at 127.0.0.1:9: "),
    ],
)
def test_a_place_without_spark_is_refused(words: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyspark", reason=MISSING)
    monkeypatch.setattr("mlb_etl.spark.session._PATIENCE", 0.1)
    done = CliRunner().invoke(cli, [*TRANSFORM, *words], env=environment(MLB_ETL_DSN="delta:lake"))
    assert (done.exit_code, done.stderr.startswith(f"Error: {said}")) == (1, True), done.output
    assert "secret" not in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--master", "local[2]"], "--master, --remote, --jdbc and --stream are for --engine spark"),
        (
            ["--engine", "spark", "--remote", "sc://a:1", "--jdbc", "url"],
            "--jdbc needs --master, and is not for --stream",
        ),
        (["--engine", "spark", "--remote", "sc://a:1", "--stream", "f"], "--stream needs --master: a server of Spark"),
        (["--once"], "--once is for --stream"),
    ],
)
def test_options_that_do_not_go_together(words: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, ["transform", "--method", "sample.game", *words], env=environment())
    assert (done.exit_code, said in done.stderr) == (2, True), done.stderr


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    said = run(tmp_path, "-c", WITHOUT.format(words=[*TRANSFORM, "--master", "local[2]"]), code=1)
    assert said == "Error: --engine spark needs the packages of the extra spark: pip install 'mlb-etl[spark]'\n"
