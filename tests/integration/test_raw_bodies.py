"""Bodies in the raw tables: in two encodings beside each other, byte for byte, and one that is damaged alone."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bodies import whole
from checks import some
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response

from mlb_contracts.response import Response
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.extract.answer import one_document
from mlb_etl.http.bodies import TooLarge
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.raw import RawWriter
from mlb_etl.stores.postgres.verify import compare_documents as verified

BODIES = """
SELECT (path_params ->> 'game_pk')::bigint AS game_pk, encoding, body, content_hash
FROM sample.raw_game ORDER BY captured_at, 1
"""


@pytest.fixture
def connection(sample_database: str) -> Iterator[Connection]:
    with connect(sample_database) as connection:
        yield connection


def body(game_pk: int, **members: Any) -> bytes:
    return msgspec.json.encode(response(game_pk, **members)) + b" \n"


def store(connection: Connection, game_pk: int, data: bytes, minutes: int = 0) -> None:
    asked = {"game_pk": str(game_pk)}
    answer = Response("sample", "game", asked, {}, "", 200, at(minutes), data)
    assert RawWriter(connection, METHOD).store(answer, one_document(answer.data, {"game_pk": game_pk})) == "stored"


def transform(connection: Connection) -> Counts:
    return Pipeline(METHOD, Postgres(Settings(connection.info.dsn, Path(), PACKAGE))).run({})


def damage(connection: Connection, game_pk: int) -> None:
    query = "UPDATE sample.raw_game SET body = set_byte(body, 9, 255) WHERE request = %s"
    assert connection.execute(query, [f"game?game_pk={game_pk}"]).rowcount == 1


def test_both_encodings_stand_in_one_table(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash is of the body as it came; what was stored under another setting is read all the same."""
    store(connection, 1, body(1))
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    store(connection, 2, body(2))
    store(connection, 1, body(1, score=5), minutes=1)
    found = connection.execute(BODIES).fetchall()
    assert [row[:2] for row in found] == [(1, "zstd"), (2, "identity"), (1, "identity")]
    assert [whole(*row[1:3]) for row in found] == [body(1), body(2), body(1, score=5)]
    assert [row[3] for row in found] == [hashlib.sha256(whole(*row[1:3])).digest() for row in found]
    assert transform(connection).documents.applied == 3
    assert connection.execute("SELECT game_pk, home_score FROM sample.games ORDER BY 1").fetchall() == [(1, 5), (2, 1)]
    assert all(each.right for each in some(verified(connection, METHOD, {})))


def test_the_same_content_is_seen_whatever_its_encoding(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(connection, 1, body(1))
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    again = Response("sample", "game", {"game_pk": "1"}, {}, "", 200, at(1), body(1))
    assert RawWriter(connection, METHOD).store(again, one_document(again.data, {"game_pk": 1})) == "seen"


def test_sql_reads_bodies_as_they_came(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", "identity")
    store(connection, 1, body(1, name="Péña"))
    query = "SELECT convert_from(body, 'UTF8')::jsonb ->> 'name' FROM sample.raw_game WHERE encoding = 'identity'"
    assert connection.execute(query).fetchall() == [("Péña",)]


def test_a_damaged_body_is_put_aside_alone(connection: Connection) -> None:
    for game_pk in (1, 2, 3):
        store(connection, game_pk, body(game_pk))
    damage(connection, 2)
    counts = transform(connection)
    assert (counts.documents.applied, counts.documents.quarantined) == (2, 1)
    assert connection.execute("SELECT game_pk FROM sample.games ORDER BY 1").fetchall() == [(1,), (3,)]
    [(document, path, value, reason)] = connection.execute(
        "SELECT document, path, value, reason FROM etl.quarantine"
    ).fetchall()
    assert (document, path, value) == ({"game_pk": 2}, "body", "zstd")
    assert "damaged" in reason
    assert "delete that row" in reason


def test_what_is_to_be_done_about_a_damaged_body_helps(connection: Connection) -> None:
    store(connection, 1, body(1))
    damage(connection, 1)
    assert transform(connection).documents.quarantined == 1
    connection.execute("DELETE FROM sample.raw_game")
    store(connection, 1, body(1))
    numbers = [number for (number,) in connection.execute("SELECT id FROM etl.quarantine")]
    settled = Pipeline(METHOD, Postgres(Settings(connection.info.dsn, Path(), PACKAGE))).settle(numbers, "again")
    assert settled.documents.applied == 1
    assert connection.execute("SELECT count(*) FROM etl.quarantine").fetchall() == [(0,)]


def test_a_damaged_body_that_is_shown_is_told_of(connection: Connection) -> None:
    for game_pk in (1, 2):
        store(connection, game_pk, body(game_pk))
    transform(connection)
    damage(connection, 1)
    damaged, right = verified(connection, METHOD, {})
    assert right.right
    assert "damaged" in str(damaged.why)


def test_the_newest_capture_is_nothing_where_it_is_damaged(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Then it is asked for once more, and live goes on with what is there."""
    store(connection, 1, body(1))
    damage(connection, 1)
    store(connection, 2, body(2))
    raw = RawWriter(connection, METHOD)
    assert raw.newest("game?game_pk=1") is None
    assert raw.newest("game?game_pk=2") == body(2)
    with closing(raw.history({"game_pk": 1})) as history:
        assert [(each.sound, each.data) for each in history] == [(False, None)]
    assert "sample.game {'game_pk': 1}" in caplog.text
    assert "damaged" in caplog.text


def test_a_body_larger_than_the_setting_is_neither_stored_nor_read(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = body(1, note="x" * (1 << 20))
    store(connection, 1, large)
    store(connection, 2, body(2))
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "1")
    with pytest.raises(TooLarge):
        store(connection, 3, large)
    counts = transform(connection)
    assert [each.why.reason for each in counts.quarantined] == ["larger than 1 MiB, the limit set by MLB_ETL_MAX_BODY"]
    assert counts.documents.applied == 1
    assert connection.execute("SELECT count(*) FROM sample.raw_game").fetchall() == [(2,)]
