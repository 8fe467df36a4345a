"""`mlb-etl live` on a lake: a game is followed to its end, and its polls leave few files."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feeds
import pytest
from checks import some
from delta_lake import DeltaLaws
from laws import snapshot
from sample_tables import game as sample
from samples import at, response
from stepped import PACKAGE, Live

from mlb_etl.baseball.live.listing import GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import small_files, tidy
from mlb_sim import Server, Simulator, serve
from mlb_sim.times import MINUTE, to_datetime

PACE = Pace(*(timedelta(minutes=minutes) for minutes in (40, 45, 60, 60, 60)))
TABLES = ["sample.plays", "sample.games", "etl.watermark"]


@pytest.fixture
def simulated() -> Iterator[Server]:
    simulator = Simulator(3, 2024, wait=1)
    simulator.clock.set(simulator.calendar.fixtures[0].played.start - 5 * MINUTE)
    with serve(simulator) as server:
        yield server


def test_a_game_is_followed_to_its_end(simulated: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also after a stop in its middle; the tables then hold what the last feed says."""
    monkeypatch.setattr(tidy, "EVERY", 2)
    monkeypatch.setattr(small_files, "MOST", 1)
    simulator = simulated.simulator
    fixture = simulator.calendar.fixtures[0]
    laws = DeltaLaws(tmp_path / "lake", PACKAGE, feeds.METHOD)
    live = Live(simulated, "", tmp_path, PACE, databases={"lake": laws.database})
    scope = GameScope(None, (fixture.pk,), (1,))
    middle = to_datetime(simulator.timeline(fixture).first_pitch) + timedelta(minutes=45)
    first = live.follow(scope, end=middle)
    second = live.follow(scope)
    assert (first.games, second.games, first.quarantined, second.quarantined) == (1, 1, 0, 0)
    assert first.outcomes["stored"] >= 1
    assert second.outcomes["stored"] >= 4
    feed = live.get(f"/api/v1.1/game/{fixture.pk}/feed/live")
    assert laws.rows(fixture.pk) == snapshot(feeds.METHOD, fixture.pk, datetime.now(UTC), feed).rows
    numbers = files(laws, *(table.qualified_name for table in feeds.METHOD.tables), "game.live_game_v1")
    assert max(numbers[name] for name in some(numbers)) <= 1 + 2, numbers


def files(laws: DeltaLaws, *tables: str) -> Counter[str]:
    """The numbers of files that a reader opens."""
    opened = {name: laws.lake.open(*name.split(".")) for name in tables}
    return Counter({name: len(lakes.files(table)) for name, table in opened.items()})


def on_disk(laws: DeltaLaws, table: str) -> list[Path]:
    return [*Path(laws.lake.uri(*table.split("."))).rglob("*.parquet")]


@pytest.mark.parametrize("tidied", [True, False])
def test_the_number_of_files_is_bounded(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tidied: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """However many units there were; without upkeep it grows with each."""
    monkeypatch.setattr(tidy, "EVERY", 4)
    monkeypatch.setattr(small_files, "MOST", 2)
    laws = DeltaLaws(tmp_path, "sample_tables", sample.METHOD)
    with laws.database.open() as stores:
        for unit in range(12):
            newest = snapshot(sample.METHOD, 7, at(unit), response(7, rbi=[0] * (unit + 1)))
            assert laws.apply_one(newest) == "applied"
            most = files(laws, *TABLES)
            if tidied:
                stores.tidy(sample.METHOD)
                assert max(most.values()) <= 2 + 4
    assert (max(most.values()) <= 2 + 4) == tidied, most
    assert laws.rows(7) == newest.rows


def test_replaced_files_are_deleted_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of killed writers too; what is younger stays for readers that still need it."""
    monkeypatch.setattr(tidy, "EVERY", 1)
    laws = DeltaLaws(tmp_path, "sample_tables", sample.METHOD)
    for unit in range(3):
        laws.apply_one(snapshot(sample.METHOD, 7, at(unit), response(7, rbi=[unit, 1, 1])))
    lost = on_disk(laws, "sample.plays")[0].with_name("part-of-a-killed-writer.parquet")
    lost.write_bytes(b"")
    os.utime(lost, (time.time() - 7200,) * 2)
    before = len(on_disk(laws, "sample.plays"))
    with laws.database.open() as stores:
        stores.tidy(sample.METHOD)
        assert len(on_disk(laws, "sample.plays")) == before, "not each time"
        monkeypatch.setattr(tidy, "_CLEAN", 0.0)
        stores.tidy(sample.METHOD)
        assert len(on_disk(laws, "sample.plays")) == before - 1
        monkeypatch.setattr(tidy, "KEEP", timedelta(0))
        stores.tidy(sample.METHOD)
    assert len(on_disk(laws, "sample.plays")) == files(laws, "sample.plays")["sample.plays"]
    forgets = lakes.facts(laws.lake.open("sample", "plays"))["delta.logRetentionDuration"]
    assert forgets == "interval 1 hours", "as the files of older versions are gone"
