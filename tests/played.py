"""Feeds with the rows made of them: captured ones, and simulated ones, which everybody has."""

import functools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from feeds import METHOD, Feed, capture

from mlb_contracts import Capture
from mlb_etl.capture import stub_files
from mlb_etl.extract.extract import extract
from mlb_sim import Simulator
from mlb_sim.routes import encode
from mlb_sim.times import DAY

Row = dict[str, Any]
SIDES = ("home", "away")
SEASONS = (2019, 2024, 2026)


@dataclass(frozen=True, repr=False)
class Game:
    """A captured feed, and the rows made of it by table."""

    name: str
    feed: Feed
    rows: dict[str, list[Row]]

    @property
    def movements(self) -> dict[int, list[Row]]:
        """Of each plate appearance, the movements of runners in the feed's order."""
        found: dict[int, list[Row]] = defaultdict(list)
        for row in self.rows["live_game_runners"]:
            found[row["at_bat_index"]].append(row)
        return found

    @property
    def pitches(self) -> list[tuple[Row, Row, list[Row]]]:
        """Each pitch with its plate appearance and the movements on it."""
        plays = {row["at_bat_index"]: row for row in self.rows["live_game_plays"]}
        movements = self.movements
        return [
            (
                pitch,
                plays[pitch["at_bat_index"]],
                [row for row in movements[pitch["at_bat_index"]] if row["event_index"] == pitch["event_index"]],
            )
            for pitch in self.rows["live_game_pitch_events"]
        ]

    @property
    def pitchers(self) -> Iterator[tuple[str, int, Row]]:
        """Each pitcher's line, with the side and the place in the order of appearance."""
        for side in SIDES:
            for place, row in enumerate(self.rows[f"live_game_{side}_pitchers"]):
                yield side, place, row

    @property
    def is_over(self) -> bool:
        """Whether all plays of the game are there; one captured feed is final and has none."""
        return self.feed["gameData"]["status"]["codedGameState"] in "FO" and bool(self.rows["live_game_plays"])


def captured(stubs: Path) -> list[Game]:
    """All captured feeds."""
    return [
        _game(file.name, response.data, response.parameters)
        for file in stub_files.find_stubs(stubs / "game" / "liveGameV1")
        for response in [capture(file)]
    ]


@functools.cache
def simulated() -> list[Game]:
    """The final feeds of games of several seasons, a suspended one and one with extra innings among them."""
    found = []
    for season in SEASONS:
        simulator = Simulator(9, season)
        fixtures = simulator.calendar.fixtures
        for fixture in (*fixtures[:5], next(each for each in fixtures if each.fate == "suspended")):
            data = encode(simulator.feed(fixture, simulator.outline(fixture).final + DAY))
            found.append(_game(f"{fixture.pk}, simulated", data, {"game_pk": str(fixture.pk)}))
    return found


def _game(name: str, data: bytes, parameters: dict[str, str]) -> Game:
    made = extract(METHOD, Capture(datetime(2026, 1, 1, tzinfo=UTC), parameters), data).rows
    rows = {
        table.name: [dict(zip([column.name for column in table.columns], row, strict=True)) for row in its]
        for table, its in zip(METHOD.tables, made, strict=True)
    }
    return Game(name, msgspec.json.decode(data), rows)
