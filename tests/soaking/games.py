"""An API whose games go on with each poll, and what the tables are to hold of their feeds."""

import json
import re
from collections.abc import Mapping
from typing import Any

from mlb_sim import Simulator
from mlb_sim.faults import Context, respond
from mlb_sim.times import MINUTE
from soaking.content import Key, Rows, Subject
from soaking.plan import LIVE_GAMES
from soaking.world import World

_FEED = re.compile(r"/game/(\d+)/feed/live\b")


class Played(World):
    """Two games of a day. An answer about one moves the time on, and `enough` is set after so many as are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.simulator = Simulator(3, 2024, wait=1)
        fixtures = [self.simulator.calendar.by_pk[game] for game in LIVE_GAMES]
        first = max(self.simulator.timeline(each).first_pitch for each in fixtures)
        self.simulator.clock.set(first + 5 * MINUTE)
        self._pace = self._left = 0

    def follow(self, polls: int, pace: int) -> None:
        """As `World` says."""
        self._left, self._pace = polls, pace
        self.enough.clear()

    def said(self, path: str) -> tuple[int | None, int, bytes]:
        """As `World` says."""
        game_pk = int(asked[1]) if (asked := _FEED.search(path)) else None
        if game_pk is not None:
            self.simulator.clock.advance(60 * self._pace)
            self._left -= 1
            if self._left <= 0:
                self.enough.set()
        answer = respond(None, Context(self.simulator, path, self.simulator.now)).answer
        return game_pk, answer.status, answer.body


def _rows(body: bytes, *, migrated: bool = False) -> Rows:  # noqa: ARG001 - there is one mapping
    said = json.loads(body)
    game_pk, plays = said["gamePk"], said["liveData"]["plays"]["allPlays"]
    return {
        "live_game_metadata": {(game_pk,): (said["gameData"]["status"]["codedGameState"],)},
        "live_game_plays": {(game_pk, each["about"]["atBatIndex"]): _play(each) for each in plays},
        "live_game_pitch_events": dict(
            _pitch(game_pk, of, each) for of in plays for each in of["playEvents"] if each["isPitch"]
        ),
    }


def _play(of: Mapping[str, Any]) -> tuple[Any, ...]:
    return *(of["result"].get(name) for name in ("event", "rbi", "homeScore")), of["about"].get("inning")


def _pitch(game_pk: int, of: Mapping[str, Any], pitch: Mapping[str, Any]) -> tuple[Key, tuple[Any, ...]]:
    said = pitch.get("pitchNumber"), pitch.get("playId"), pitch["details"].get("call", {}).get("code")
    return (game_pk, of["about"]["atBatIndex"], pitch["index"]), said


def _flawed(game_pk: int, body: bytes) -> bool:
    return bool(json.loads(body)["gamePk"] != game_pk)


def _shrinks(before: Rows, after: Rows) -> bool:  # noqa: ARG001 - a feed grows
    return False


LIVE = Subject(
    method="game.liveGameV1",
    packages=("mlb_tables",),
    raw="game.live_game_v1",
    schema="game",
    tables={
        "live_game_metadata": (("game_pk",), ("coded_game_state",)),
        "live_game_plays": (("game_pk", "at_bat_index"), ("event", "rbi", "home_score", "inning")),
        "live_game_pitch_events": (
            ("game_pk", "at_bat_index", "event_index"),
            ("pitch_number", "play_id", "call_code"),
        ),
    },
    whole=False,
    added={},
    rows=_rows,
    flawed=_flawed,
    shrinks=_shrinks,
)
