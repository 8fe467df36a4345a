"""`${NAME}` in job files, and the named days: today, yesterday, tomorrow, and today-7 for a week ago."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mlb_contracts import times
from mlb_etl import plugins
from mlb_etl.errors import EtlError

DAYS = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
_PLACE = re.compile(r"\$\{(\w+)\}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AGO = re.compile(r"today-([0-9]{1,4})")  # days


def zone() -> ZoneInfo:
    """The time zone of the API's days, if it has one; UTC otherwise."""
    api = plugins.api()
    return ZoneInfo("UTC" if api is None else api.zone)


def placeholder_names(text: str) -> Iterator[str]:
    """The names of the placeholders in a text."""
    return (match[1] for match in _PLACE.finditer(text))


def require_known(text: str, possible: Collection[str]) -> None:
    """Raise ValueError if the text has a placeholder that is not one of these."""
    if unknown := [name for name in placeholder_names(text) if name not in possible]:
        raise ValueError(f"${{{unknown[0]}}} is unknown here; known are {', '.join(possible)}")


def days(timezone: ZoneInfo) -> dict[str, str]:
    """The current dates of the named days in a time zone."""
    today = datetime.now(timezone).date()
    return {name: str(today + timedelta(days=offset)) for name, offset in DAYS.items()}


def parse_day(text: str, timezone: ZoneInfo) -> date:
    """Parse a date or a named day, which depends on the time zone; raises ValueError."""
    if text.isascii() and text.islower() and text.upper() in DAYS:
        return datetime.now(timezone).date() + timedelta(days=DAYS[text.upper()])
    if (ago := _AGO.fullmatch(text)) is not None:
        return datetime.now(timezone).date() - timedelta(days=int(ago[1]))
    if not _DATE.fullmatch(text):
        names = ", ".join(map(str.lower, DAYS))
        raise ValueError(f"{text[:40]!r} is not a date: YYYY-MM-DD, {names} and today-N are possible")
    return times.parse_game_day(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${NAME}` replaced by its value; raises EtlError if one has no value."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise EtlError(f"{match[0]} has no value; the values are {', '.join(sorted(values)) or 'none'}")
        return values[match[1]]

    return _PLACE.sub(value, text)
