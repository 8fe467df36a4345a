"""Which times are possible. Every time from outside is checked against these ranges where it enters."""

from datetime import UTC, date, datetime, timedelta

from mlb_contracts.errors import Rejected

TOLERANCE = timedelta(minutes=5)
"""How far a capture may be ahead of the database's clock: machines without NTP drift by seconds a day."""

# The API is younger than 2000, and so is every clock that has been set: an unset one says 1970 or 1980.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)

# Of days on which games are played: what a request asks for, and what a partition is of. Rows hold any day.
YEARS = range(1800, 2200)

# What Python can read back in every time zone; PostgreSQL goes on for another 284,000 years.
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)
ROW_RANGE = "a time of the years 1 to 9999 is expected, in every time zone"


def of_capture(time: datetime, path: str) -> datetime:
    """The time of a request, or the past time that it asks for; raises Rejected outside of 2000 to 2099."""
    if not EARLIEST <= time < LATEST:
        reason = f"the time of a capture is expected to be from {EARLIEST.year} to {LATEST.year - 1}"
        raise Rejected(reason, path=path, value=time.isoformat())
    return time


def of_file(seconds: float) -> datetime:
    """The time of a file's last change, in seconds since 1970, as that of a capture; raises Rejected out of range."""
    path = "the file's last change"
    try:
        time = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):  # years beyond 9999
        time = LATEST
    return of_capture(time, path)


def in_row(time: datetime) -> bool:
    """Whether a column of type timestamptz takes the time, so that every reader can read it."""
    return _FIRST <= time < _LAST


def of_games(day: date) -> date:
    """A day on which games may be played; raises ValueError for another."""
    if day.year not in YEARS:
        raise ValueError(f"a day from {YEARS[0]} to {YEARS[-1]} is expected, not {day}")
    return day


def read_day(text: str) -> date:
    """Such a day in ISO's form; raises ValueError for another text."""
    return of_games(date.fromisoformat(text))
