"""A value that can't be read costs its column, not its document: NULL, told and kept, until it can be read."""

import json
import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from samples import NOON, PACKAGE, at, connect, load, response, stub

import mlb_etl
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.cli import cli
from mlb_etl.laws.counts import Counts
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection

PLAY = {"index": 0, "rbi": 1, "speed": 90.5}
JOB = """
name: sample
source: {endpoint: sample, method: game}
storage: {raw: false, transform: true}
"""
KEPT = "SELECT document, table_name, path, place, value, number FROM etl.unreadable ORDER BY table_name, path"


@pytest.fixture
def pipeline(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    return mlb_etl.pipeline("sample.game", dsn=sample_database)


def connected(pipeline: Pipeline) -> Connection:
    assert isinstance(pipeline.database, Postgres)
    return connect(pipeline.database.settings.dsn or "")


def apply(pipeline: Pipeline, folder: Path, *bodies: tuple[dict[str, Any], datetime]) -> Counts:
    with connected(pipeline) as connection:
        stubs = [stub(body, when, game_pk=body["gamePk"]) for body, when in bodies]
        assert not load(connection, folder, *stubs).refused
    return pipeline()


def query(pipeline: Pipeline, text: str) -> list[tuple[Any, ...]]:
    with connected(pipeline) as connection:
        return connection.execute(text.encode()).fetchall()


def found(counts: Counts) -> list[tuple[str, str, str, int]]:
    return [(each.what.table, each.what.place, each.what.value, each.what.number) for each in counts.unreadable]


def test_it_is_null_told_and_kept(pipeline: Pipeline, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plays = [PLAY, {"index": 1, "rbi": "x", "speed": 91}, {"index": 2, "rbi": [1], "speed": 92}]
    with caplog.at_level(logging.WARNING):
        counts = apply(pipeline, tmp_path, (response(plays=plays, score=40_000), NOON))
    assert (counts.documents.applied, counts.documents.quarantined) == (1, 0)
    assert found(counts) == [("sample.games", "$.score", "40000", 1), ("sample.plays", "$.plays[1].rbi", "'x'", 2)]
    assert query(pipeline, "SELECT home_score FROM sample.games") == [(None,)]
    assert query(pipeline, "SELECT rbi, speed::text FROM sample.plays ORDER BY at_bat_index") == [
        (1, "90.5"),
        (None, "91.0"),
        (None, "92.0"),
    ]
    assert query(pipeline, KEPT) == [
        ({"game_pk": 1}, "sample.games", "$.score", "$.score", "40000", 1),
        ({"game_pk": 1}, "sample.plays", "$.plays[*].rbi", "$.plays[1].rbi", "'x'", 2),
    ]
    assert 'sample.game {"game_pk": 1}: 3 unreadable values are NULL, such as sample.games: $.score' in caplog.text


def test_it_is_kept_until_it_can_be_read(pipeline: Pipeline, tmp_path: Path) -> None:
    odd = response(score="many")
    apply(pipeline, tmp_path, (odd, NOON), (response(2, score="few"), NOON))
    assert len(query(pipeline, KEPT)) == 2
    apply(pipeline, tmp_path, (response(score="a few"), at(-5)))  # older than what the tables show
    assert [row[4] for row in query(pipeline, KEPT)] == ["'many'", "'few'"]
    apply(pipeline, tmp_path, (response(rbi=[9], score=3), at(1)))  # quarantined
    assert len(query(pipeline, KEPT)) == 2
    counts = apply(pipeline, tmp_path, (response(score=3), at(2)))
    assert found(counts) == []
    assert [row[0] for row in query(pipeline, KEPT)] == [{"game_pk": 2}]
    assert query(pipeline, "SELECT home_score FROM sample.games WHERE game_pk = 1") == [(3,)]


def test_the_log_tells_of_it_once_while_it_is_the_same(
    pipeline: Pipeline, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As a game that is followed is applied again and again."""
    captures = [({"score": "x"}, 0), ({"score": "y"}, 1), ({"score": 1}, 2), ({"score": "z", "venue": 1}, 3)]
    with caplog.at_level(logging.WARNING):
        counts = apply(pipeline, tmp_path, *((response(**members), at(when)) for members, when in captures))
    assert counts.documents.applied == 4
    told = [record.getMessage() for record in caplog.records]
    assert [text.rpartition(" is ")[2].partition(":")[0] for text in told] == ["'x'", "'z'"]
    assert len(counts.unreadable) == 4


def test_what_the_database_cannot_hold(pipeline: Pipeline, tmp_path: Path) -> None:
    """Found when it refuses rows: U+0000 in a text, and more digits than a numeric has room for."""
    plays = [PLAY, {"index": 1, "rbi": 0, "speed": 9999.95}, {"index": 2, "rbi": 0, "speed": 8999.94}]
    sound = response(2)
    counts = apply(pipeline, tmp_path, (response(plays=plays, venue="A\0B"), NOON), (sound, NOON))
    assert (counts.documents.applied, counts.documents.quarantined) == (2, 0)
    assert sorted(found(counts)) == [
        ("sample.games", "$.venue", "'A\\x00B'", 1),
        ("sample.plays", "$.plays[1].speed", "9999.95", 1),
    ]
    assert query(pipeline, "SELECT speed::text FROM sample.plays WHERE game_pk = 1 ORDER BY at_bat_index") == [
        ("90.5",),
        (None,),
        ("8999.9",),
    ]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"season": "2024"}, "$.season"),
        ({"plays": [PLAY, {**PLAY, "index": "1"}]}, "$.plays[1].index"),
        ({"plays": [PLAY, "x"]}, "$.plays[1]"),
        ({"plays": {"0": PLAY}}, "$.plays"),
        ({"players": {"ID1": {"id": 1}, "ID 2": 2}}, "$.players['ID 2']"),
    ],
)
def test_what_must_be_readable_is_refused(pipeline: Pipeline, tmp_path: Path, members: Any, path: str) -> None:
    with connected(pipeline) as connection:
        (refused,) = load(connection, tmp_path, stub(response(score="x", **members))).refused
    assert refused.why.path == path


def test_commands_show_it(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    with connect(sample_database) as connection:
        load(connection, tmp_path, stub(response(score="\x1b[31m" + "x" * 500)))
    (tmp_path / "job.yaml").write_text(JOB)
    transform = run("transform", "--job", str(tmp_path / "job.yaml"), "--format", "json")
    (told,) = json.loads(transform.stdout)["unreadable"]
    assert transform.exit_code == 0
    assert told["document"] == {"game_pk": 1}
    assert (told["table"], told["place"], told["number"], len(told["value"])) == ("sample.games", "$.score", 1, 80)
    again = run("transform", "--job", str(tmp_path / "job.yaml"), "--replay")
    assert "warning: 1 unreadable values of $.score are NULL in sample.games" in again.output
    assert "game_pk 1: $.score is '\\x1b[31mxxx" in again.output
    status = run("status")
    assert status.exit_code == 0
    assert "1 unreadable values of $.score, in 1 documents, are NULL in sample.games" in status.stdout
    assert "\x1b" not in status.stdout
    (kept,) = json.loads(run("status", "--format", "json").stdout)["unreadable"]
    assert (kept["path"], kept["documents"], kept["values"], kept["document"]) == ("$.score", 1, 1, {"game_pk": 1})


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, words)
