"""Responses that differ from all samples: they load, and etl.drift says exactly how they differ."""

import copy
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import psycopg
import pytest
from checks import some
from commands import run, stub, transform
from databases import temporary_database
from feeds import METHOD, PACKAGE
from samples import connect, write

from mlb_contracts.methods import DriftPolicy
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.baseball import plugin
from mlb_etl.errors import DriftFound
from mlb_etl.laws import drift as laws_drift
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.drift import Drift
from mlbgen.language.responses import Source

SHIPPED = next(plugin.SHIPPED.rglob("747175_*.json.gz"))
FIVE = [
    ("$.gameData.probablePitchers.away.id", "type", "string"),
    ("$.gameData.venue.link", "vanished", ""),
    ("$.gameData.weather.humidity", "new", "string"),
    ("$.liveData.boxscore.trackers", "new", "map"),
    ("$.liveData.plays.allPlays[*].about.captivatingIndex", "vanished", ""),
    ("$.liveData.plays.allPlays[*].about.captivation", "new", "integer"),
]
"""A new path, a vanished one, another type, a new map; and a key that was renamed, which is two changes."""
ROWS = "SELECT path, kind, seen, captures FROM etl.drift ORDER BY path, kind"


def changed(feed: dict[str, Any]) -> dict[str, Any]:
    """The feed with five invented changes."""
    made = copy.deepcopy(feed)
    game, live = made["gameData"], made["liveData"]
    game["weather"]["humidity"] = "50 %"
    del game["venue"]["link"]
    game["probablePitchers"]["away"]["id"] = "unknown"
    live["boxscore"]["trackers"] = {"ID1": {"a": 1}, "ID2": {"a": 2}}
    for play in live["plays"]["allPlays"]:
        play["about"]["captivation"] = play["about"].pop("captivatingIndex")
    return made


def feed(number: int = 0, *, drifts: bool = True) -> dict[str, Any]:
    """The stub of a game: the one that ships, some minutes later, with the changes or without."""
    found = stub(SHIPPED)
    game_pk, later = 747175 + number, datetime.fromisoformat(found["captured_at"]) + timedelta(minutes=number)
    body = changed(found["response"]) if drifts else copy.deepcopy(found["response"])
    body["gamePk"] = body["gameData"]["game"]["pk"] = game_pk
    body["metaData"]["timeStamp"] = f"2024032{number % 10}_000000"
    return found | {
        "path_params": {"game_pk": str(game_pk)}, "captured_at": later.isoformat(), "response": body
    }  # fmt: skip


def keep(folder: Path, *stubs: dict[str, Any]) -> None:
    """Store responses without applying them."""
    files = [write(folder / f"{number}.json", each) for number, each in enumerate(stubs)]
    done = run("load", *files)
    assert done.exit_code == 0, done.output


def query(dsn: str, text: str) -> list[tuple[Any, ...]]:
    with connect(dsn) as connection:
        return connection.execute(text.encode()).fetchall()


