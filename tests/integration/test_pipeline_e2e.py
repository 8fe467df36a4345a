"""From a stub to right tables, by the commands: stub, raw table, transform, tables; twice; and an older capture.

What is right comes from the mapping's interpreter, which shares no code with the generated extractors.
"""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import feeds
import pytest
from click.testing import CliRunner
from samples import connect, write

from mlb_etl.baseball.plugin import SHIPPED
from mlb_etl.cli import cli
from mlb_etl.stores.postgres.db import Connection
from mlb_sim import Simulator, samples
from mlbgen import lower
from mlbgen.samples import sample, shape_file
from mlbgen.samples.stubs import Stub

ROOT = Path(__file__).parents[2]
GAME = 747175
RARE = {"game.live_game_reviews", "game.live_game_pitching_notes"}  # not in every game
Tables = dict[str, list[dict[str, Any]]]


@pytest.fixture(params=["captured", "shipped"])
def stubs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the game's stubs are: $MLB_STUBS, which goes before what ships, or that alone, as in a bare clone."""
    monkeypatch.chdir(tmp_path)
    if request.param == "shipped":
        monkeypatch.delenv("MLB_STUBS", raising=False)
        return SHIPPED
    folder: Path = request.getfixturevalue("stubs_dir").absolute()
    monkeypatch.setenv("MLB_STUBS", str(folder))
    return folder


def run(*arguments: str) -> str:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 0, done.output
    return done.stdout


def transform() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(
        run("transform", "--job", "game_live_transform", "--game-pk", str(GAME), "--format", "json")
    )
    return told


def expected(file: Path) -> Tables:
    """The rows of each table, by the interpreter."""
    shape = shape_file.load_shape(ROOT / "schemas/api/game/live_game_v1.json")
    mapping = lower.load_method(ROOT / "schemas/mappings/game/live_game_v1.yaml", root=ROOT, shape=shape)
    stub = Stub(str(file), mapping.name, feeds.feed(file), {"game_pk": str(GAME)})
    return {f"{table.schema}.{table.name}": sample.sample_rows(table, stub) for table in mapping.tables}


def rows(connection: Connection) -> Tables:
    """The rows of each table, and who wrote each when (xmin)."""
    found = {}
    for table in feeds.METHOD.tables:
        cursor = connection.execute(f"SELECT xmin::text, * FROM {table.qualified_name}".encode())  # noqa: S608 - ours
        names = [column.name for column in cursor.description or ()]
        found[table.qualified_name] = [dict(zip(names, row, strict=True)) for row in cursor]
    return found


def without(found: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in names}


def in_order(found: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in found)


def test_pipeline(database: str, stubs: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.delenv("MLB_ETL_TABLES", raising=False)
    files = feeds.files(stubs, GAME)
    assert f"stored {len(files)}, unchanged 0, known 0, refused 0," in run("test", "load-stub", "--game-pk", str(GAME))
    first = transform()
    newest = feeds.capture(files[-1])
    right = expected(files[-1])
    assert len(right) == len(feeds.METHOD.tables)
    assert {name for name, wanted in right.items() if not wanted} <= RARE
    with connect(database) as connection:
        found = rows(connection)
        for name, wanted in right.items():
            got = [without(row, "xmin", "captured_at", "ingested_at") for row in found[name]]
            assert in_order(got) == in_order(wanted), name
            assert first["tables"][name]["inserted"] >= len(wanted)
            assert {row["captured_at"] for row in found[name]} <= {feeds.capture(file).captured_at for file in files}
        assert max(row["captured_at"] for each in found.values() for row in each) == newest.captured_at

        again = transform()
        assert again["documents"] == {"applied": 0, "same": 1, "stale": len(files) - 1, "quarantined": 0}
        assert rows(connection) == found, "no row was written"

        older = json.loads(gzip.decompress(files[0].read_bytes()))
        feeds.keep_plays(older["response"], 40)
        older["captured_at"] = older["captured_at"].replace("2024-", "2023-")
        run("load", str(write(tmp_path / "older.json", older)))
        stale = transform()
        assert stale["documents"] == {"applied": 0, "same": 1, "stale": len(files), "quarantined": 0}
        assert all(not (each["inserted"] or each["updated"] or each["deleted"]) for each in stale["tables"].values())
        assert rows(connection) == found


def test_the_feed_that_ships_is_the_simulators(tmp_path: Path) -> None:
    """`just sample` makes it anew."""
    [file] = feeds.files(SHIPPED, GAME)
    simulator = Simulator(1, 2024, first_game_pk=GAME)
    made = {each.name: each for each in samples.write(simulator, tmp_path, simulator.calendar.first_day, 1)}
    assert gzip.decompress(made[file.name].read_bytes()) == gzip.decompress(file.read_bytes())


def test_a_game_that_does_not_ship(database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And one that does, where it is said where to look."""
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_STUBS", str(tmp_path))
    other = CliRunner().invoke(cli, ["test", "load-stub", "--game-pk", "1"])
    assert (other.exit_code, other.output) == (
        1, f"Error: no stub of game 1 in {tmp_path}; name their folder with --stubs or $MLB_STUBS\n",
    )  # fmt: skip
    there = CliRunner().invoke(cli, ["test", "load-stub", "--game-pk", str(GAME), "--stubs", str(tmp_path)])
    assert there.exit_code == 1
    ours = CliRunner().invoke(cli, ["test", "load-stub", "--game-pk", str(GAME)])
    assert (ours.exit_code, ours.stderr) == (
        0, f"no stub of game {GAME} in {tmp_path}: using an invented game instead\n",
    )  # fmt: skip
