"""The valid ranges of times. Every time from outside is checked against them on entry."""

from datetime import UTC, date, datetime, timedelta

from mlb_contracts.errors import Rejected

TOLERANCE = timedelta(minutes=5)
"""How far a capture may be ahead of the database's clock: clocks without NTP drift by seconds a day."""

# No response is older than 2000, since the API itself is younger. A clock that was never set shows 1970 or 1980.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# The years of games: for the days in requests, and the bounds of partitions. Rows may hold any day.
YEARS = range(1800, 2200)

# The times that Python can read back in every time zone; PostgreSQL's range goes on for 284,000 more years.
FIRST = datetime(1, 1, 2, tzinfo=UTC)
LAST = datetime(9999, 12, 30, tzinfo=UTC)
ROW_RANGE = "a time in the years 1 to 9999 is expected, in every time zone"


def capture_time(time: datetime, path: str) -> datetime:
    """The time, if a capture can have it; raises Rejected outside of 2000 to 2099. `path` is for the message."""
    if not EARLIEST <= time < LATEST:
        reason = f"the time of a capture must be in the years {EARLIEST.year} to {LATEST.year - 1}"
        raise Rejected(reason, path=path, value=time.isoformat())
    return time


def file_time(seconds: float) -> datetime:
    """A file's modification time, in seconds since 1970, as the time of a capture; raises Rejected out of range."""
    path = "the file's last change"
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # years beyond 9999
        time = LATEST
    return capture_time(time, path)


def fits_row(time: datetime) -> bool:
    """Whether every reader can read the time from a timestamptz column."""
    return FIRST <= time < LAST


def game_day(day: date) -> date:
    """The day, if games may be played on it; otherwise raises ValueError."""
    if day.year not in YEARS:
        raise ValueError(f"a day from {YEARS[0]} to {YEARS[-1]} is expected, not {day}")
    return day


def parse_game_day(text: str) -> date:
    """Parse a day in ISO format on which games may be played; otherwise raises ValueError."""
    return game_day(date.fromisoformat(text))
