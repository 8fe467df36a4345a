"""What Python callers use: reading tables and responses, and results that show themselves."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import exports
import polars as pl
import pytest
from checks import some
from played import simulated
from samples import PACKAGE, at, connect, load, response, stub, write

import mlb_etl
from mlb_etl.capture import stub_files
from mlb_tables.game.live_game_v1.live_game_plays import LiveGamePlays


@pytest.fixture
def sample(sample_database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.setenv("MLB_ETL_DSN", sample_database)
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    with connect(sample_database) as connection:
        load(connection, tmp_path, stub(response(1)), stub(response(3, season=2023), at(1), game_pk=3))
    mlb_etl.pipeline("sample.game")()
    return sample_database


def test_a_table_in_every_form(sample: str) -> None:
    wanted = exports.database(sample, ["sample.plays"], "season = 2024")["sample.plays"]
    plays = mlb_etl.read("sample.plays", season=2024)
    assert plays.arrow().num_rows == wanted.total() == 3
    assert plays.polars().select("rbi").to_series().to_list() == [1, None, 0]
    frame = plays.pandas()
    assert (str(frame["rbi"].dtype), str(frame["scored"].dtype)) == ("Int16", "boolean")
    assert [each["at_bat_index"] for each in plays.dicts()] == [0, 1, 2]
    assert duckdb.sql("SELECT count(*) FROM plays").fetchall() == [(3,)]
    assert pl.DataFrame(plays).height == 3
    assert "sample.plays, season 2024" in repr(plays)


def test_it_is_read_when_it_is_asked_for(sample: str, tmp_path: Path) -> None:
    games = mlb_etl.read("sample.games", season=[2023, 2024])
    with connect(sample) as connection:
        load(connection, tmp_path, stub(response(9), game_pk=9))
    mlb_etl.pipeline("sample.game")()
    assert games.arrow().num_rows == 3


@pytest.mark.usefixtures("sample")
def test_what_is_not_there_is_explained() -> None:
    with pytest.raises(mlb_etl.EtlError, match=r"no table or view 'sample.none'"):
        mlb_etl.read("sample.none").arrow()
    with pytest.raises(mlb_etl.EtlError, match=r"schema.table is expected"):
        mlb_etl.read("plays")
    with pytest.raises(mlb_etl.EtlError, match="no column season"):
        mlb_etl.read("etl.watermark", season=2024).arrow()


def test_reading_leaves_no_session_behind(sample: str) -> None:
    reader = mlb_etl.read("sample.plays").reader()
    reader.read_next_batch()
    del reader
    mlb_etl.read("sample.games").arrow()
    with connect(sample) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(query).fetchone() == (0,)


def _content(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the time of the capture, which a feed does not tell."""
    return [{key: value for key, value in row.items() if key != "captured_at"} for row in rows]


def test_a_feed_gives_the_rows_that_the_database_gets() -> None:
    for game in some(simulated()[:3]):
        found = mlb_etl.rows(game.feed)
        assert {name.partition(".")[2]: _content(its) for name, its in found.items()} == {
            name: _content(its) for name, its in game.rows.items()
        }
        assert found.method == "game.liveGameV1"
        plays = list(found.models("game.live_game_plays", LiveGamePlays))
        assert [play.event for play in plays] == [row["event"] for row in game.rows["live_game_plays"]]
        assert "<td>game.live_game_plays</td>" in found._repr_html_()
        assert f"{sum(map(len, found.values())):,} rows" in repr(found)


def test_a_stub_tells_its_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    file = write(tmp_path / "stub.json.gz", stub(response(7), game_pk=7))
    for content in (
        file,
        stub(response(7), game_pk=7),
        stub_files.read_file(file),
        stub_files.read_file(file).decode(),
    ):
        found = mlb_etl.rows(content)
        assert [row["game_pk"] for row in found["sample.games"]] == [7]
    with pytest.raises(mlb_etl.Rejected):
        mlb_etl.rows(stub(response(7), game_pk=8))


def test_a_response_that_no_method_reads_is_explained() -> None:
    with pytest.raises(mlb_etl.EtlError, match="say which method's response it is"):
        mlb_etl.rows({"nothing": "here"})
    with pytest.raises(KeyError, match=r"game\.liveGameV1 has"):
        mlb_etl.rows(simulated()[0].feed)["plays"]


def test_schema_and_status(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_TABLES", PACKAGE)
    assert not mlb_etl.schema_status(dsn=empty_database).up_to_date
    assert mlb_etl.init_schema(dsn=empty_database)
    assert mlb_etl.init_schema(dsn=empty_database) == []
    assert mlb_etl.schema_status(dsn=empty_database).up_to_date
    assert [each.method for each in mlb_etl.status(dsn=empty_database).methods] == ["sample.game"]


def test_counts_show_themselves(sample: str, tmp_path: Path) -> None:
    with connect(sample) as connection:
        load(connection, tmp_path, stub(response(1, rbi=(4, None, 0)), at(5)))
    counts = mlb_etl.pipeline("sample.game")()
    assert repr(counts).splitlines()[0].startswith("applied 1, same 2")
    assert "sample.plays         0        1" in repr(counts)
    assert "<th>updated</th>" in counts._repr_html_()
    assert repr(mlb_etl.pipeline("sample.game")()) == "applied 0, same 2, stale 1, quarantined 0"


USER = """
import mlb_etl
from mlb_tables.game.live_game_v1.live_game_plays import LiveGamePlays
reveal_type(mlb_etl.read("game.live_game_plays", season=2024))
reveal_type(mlb_etl.read("game.live_game_plays").polars())
reveal_type(mlb_etl.read("game.live_game_plays").models(LiveGamePlays))
reveal_type(next(mlb_etl.read("game.live_game_plays").models(LiveGamePlays)).inning)
reveal_type(mlb_etl.rows({})["game.live_game_plays"])
reveal_type(mlb_etl.ingest("schedule_daily", date="2024-07-02").counts)
reveal_type(mlb_etl.status().methods[0].quarantined)
reveal_type(mlb_etl.schema_status().up_to_date)
reveal_type(mlb_etl.export_to("csv:x").relations[0].rows)
"""
REVEALED = [
    "mlb_etl.reading.relation.Rows",
    "polars.dataframe.frame.DataFrame",
    "typing.Iterator[mlb_tables.game.live_game_v1.live_game_plays.LiveGamePlays]",
    "int | None",
    "list[dict[str, Any]]",
    "mlb_etl.laws.counts.Counts | None",
    "int",
    "bool",
    "int",
]


@pytest.mark.timeout(600)  # mypy without a cache
def test_user_code_is_typed(tmp_path: Path) -> None:
    (tmp_path / "user.py").write_text(USER)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(tmp_path / "user.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = [line.partition('Revealed type is "')[2].removesuffix('"') for line in done.stdout.splitlines()]
    assert [each.replace("builtins.", "").replace("Union[int, None]", "int | None") for each in found] == REVEALED, (
        done.stdout
    )
