"""Moments as milliseconds since 1970, UTC, and the forms in which the API writes them."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

Moment = int  # milliseconds since 1970-01-01T00:00Z

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIMECODE = "%Y%m%d_%H%M%S"
_TO_TIMECODE = str.maketrans("T", "_", "-:")


def moment(value: datetime) -> Moment:
    """The moment of a time with a time zone."""
    return (value - _EPOCH) // timedelta(milliseconds=1)


def at(day: date, hour: int, minute: int = 0, *, offset: int = 0) -> Moment:
    """The moment of a time of day, in a zone with this offset from UTC in hours."""
    return moment(datetime.combine(day, time(hour, minute), UTC)) - offset * HOUR


def to_datetime(value: Moment) -> datetime:
    """The moment as a datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=value)


@lru_cache(maxsize=512)
def _day(number: int) -> str:
    return f"{_EPOCH + timedelta(days=number):%Y-%m-%d}"


def iso(value: Moment) -> str:
    """`2024-07-01T23:05:00.123Z`"""
    return f"{iso_seconds(value)[:-1]}.{value % SECOND:03d}Z"


def iso_seconds(value: Moment) -> str:
    """`2024-07-01T23:05:00Z`"""
    day, rest = divmod(value, DAY)
    minutes, seconds = divmod(rest // SECOND, 60)
    return f"{_day(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}Z"


def timecode(value: Moment) -> str:
    """`20240701_230500`"""
    return iso_seconds(value)[:-1].translate(_TO_TIMECODE)


def from_timecode(text: str) -> Moment:
    """The last moment of the second; raises ValueError for an invalid time code."""
    return moment(datetime.strptime(text, _TIMECODE).replace(tzinfo=UTC)) + SECOND - 1


def from_iso(text: str) -> Moment:
    """The moment of an ISO 8601 string, by default in UTC; raises ValueError for an invalid one."""
    value = datetime.fromisoformat(text)
    return moment(value if value.tzinfo else value.replace(tzinfo=UTC))


def clock(value: Moment, offset: int) -> tuple[str, str]:
    """Hour and minute in a zone with this offset from UTC, and AM or PM: `("7:05", "PM")`."""
    local = to_datetime(value + offset * HOUR)
    return f"{(local.hour - 1) % 12 + 1}:{local.minute:02d}", "AM" if local.hour < 12 else "PM"  # noqa: PLR2004 -- noon
