"""Several targets in one run: each request is sent once, each target gets its answer, and one that fails stops none."""

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import api as fake
import pytest
from commands import run
from databases import FAST, create_template, temporary_folder
from psycopg import sql
from sample_tables.game import METHOD
from samples import at, connect, response, stub, write

from mlb_contracts.response import Response
from mlb_etl.capture.object_store import ObjectStore
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.embedded.server import Server

BOTH = ("--target", "postgres", "--target", "delta:lake")
URL = "/api/v1/sample/{}"
JOB = """\
name: both
source: {endpoint: sample, method: game}
parameters:
  - {name: game_pk, type: "list[int]"}
storage:
  raw: [{backend: postgres}]
  targets: [{backend: postgres}, {backend: delta, place: lake}]
"""
FROM_STORE = """\
name: from_store
source: {endpoint: sample, method: game}
parameters:
  - {name: game_pk, type: "list[int]"}
storage:
  raw: {backend: object_store}
  targets: {backend: delta, place: lake}
"""


@pytest.fixture
def api() -> Iterator[fake.Api]:
    with fake.serve() as served:
        yield served


@pytest.fixture(autouse=True)
def environment(api: fake.Api, sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = {"DSN": sample_database, "TABLES": "sample_tables", "BASE_URL": api.url, "RATE": "off"}
    for name, value in (settings | {"DATA": str(tmp_path), "OBJECT_STORE": "store"}).items():
        monkeypatch.setenv(f"MLB_ETL_{name}", value)
    assert run("schema", "init", "--target", "delta:lake").exit_code == 0


def said(*words: object, code: int = 0) -> Any:
    done = run(*words, "--format", "json")
    assert done.exit_code == code, done.output
    return json.loads(done.stdout)


def job(text: str) -> str:
    Path("job.yaml").write_text(text)
    return "job.yaml"


def rows(table: str, dsn: str | None = None) -> set[tuple[Any, ...]]:
    """The rows of a table of the lake or, if its DSN is given, of the database."""
    [facts] = [each for each in METHOD.tables if each.name == table]
    names = [each.name for each in facts.columns]
    if dsn is None:
        found = lakes.rows(Lake.at("lake").open("sample", table)).to_pylist()
        return {tuple(row[name] for name in names) for row in found}
    with connect(dsn) as connection:
        query = sql.SQL("SELECT {} FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier("sample", table)
        )
        return {*connection.execute(query).fetchall()}


def batted_in(game: int) -> set[int]:
    names = [each.name for each in METHOD.tables[1].columns]
    found = (dict(zip(names, row, strict=True)) for row in rows("plays"))
    return {row["rbi"] for row in found if row["game_pk"] == game}


def test_each_request_is_sent_once_and_each_target_gets_the_answer(api: fake.Api, sample_database: str) -> None:
    for game in (1, 2):
        api.says(URL.format(game), response(game))
    done = said("ingest", "--job", job(JOB), "--param", "game_pk=1", "--param", "game_pk=2", "--quiet")
    assert sorted(api.targets()) == [URL.format(1), URL.format(2)]
    for target in ("postgres", "delta:lake"):
        its = done["targets"][target]
        assert (its["stored"], its["transform"]["documents"]["applied"]) == (2, 2)
        assert its["transform"]["tables"]["sample.plays"]["inserted"] == 6
    assert rows("plays") == rows("plays", sample_database)
    assert len(rows("plays")) == 6

    again = run("backfill", "--job", "job.yaml", "--param", "game_pk=1", "--param", "game_pk=2", "--workers", "2")
    assert again.exit_code == 0, again.output
    assert len(api.asked) == 4
    for target in ("postgres", "delta:lake"):
        assert f"{target}:\nno row changed; 0 already match the captures\n" in again.stdout
    assert again.stdout.count("stored 0, unchanged 2, skipped 0, failed 0\n") == 2


def test_what_only_the_raw_layer_needs_is_not_applied(api: fake.Api, sample_database: str) -> None:
    api.says(URL.format(1), response(1))
    text = JOB.replace("targets: [{backend: postgres}, ", "targets: [")
    done = said("ingest", "--job", job(text), "--param", "game_pk=1", "--quiet")["targets"]
    assert (done["postgres"]["stored"], done["postgres"]["transform"]) == (1, None)
    assert done["delta:lake"]["transform"]["documents"]["applied"] == 1
    assert (rows("games", sample_database), len(rows("games"))) == (set(), 1)
    again = said("transform", "--job", "job.yaml")
    assert again["documents"]["same"] == 1, "of the lake, which is the only target"


def test_a_failed_request_is_sent_once_and_fails_in_each(api: fake.Api) -> None:
    done = said("ingest", "--method", "sample.game", "--param", "game_pk=1", *BOTH, "--quiet", code=1)
    assert api.targets() == [URL.format(1)]
    assert [each["failures"][0]["error"] for each in done["targets"].values()] == ["NotFound", "NotFound"]


@pytest.mark.parametrize("first", [True, False])
def test_a_target_that_fails_holds_back_no_other(
    api: fake.Api,
    sample_database: str,
    first: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    api.says(URL.format(1), response(1))
    api.says(URL.format(2), response(2))
    bad = "postgresql://me:secret@127.0.0.1:1/none"
    names = [f"--target={each}" for each in ((bad, "postgres") if first else ("postgres", bad))]
    games = ("--param", "game_pk=1", "--param", "game_pk=2")
    done = run("ingest", "--method", "sample.game", *games, *names, "--transform", "--quiet", "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)["targets"]
    [its] = [each for name, each in found.items() if name == "postgres"]
    [other] = [each for name, each in found.items() if "127.0.0.1" in name]
    assert (its["stored"], its["transform"]["documents"]["applied"]) == (2, 2)
    assert "connection" in other["error"]
    assert len(rows("games", sample_database)) == 2
    assert len(api.asked) == 2
    assert "Error: 1 of 2 targets failed" in done.stderr
    assert "secret" not in done.output
    for command in (("schema", "status"), ("transform", "--method", "sample.game")):
        done = run(*command, *names)
        assert done.exit_code == 1
        assert "Error: 1 of 2 targets failed" in done.stderr


@pytest.fixture
def doomed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server for this test alone, with the database that MLB_ETL_DSN names."""
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST)
    server.start()
    monkeypatch.setenv("MLB_ETL_DSN", server.url(create_template(server, "sample_tables")))
    yield server
    server.stop()
    shutil.rmtree(folder)


def stop_server(request: pytest.FixtureRequest) -> Callable[[], object]:
    server: Server = request.getfixturevalue("doomed")
    return server.stop


def drop_column(request: pytest.FixtureRequest) -> Callable[[], object]:
    def drop() -> None:
        with connect(request.getfixturevalue("sample_database")) as connection:
            connection.execute("ALTER TABLE sample.plays DROP COLUMN rbi CASCADE")

    return drop


def spoil_lake(_: pytest.FixtureRequest) -> Callable[[], object]:
    def spoil() -> None:
        log = Path("lake/sample/raw_game/_delta_log")
        shutil.rmtree(log)
        log.write_text("no folder")

    return spoil


@pytest.mark.parametrize(
    ("means", "broken", "why"),
    [
        (stop_server, "postgres", "the database stopped the work|no connection to the database"),
        (drop_column, "postgres", "column .*rbi.* does not exist.*`mlb-etl schema status` lists all changes"),
        (spoil_lake, "delta:lake", "the lake can't be read or written"),
    ],
)
def test_a_target_that_breaks_in_the_middle_holds_back_no_other(
    api: fake.Api,
    request: pytest.FixtureRequest,
    means: Callable[[pytest.FixtureRequest], Callable[[], object]],
    broken: str,
    why: str,
) -> None:
    """Before the second request is answered."""
    breaks, answer = means(request), api.answer
    for game in (1, 2, 3):
        api.says(URL.format(game), response(game))

    def spoiled(target: str, headers: Mapping[str, str]) -> fake.Answer:
        if target == URL.format(2):
            breaks()
        return answer(target, headers)

    games = [word for game in (1, 2, 3) for word in ("--param", f"game_pk={game}")]
    with mock.patch.object(api, "answer", spoiled):
        done = run("ingest", "--method", "sample.game", *games, *BOTH, "--transform", "--quiet", "--format", "json")
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout)["targets"]
    assert re.search(why, found[broken]["error"])
    [whole] = found.keys() - {broken}
    assert (found[whole]["stored"], found[whole]["transform"]["documents"]["applied"]) == (3, 3)
    assert sorted(api.targets()) == [URL.format(game) for game in (1, 2, 3)]
    assert f"Error: 1 of 2 targets failed\n{broken}: " in done.stderr


def test_files_go_to_each_target_too(sample_database: str) -> None:
    write(Path("one.json"), stub(response(5), game_pk=5))
    done = run("load", "one.json", "--transform", *BOTH, "--target", "delta:elsewhere", "--format", "json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)["targets"]
    for target in ("postgres", "delta:lake"):
        assert (found[target]["methods"]["sample.game"]["stored"], found[target]["refused"]) == (1, [])
        assert found[target]["transform"]["documents"]["applied"] == 1
    assert found["delta:elsewhere"] == {
        "error": "the lake lacks etl.watermark: run `mlb-etl schema init --target delta:…`"
    }
    assert rows("plays") == rows("plays", sample_database)


def test_a_lake_is_filled_from_the_object_store_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No PostgreSQL is asked for anything, and what the lake has is not read again."""
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql://127.0.0.1:1/none")
    store = ObjectStore("store", make=True)

    def keep(minute: int, rbi: list[int | None], game: int = 1) -> None:
        body = json.dumps(response(game, rbi=rbi)).encode()
        path = {"game_pk": str(game)}
        store.put(Response("sample", "game", path, {}, "http://x", 200, at(minute), body))

    keep(0, [0, 1, 2])
    keep(1, [0, 1, 2])  # a note
    keep(2, [0, 1, 3])
    keep(0, [0, 1], game=2)
    done = said("transform", "--job", job(FROM_STORE))
    assert done["restored"] == {"stored": 3, "unchanged": 1, "known": 0, "refused": []}
    assert done["documents"]["applied"] == 3
    assert batted_in(1) == {0, 1, 3}

    read: list[str] = []
    get = ObjectStore.get
    monkeypatch.setattr(ObjectStore, "get", lambda store, name: read.append(name) or get(store, name))
    again = said("transform", "--job", "job.yaml")
    assert again["restored"] == {"stored": 0, "unchanged": 0, "known": 4, "refused": []}
    assert (again["documents"]["applied"], read) == (0, [])
    keep(3, [0, 1, 4])
    keep(4, [0, 1, 3])
    text = run("transform", "--job", "job.yaml", "--game-pk", "1")
    assert "from the object store: stored 2, unchanged 0, known 4, refused 0\n" in text.stdout
    assert len(read) == 2
    assert batted_in(1) == {0, 1, 3}


def test_an_ingest_without_postgres(api: fake.Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql://127.0.0.1:1/none")
    api.says(URL.format(1), response(1))
    done = said("ingest", "--job", job(FROM_STORE), "--param", "game_pk=1", "--quiet")
    assert (done["stored"], done["transform"]["documents"]["applied"]) == (1, 1)
    assert [*Path("store").rglob("*.json.gz")]
    assert said("transform", "--job", "job.yaml")["restored"]["known"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--target", "lake"], "lake is not a target: postgres, delta:FOLDER, delta:s3://bucket/prefix or a DSN"),
        (["--target", "delta:s3://key:secret@bucket/x"], "***@bucket/x is not a target"),
        (["--target", "delta:"], "delta: is not a target"),
        (["--target", "delta:a", "--target", "delta:a"], "--target names a database twice"),
    ],
)
def test_what_is_no_target(words: list[str], message: str) -> None:
    done = run("schema", "status", *words)
    assert (done.exit_code, done.stdout) == (2, "")
    assert message in " ".join(done.stderr.split())


def test_postgres_has_to_be_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "delta:lake")
    for words in (["ingest", "--job", job(JOB)], ["schema", "init", "--target", "postgres"]):
        done = run(*words)
        assert done.exit_code == 1
        assert "MLB_ETL_DSN names a lake, so it does not say where PostgreSQL is" in done.stderr
