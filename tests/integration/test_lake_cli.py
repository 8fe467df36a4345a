"""A lake from the command line: in a folder and in a bucket, twice, with clear errors for what needs PostgreSQL."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pytest
import s3
from checks import some
from click.testing import CliRunner, Result
from samples import at, response, stub, write

from mlb_contracts.response import Response
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.cli import cli
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.lake import Lake, Overtaken

Run: TypeAlias = Callable[..., Result]


@pytest.fixture(scope="module")
def bucket() -> Iterator[s3.S3]:
    with s3.serve() as server:
        yield server


@pytest.fixture(params=["folder", "bucket"])
def run(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs mlb-etl on the lake, in this process: to start one takes longer than all that it does."""
    environment = {"MLB_ETL_TABLES": "sample_tables", "MLB_ETL_DSN": "delta:lake"}
    if request.param == "bucket":
        server: s3.S3 = request.getfixturevalue("bucket")
        environment |= server.environment | {"MLB_ETL_DSN": f"delta:s3://{s3.BUCKET}/{tmp_path.name}"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli, words)


def said(run: Run, *words: str, code: int = 0) -> str:
    done = run(*words)
    assert done.exit_code == code, done.output
    return done.stdout + done.stderr


def test_from_files_to_tables(run: Run, tmp_path: Path) -> None:
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    write(stubs / "1.json", stub(response()))
    write(stubs / "2.json", stub(response(rbi=[1, 2, 0]), at(1)))
    assert "the lake lacks etl.watermark: run `mlb-etl schema init" in said(run, "load", "stubs", code=1)
    assert json.loads(said(run, "schema", "status", "--format", "json", code=1))["differences"]
    assert "made sample.plays" in said(run, "schema", "init")
    assert said(run, "schema", "init") == "the schema is up to date\n"
    assert said(run, "schema", "status") == "the schema is up to date\n"
    assert "stored 2, unchanged 0" in said(run, "load", "stubs")
    assert "stored 0, unchanged 0, known 2" in said(run, "load", "stubs")
    assert "applied 2, same 0, stale 0, quarantined 0" in said(run, "transform", "--method", "sample.game")
    assert "applied 0, same 1, stale 1, quarantined 0" in said(run, "transform", "--method", "sample.game")
    again = json.loads(said(run, "transform", "--method", "sample.game", "--replay", "--format", "json"))
    assert again["tables"]["sample.plays"]["unchanged"] == 3
    assert "sample.game" in said(run, "raw", "list")
    assert json.loads(said(run, "raw", "show", "--method", "sample.game"))["plays"][1]["rbi"] == 2
    assert "written 2" in said(run, "raw", "export", "out")
    assert "1 documents, 0 changed" in said(run, "repair", "--all")


FROM_STORE = """\
name: from_store
source: {{endpoint: sample, method: game}}
storage:
  raw: {{backend: object_store}}
  targets: [{{backend: delta, place: {place}}}, {{backend: delta, place: second}}]
"""


@pytest.mark.parametrize("run", ["bucket"], indirect=True)
def test_from_a_bucket_to_two_lakes(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One in a bucket and one in a folder, without PostgreSQL."""
    place = f"s3://{s3.BUCKET}/{tmp_path.name}"
    monkeypatch.setenv("MLB_ETL_OBJECT_STORE", f"{place}-captures")
    store = ObjectStore(f"{place}-captures")
    for minute in range(2):
        body = json.dumps(response(rbi=[minute, 1, 1])).encode()
        store.put(Response("sample", "game", {"game_pk": "1"}, {}, "http://x", 200, at(minute), body))
    Path("job.yaml").write_text(FROM_STORE.format(place=place))
    both = ("--target", f"delta:{place}", "--target", "delta:second")
    assert said(run, "schema", "init", *both).count("made sample.plays") == 2
    first = json.loads(said(run, "transform", "--job", "job.yaml", "--format", "json"))["targets"]
    assert [*first] == [f"delta:{place}", "delta:second"]
    for its in some(first.values()):
        assert (its["restored"]["stored"], its["documents"]["applied"]) == (2, 2)
    again = said(run, "transform", "--job", "job.yaml")
    assert again.count("from the object store: stored 0, unchanged 0, known 2, refused 0") == 2


def test_upkeep(run: Run, tmp_path: Path) -> None:
    said(run, "schema", "init")
    for minute in range(3):
        write(tmp_path / "one.json", stub(response(9, rbi=[minute, 1, 1]), at(minute), game_pk=9))
        said(run, "load", "one.json", "--transform")
    assert "sample.raw_game" in said(run, "lake", "optimize")
    compacted = json.loads(said(run, "lake", "optimize", "--format", "json"))
    assert all(each["added"] == 0 for each in some(compacted))
    versions = json.loads(said(run, "lake", "history", "sample.plays", "--format", "json"))
    assert [each["operation"] for each in versions].count("WRITE") == 3
    assert "OPTIMIZE" in said(run, "lake", "history", "sample.raw_game", "--limit", "1")
    assert "deleted 0 files" in said(run, "lake", "vacuum")
    assert "the lake has no table sample.other" in said(run, "lake", "history", "sample.other", code=1)
    assert "applied 0, same 1" in said(run, "transform", "--method", "sample.game", "--param", "game_pk=9")


def test_a_commit_to_a_bucket_never_replaces_another(
    bucket: s3.S3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in bucket.environment.items():
        monkeypatch.setenv(name, value)
    lake, columns = Lake.at(f"s3://{s3.BUCKET}/{tmp_path.name}"), pa.schema([("writer", pa.int64())])
    lake.create("etl", "commits", columns)
    first, second = (lake.open("etl", "commits") for _ in range(2))
    lakes.append(first, pa.table([[1]], schema=columns))
    with pytest.raises(Overtaken, match="another writer came first"):
        lakes.append(second, pa.table([[2]], schema=columns))
    assert lakes.rows(lake.open("etl", "commits")).to_pylist() == [{"writer": 1}]


@pytest.mark.parametrize("command", [["views", "list"], ["views", "refresh"], ["schema", "drop-season", "2024"]])
def test_what_needs_postgres_says_so(tmp_path: Path, command: list[str]) -> None:
    environment = os.environ | {"MLB_ETL_DSN": "delta:lake"}
    line = [Path(sys.executable).with_name("mlb-etl"), *command]
    done = subprocess.run(line, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: this needs PostgreSQL, and MLB_ETL_DSN names a lake\n"


def test_a_lake_command_on_postgres_says_what_it_needs() -> None:
    line = [Path(sys.executable).with_name("mlb-etl"), "lake", "optimize", "--target", "postgresql:///nowhere"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "Error: this needs a lake: name it with --target delta:FOLDER or delta:s3://bucket/prefix\n"
