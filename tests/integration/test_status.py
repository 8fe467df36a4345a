"""`mlb-etl status`: what an operator is told, from the database alone."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from databases import transform
from sample_tables.game import METHOD
from samples import NOON, PACKAGE, at, connect, response

from mlb_contracts.response import Response
from mlb_etl.cli import cli
from mlb_etl.errors import NotFound, Unreachable
from mlb_etl.extract.answer import one_document
from mlb_etl.http.request import Request
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.failures import Failures
from mlb_etl.stores.postgres.raw import RawWriter

REQUEST = Request("sample", "game", "/api/v1/sample/7", {"game_pk": "7"}, {"a": "1"})


@pytest.fixture
def connection(sample_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    with connect(sample_database) as connection:
        yield connection


def status(*options: str) -> Result:
    return CliRunner().invoke(cli, ("status", *options))


def standing() -> dict[str, Any]:
    [found] = json.loads(status("--format", "json").stdout)["methods"]
    return {name: found[name] for name in ("captures", "documents", "applied", "behind", "quarantined")}


def numbers(*of: int) -> dict[str, Any]:
    return dict(zip(("captures", "documents", "applied", "behind", "quarantined"), of, strict=True))


def store(connection: Connection, captured_at: datetime, game_pk: int = 1, **members: Any) -> None:
    body = msgspec.json.encode(response(game_pk, **members))
    answer = Response("sample", "game", {"game_pk": str(game_pk)}, {}, "", 200, captured_at, body)
    RawWriter(connection, METHOD).store(answer, one_document(answer.data, {"game_pk": game_pk}))


def fail(connection: Connection, why: NotFound | Unreachable, request: Request = REQUEST) -> None:
    with pytest.raises(type(why)), Failures(connection).noting(request):
        raise why


@pytest.mark.usefixtures("connection")
def test_nothing_yet() -> None:
    shown = status()
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["method", "captures", "documents", "applied", "behind", "quarantined", "failed", "newest", "age"],
        ["sample.game", "0", "0", "0", "0", "0", "0"],
    ]


def test_documents_are_behind_until_they_are_applied(connection: Connection) -> None:
    store(connection, at(0))
    store(connection, at(0), 2)
    store(connection, at(1), score=9)
    assert standing() == numbers(3, 2, 0, 2, 0)
    transform(connection, METHOD, PACKAGE)
    assert standing() == numbers(3, 2, 2, 0, 0)
    store(connection, at(2), 2)
    assert standing() == numbers(3, 2, 2, 0, 0), "the content is what the tables show"
    store(connection, at(3), score=10)
    assert standing() == numbers(4, 2, 2, 1, 0)
    assert status().exit_code == 0, "the next transformation takes it"


def test_a_changed_mapping_leaves_documents_behind(connection: Connection) -> None:
    store(connection, at(0))
    transform(connection, METHOD, PACKAGE)
    connection.execute("UPDATE etl.watermark SET fingerprint = 'of another mapping'")
    assert standing() == numbers(1, 1, 1, 1, 0)


def test_what_waits_in_quarantine_is_not_behind(connection: Connection) -> None:
    store(connection, at(0))
    store(connection, at(1), rbi=(9,))
    transform(connection, METHOD, PACKAGE)
    assert standing() == numbers(2, 1, 1, 0, 1)
    assert status().exit_code == 1
    connection.execute("UPDATE etl.quarantine SET state = 'dropped'")
    assert standing() == numbers(2, 1, 1, 0, 0)
    assert status().exit_code == 0


def test_when_the_last_answer_came(connection: Connection) -> None:
    store(connection, NOON)
    store(connection, at(5))
    shown = status().stdout
    assert "2024-07-01T12:05:00Z" in shown
    days = (datetime.now(UTC) - NOON).days
    assert shown.splitlines()[1].endswith((f"{days} d", f"{days - 1} d"))


def test_a_failure_is_told_until_the_request_is_answered(connection: Connection) -> None:
    for number in range(3):
        fail(connection, Unreachable(f"503 {number}"))
    fail(connection, NotFound("404\0 Not Found"), Request("schedule", "schedule", "/api/v1/schedule", {}, {}))
    shown = status()
    assert shown.exit_code == 1
    other, _, failed, cause = shown.stdout.splitlines()[2:]
    assert other.startswith("failed schedule.schedule /api/v1/schedule, once, last ")
    assert failed.startswith("failed sample.game /api/v1/sample/7?a=1, 3 times since 20")
    assert cause == "  Unreachable: 503 2"
    assert "sample.game         0          0        0       0            0       1" in shown.stdout
    with Failures(connection).noting(REQUEST):
        pass
    [left] = json.loads(status("--format", "json").stdout)["failures"]
    assert (left["method"], left["error"], left["cause"], left["times"]) == (
        "schedule.schedule", "NotFound", "404␀ Not Found", 1,
    )  # fmt: skip
    assert (status("--forget").exit_code, status().exit_code) == (1, 0)


def test_many_failures_are_cut_short_for_people(connection: Connection) -> None:
    for number in range(25):
        fail(connection, NotFound("404"), Request("sample", "game", f"/api/v1/sample/{number}", {}, {}))
    lines = status().stdout.splitlines()
    assert len(lines) == 2 + 2 * 20 + 1
    assert lines[-1] == "and 5 more that failed before; --format json lists all"
    assert len(json.loads(status("--format", "json").stdout)["failures"]) == 25


def test_a_failure_is_not_hidden_by_one_of_the_database(
    connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    connection.close()
    fail(connection, Unreachable("503"))
    assert (
        "/api/v1/sample/7?a=1 failed, and the failure could not be recorded: "
        "the database stopped the work: the connection is closed" in caplog.text
    )


def test_pending_migrations(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_DSN", empty_database)
    assert status().exit_code == 1
    assert status().stdout.startswith("the database lacks the schema")
    told = json.loads(status("--format", "json").stdout)
    assert {each["state"] for each in told["migrations"]} == {"pending"}


def test_data_that_is_too_old(connection: Connection) -> None:
    """Until it is applied, too."""
    assert status("--max-age", "1d").exit_code == 1, "nothing was captured"
    assert status("--max-age", "1d", "--live").exit_code == 0, "no game is on"
    store(connection, datetime.now(UTC))
    assert status("--max-age", "1d").stdout.endswith(
        "too old: all methods: the latest response that the tables show is missing\n"
    )
    transform(connection, METHOD, PACKAGE)
    assert status("--max-age", "1d", "--method", "sample.game").exit_code == 0
    connection.execute("UPDATE etl.watermark SET fingerprint = 'of another mapping'")
    assert status("--max-age", "1d").exit_code == 0
    time.sleep(1.1)
    shown = status("--max-age", "1s", "--live")
    assert shown.exit_code == 1
    assert shown.stdout.count("too old: sample.game: a capture") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--live",), "--method and --live go with --max-age"),
        (("--max-age", "1d", "--live", "--method", "sample.game"), "does not go with --method"),
        (("--max-age", "soon"), "such as 30m"),
    ],
)
@pytest.mark.usefixtures("connection")
def test_ages_that_mean_nothing(options: tuple[str, ...], said: str) -> None:
    shown = status(*options)
    assert (shown.exit_code, shown.stdout) == (2, "")
    assert said in shown.stderr
