"""Facts about the whole game from a live feed: state, score, inning, and when to poll it again."""

import re

import msgspec

from mlb_etl.baseball.states import State
from mlb_etl.errors import printable
from mlb_etl.http import pauses

_TIMECODE = re.compile(r"[0-9]{8}_[0-9]{6}")
_NO_WAIT = msgspec.Raw(b"0")


class _Struct(msgspec.Struct, rename="camel", frozen=True):
    """Members of the API's JSON."""


class GameStatus(_Struct, frozen=True):
    """A game's state. `coded_game_state` decides; `status_code` adds a letter for a delay or a kind of review."""

    coded_game_state: str
    status_code: str = ""
    start_time_tbd: bool = msgspec.field(name="startTimeTBD", default=False)

    @property
    def delayed(self) -> bool:
        """Whether the game is delayed, before the first pitch or later; PW is the warm-up."""
        return (
            len(self.status_code) > 1
            and self.coded_game_state in {State.IN_PROGRESS, State.PREGAME}
            and self.status_code != "PW"
        )


class _Runs(_Struct, frozen=True):
    runs: int | None = None


class _Runners(_Struct, frozen=True):
    home: _Runs = _Runs()
    away: _Runs = _Runs()


class _Linescore(_Struct, frozen=True):
    current_inning: int | None = None
    inning_state: str = ""
    teams: _Runners = _Runners()


class _LiveData(_Struct, frozen=True):
    linescore: _Linescore = _Linescore()


class _GameData(_Struct, frozen=True):
    status: GameStatus


class _MetaData(_Struct, frozen=True):
    """`wait` is decoded separately, so that an invalid value does not invalidate the feed."""

    wait: msgspec.Raw = _NO_WAIT
    time_stamp: str | None = None

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(
            self, "wait", self.wait.copy()
        )  # without a copy, it would keep the whole feed in memory


class Feed(_Struct, frozen=True):
    """The parts of a live feed that concern the whole game."""

    game_data: _GameData
    live_data: _LiveData = _LiveData()
    meta_data: _MetaData = _MetaData()

    @property
    def status(self) -> GameStatus:
        return self.game_data.status

    @property
    def state(self) -> str:
        return self.status.coded_game_state

    @property
    def score(self) -> tuple[int | None, int | None]:
        """Runs, away and home."""
        runs = self.live_data.linescore.teams
        return runs.away.runs, runs.home.runs

    @property
    def inning(self) -> str:
        """The inning, such as `Top 5`; empty before the first."""
        line = self.live_data.linescore
        return printable(f"{line.inning_state} {line.current_inning}".strip(), 20) if line.current_inning else ""

    @property
    def wait(self) -> float:
        """Seconds to wait before the next poll, within limits; 0 if the feed gives no usable value."""
        asked = pauses.parse_number(bytes(self.meta_data.wait).decode())
        return pauses.bounded(asked, "metaData.wait") or 0

    @property
    def timecode(self) -> str | None:
        """The time of the last event, `YYYYMMDD_HHMMSS`, from which patches continue."""
        stamp = self.meta_data.time_stamp
        return stamp if stamp and _TIMECODE.fullmatch(stamp) else None


_decode = msgspec.json.Decoder(Feed).decode


def decode_feed(data: bytes) -> Feed | None:
    """The decoded feed; None if it has no game state."""
    try:
        return _decode(data)
    except msgspec.DecodeError:
        return None