@pytest.fixture(scope="module")
def drifted(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A database with two games whose feeds have the changes and one without, and the summary of the run."""
    with temporary_database(server, template) as dsn, pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLB_ETL_DSN", dsn)
        keep(tmp_path_factory.mktemp("drift"), feed(), feed(1), feed(2, drifts=False))
        yield dsn, transform(METHOD.name)


@pytest.fixture
def pipeline(database: str, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    return Pipeline(METHOD, Postgres(Settings(database, Path(), PACKAGE)))


def test_five_changes_are_reported_exactly_and_load(drifted: tuple[str, dict[str, Any]]) -> None:
    dsn, summary = drifted
    assert query(dsn, ROWS) == [(*each, 2) for each in FIVE]
    assert summary["documents"] == {"applied": 3, "same": 0, "stale": 0, "quarantined": 0}
    assert summary["drift"] == [{"path": path, "kind": kind, "seen": seen, "documents": 2} for path, kind, seen in FIVE]
    counts = "SELECT count(*) FROM game.live_game_plays GROUP BY game_pk"
    assert len({*query(dsn, counts)}) == 1
    [(first, last, document, request)] = query(
        dsn, "SELECT first_seen_at, last_seen_at, document, request FROM etl.drift WHERE kind = 'type'"
    )
    assert last - first == timedelta(minutes=1)
    assert document == {"game_pk": 747176}
    assert query(dsn, "SELECT count(*) FROM game.live_game_v1 r JOIN etl.drift d USING (request, content_hash)") == [
        (6,)
    ]
    assert "747176" in request


def test_the_command_lists_paths_and_unreadable_values(drifted: tuple[str, dict[str, Any]]) -> None:
    del drifted
    shown = run("drift")
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[4:6] == [
        "game.liveGameV1 $.gameData.weather.humidity is new: string",
        "  2 captures, 2024-03-22T23:18:39Z to 2024-03-22T23:19:39Z, for example game_pk 747176",
    ]
    assert "game.liveGameV1 $.gameData.venue.link has vanished" in lines
    assert "game.liveGameV1 $.gameData.probablePitchers.away.id has another type: string" in lines
    assert any("unreadable values of $.gameData.probablePitchers.away.id" in line for line in lines)
    found = json.loads(run("drift", "--format", "json").stdout)
    assert [(each["path"], each["kind"], each["seen"]) for each in found["drift"]] == FIVE
    assert {each["path"] for each in found["unreadable"]} == {"$.gameData.probablePitchers.away.id"}


def test_the_command_can_fail_and_be_limited(drifted: tuple[str, dict[str, Any]]) -> None:
    del drifted
    assert run("drift", "--fail").exit_code == 1
    assert run("drift", "--method", METHOD.name, "--since", "2024-03-22", "--fail").exit_code == 1
    other = run("drift", "--method", "season.seasons", "--fail")
    assert (other.exit_code, other.stdout) == (
        0,
        "no response differs from the samples, and every value could be read\n",
    )
    assert "has vanished" not in run("drift", "--since", "2024-03-23").stdout
    assert run("drift", "--method", "season.none").exit_code == 1


def test_applying_them_again_counts_nothing(drifted: tuple[str, dict[str, Any]]) -> None:
    dsn, _ = drifted
    assert transform(METHOD.name)["drift"] == []
    replayed = json.loads(run("transform", "--method", METHOD.name, "--replay", "--format", "json").stdout)
    assert len(replayed["drift"]) == len(FIVE)
    assert query(dsn, ROWS) == [(*each, 2) for each in FIVE]


def test_without_drift_nothing_is_written(pipeline: Pipeline, database: str, tmp_path: Path) -> None:
    keep(tmp_path, feed(drifts=False))
    counts = pipeline()
    assert (counts.documents.applied, counts.drift) == (1, {})
    with connect(database) as connection:
        kept = connection.execute("SELECT pg_stat_get_tuples_inserted('etl.drift'::regclass)").fetchone()
    assert kept == (0,)


def test_the_summary_has_one_line(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    keep(tmp_path, feed())
    shown = run("transform", "--method", METHOD.name)
    line = "drift: new 3, vanished 2, of another type 1; `mlb-etl drift` lists the paths"
    assert [each for each in shown.stdout.splitlines() if each.startswith("drift")] == [line]
    forgotten = run("drift", "--forget")
    assert "is new" in forgotten.stdout
    assert query(database, ROWS) == []


def applied(pipeline: Pipeline, policy: DriftPolicy) -> Counts:
    return replace(pipeline, method=replace(METHOD, drift=policy))()


def test_quarantine_keeps_what_differs_out(pipeline: Pipeline, database: str, tmp_path: Path) -> None:
    keep(tmp_path, feed(), feed(1, drifts=False))
    counts = applied(pipeline, "quarantine")
    [entry] = counts.quarantined
    assert (counts.documents.applied, entry.why.path, entry.why.value) == (1, FIVE[0][0], "string")
    assert entry.why.reason == "differs from all samples: type, and 5 more changes"
    assert query(database, "SELECT game_pk FROM game.live_game_metadata") == [(747176,)]
    assert query(database, ROWS) == [(*each, 1) for each in FIVE]
    accepted = replace(pipeline, method=replace(METHOD, drift="quarantine")).settle([entry.number], "accept")
    assert accepted.documents.applied == 1
    assert query(database, "SELECT count(*) FROM etl.quarantine") == [(0,)]
    assert query(database, ROWS) == [(*each, 1) for each in FIVE]


def test_fail_ends_the_run_and_writes_no_row(pipeline: Pipeline, database: str, tmp_path: Path) -> None:
    keep(tmp_path, feed())
    with pytest.raises(DriftFound, match=r"game_pk.*747175.*\$\.gameData\.probablePitchers\.away\.id has another type"):
        applied(pipeline, "fail")
    for table in some(METHOD.tables):
        assert query(database, f"SELECT count(*) FROM {table.qualified_name}") == [(0,)]  # noqa: S608
    assert query(database, "SELECT count(*) FROM etl.watermark") == [(0,)]
    assert applied(pipeline, "report").documents.applied == 1


def test_policies_of_mappings_and_methods_are_the_same() -> None:
    assert get_args(Source.model_fields["drift"].annotation) == get_args(DriftPolicy)


def test_paths_of_a_method_are_limited(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setattr(laws_drift, "MOST_PATHS", 4)
    keep(tmp_path, feed())
    transform(METHOD.name)
    assert len(query(database, "SELECT * FROM etl.drift WHERE path <> '…'")) == 4
    assert query(database, "SELECT sum(captures) FROM etl.drift WHERE path = '…'") >= [(1,)]


def test_concurrent_workers_count_every_capture(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    keep(tmp_path, *(feed(number) for number in range(12)))
    pipe = Pipeline(METHOD, Postgres(Settings(database, Path(), PACKAGE)))
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda part: pipe(game_pks=[747175 + each for each in range(part, 12, 4)]), range(4))
        assert sum(each.documents.applied for each in done) == 12
    assert query(database, ROWS) == [(*each, 12) for each in FIVE]


def test_nothing_is_recorded_of_a_unit_that_fails(
    database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    keep(tmp_path, feed())
    record = Drift.record

    def failing(self: Drift, drifted: Any) -> None:
        record(self, drifted)
        raise psycopg.errors.InternalError("after it was sent")

    monkeypatch.setattr(Drift, "record", failing)
    assert run("transform", "--method", METHOD.name).exit_code == 70
    assert query(database, ROWS) == []
