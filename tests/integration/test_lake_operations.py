"""Operators see and decide the same in a lake as in PostgreSQL: the same captures give equal output and exit codes."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from checks import some
from click.testing import CliRunner
from sample_tables.game import METHOD
from samples import PACKAGE, at, connect, response, stub, write

from mlb_etl.cli import cli
from mlb_etl.errors import NotFound
from mlb_etl.http.request import Request
from mlb_etl.settings import Settings
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import marks, schema
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.interfaces.operations import Changing
from mlb_etl.stores.postgres.database import Postgres

REQUEST = Request("sample", "game", "/api/v1/sample/9", {"game_pk": "9"}, {})
TIMES = re.compile(r"(\b\d+ (?:s|min|h|d)\b)|(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(?:Z|\+00:00)?)")
# Both name the check, each in its own words, with the same place and value.
BROKEN = re.compile(
    r'the database refuses the row: [^\n]*"plays_2024\\?"[^\n]*"plays_rbi\\?"|rows that break the check plays_rbi: 1'
)
PARTITIONS = re.compile(r'"partitions": \[.*?\],\n *', re.DOTALL)  # which a lake does not have to make
SAMPLED = "2024-"  # what samples say of times is compared
DOWN = {"quarantined_at", "first_failed_at", "failed_at"}  # when this test ran


class Both:
    """Runs commands on PostgreSQL and on the lake."""

    def __init__(self, dsn: str, lake: Path) -> None:
        self.dsn, self.lake = dsn, Lake.at(str(lake))
        self.targets = (dsn, f"delta:{lake}")
        self.databases = Postgres(Settings(dsn, lake, PACKAGE)), Delta(self.lake, PACKAGE)

    def run(self, *command: str, code: int = 0) -> str:
        """The output, which is the same."""
        done = [CliRunner().invoke(cli, [*command, "--target", each]) for each in self.targets]
        theirs, ours = (_plain(each.output) for each in done)
        assert ours == theirs
        assert [each.exit_code for each in done] == [code, code], ours
        return ours


def _plain(output: str) -> str:
    output = PARTITIONS.sub("", BROKEN.sub("breaks plays_rbi", output))
    return TIMES.sub(lambda found: found[0] if found[0].startswith(SAMPLED) else "now", output)


@pytest.fixture
def both(sample_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Both:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    monkeypatch.setenv("MLB_ETL_RUN_ID", "both")
    made = Both(sample_database, tmp_path / "lake")
    schema.apply(made.lake, PACKAGE)
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    twelve = [1] * 12
    unreadable: Any = response(4)
    unreadable["plays"][1]["rbi"] = "two"
    contents = [
        stub(response(1, rbi=[1, 2])),
        stub(response(2, rbi=twelve), game_pk=2),
        stub(response(2, rbi=[1]), at(1), game_pk=2),
        stub(response(3, rbi=[4, 1]), game_pk=3),
        stub(response(3, rbi=[7, 1]), at(1), game_pk=3),
        stub(unreadable, game_pk=4),
        stub(response(5, rbi=twelve), game_pk=5),
        stub(response(5, rbi=[2]), at(1), game_pk=5),
    ]
    for number, content in enumerate(contents):
        write(stubs / f"{number}.json", content)
    made.run("load", str(stubs), "--transform", code=1)
    for database in made.databases:
        with database.open() as stores, pytest.raises(NotFound), stores.failures().noting(REQUEST):
            raise NotFound("no such game")
    return made


def test_operators_see_and_decide_the_same(both: Both) -> None:
    """In this order, as they share the databases."""
    status(both)
    quarantine_is_listed(both)
    drift_lists_unreadable_values(both)
    decisions(both)
    sums_and_checks(both)
    rows_that_differ_from_captures(both)


def status(both: Both) -> None:
    shown = both.run("status", code=1)
    assert re.search(r"sample\.game +8 +5 +5 +0 +3 +1 ", shown), shown
    assert "1 unreadable values of $.plays[*].rbi, in 1 documents, are NULL in sample.plays" in shown
    assert "NotFound: no such game" in shown
    told = json.loads(both.run("status", "--format", "json", "--max-age", "1d", code=1))
    [loaded] = told["runs"]
    assert (loaded["run_id"], loaded["command"], loaded["state"]) == ("both", "load", "incomplete")
    assert loaded["counts"]["documents"] == {"applied": 5, "quarantined": 3}
    assert [each.split(",")[0] for each in told["too_old"]] == [
        "all methods: the latest response that the tables show is now old"
    ]
    scores = Changing("sample.game", "sample.games", "venue", frozenset({"settled"}))
    found = [database.open().operations().status(scores).changing for database in both.databases]
    assert found[0] == found[1]


def quarantine_is_listed(both: Both) -> None:
    assert "would delete" in both.run("quarantine", "list")
    assert len(json.loads(both.run("quarantine", "list", "--format", "json"))) == 3
    assert len(json.loads(both.run("quarantine", "list", "--game-pk", "3", "--format", "json"))) == 1
    assert both.run("quarantine", "list", "--reason", "nothing like it") == "nothing\n"
    assert "plays_rbi" in both.run("quarantine", "show", "--game-pk", "3")
    both.run("quarantine", "show", "999", code=1)


def drift_lists_unreadable_values(both: Both) -> None:
    assert "unreadable" in both.run("drift")
    both.run("drift", "--fail", "--format", "json", code=1)
    both.run("drift", "--forget")


def decisions(both: Both) -> None:
    assert "1 would be accepted" in both.run("quarantine", "accept", "--game-pk", "2", "--dry-run")
    assert "applied 1" in both.run("quarantine", "accept", "--game-pk", "2", "--yes")
    assert both.run("quarantine", "drop", "--game-pk", "5", "--yes") == "dropped 1\n"
    assert "dropped" in both.run("quarantine", "list", "--state", "all")
    both.run("quarantine", "retry", "--all", code=1)
    both.run("transform", "--method", "sample.game", code=1)
    assert re.search(r"sample\.game +8 +5 +5 +0 +1 +1 ", both.run("status", "--forget", code=1))
    assert "NotFound" not in both.run("status", code=1)


def sums_and_checks(both: Both) -> None:
    assert "0 sums compared" in both.run("verify", "sums", "--format", "text")


def rows_that_differ_from_captures(both: Both) -> None:
    assert both.run("verify", "rows") == "5 documents compared, 0 differ from their captures\n"
    with connect(both.dsn) as connection:
        connection.execute("DELETE FROM sample.plays WHERE game_pk = 1 AND at_bat_index = 1")
        connection.execute("UPDATE sample.plays SET rbi = NULL, speed = 1 WHERE game_pk = 3 AND at_bat_index = 0")
        connection.execute("UPDATE sample.plays SET at_bat_index = 99 WHERE game_pk = 4 AND at_bat_index = 0")
        connection.execute("UPDATE sample.games SET captured_at = %s WHERE game_pk = 4", [at(9)])
        connection.execute("DELETE FROM etl.watermark WHERE document = '{\"game_pk\": 5}'")
    _tamper(both.lake)
    shown = both.run("verify", "rows", code=1)
    for part in (
        "game_pk 1, at_bat_index 1, season 2024: missing",
        "game_pk 3, at_bat_index 0, season 2024: different, in rbi, speed",
        "game_pk 4, at_bat_index 0, season 2024: missing",
        "game_pk 4, at_bat_index 99, season 2024: extra",
        "sample.games, game_pk 4, season 2024: later, of",
        "sample.plays has 12 rows of it, but etl.watermark has no entry",
    ):
        assert part in shown.replace("\n    ", " ").replace("\n  ", " ")
    assert shown.endswith("6 documents compared, 5 differ from their captures\n")
    one = both.run("verify", "--target", both.targets[0], "rows", "--game-pk", "3", "--format", "json", code=1)
    [line] = map(json.loads, one.splitlines())
    assert line["rows"][0]["columns"] == ["rbi", "speed"]


def _tamper(lake: Lake) -> None:
    """The same in the lake."""
    plays = METHOD.tables[1]
    table = lake.open(plays.schema, plays.name)
    rows = {(row["game_pk"], row["at_bat_index"]): row for row in some(lakes.rows(table).to_pylist())}
    other = rows[4, 0] | {"at_bat_index": 99}
    changed = [
        rows[1, 1] | {GONE: True},
        rows[3, 0] | {"rbi": None, "speed": 1},
        rows[4, 0] | {GONE: True},
        other,
    ]
    matching = "t.game_pk = s.game_pk AND t.at_bat_index = s.at_bat_index"
    lakes.merge(table, lakes.changes(schema.arrow.schema(plays), changed), matching)
    games = lake.open("sample", "games")
    [game] = lakes.rows(games, where="game_pk = 4").to_pylist()
    changed = [game | {"captured_at": at(9)}]
    lakes.merge(games, lakes.changes(schema.arrow.schema(METHOD.tables[0]), changed), "t.game_pk = s.game_pk")
    known = lake.open(lakes.CONTROL, marks.TABLE)
    [mark] = lakes.rows(known, where="document = '{\"game_pk\": 5}'").to_pylist()
    lakes.merge(known, lakes.changes(marks.SCHEMA, [mark | {GONE: True}]), "t.document = s.document")
    assert pa.types.is_decimal(schema.arrow.schema(plays).field("speed").type)
