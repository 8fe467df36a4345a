"""`${NAME}` in job files, and the named days: today, yesterday, tomorrow."""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from mlb_contracts import times
from mlb_etl.errors import EtlError

DAYS = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
_PLACE = re.compile(r"\$\{(\w+)\}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def placeholder_names(text: str) -> Iterator[str]:
    """The names that a text refers to."""
    return (match[1] for match in _PLACE.finditer(text))


def require_known(text: str, possible: Collection[str]) -> None:
    """Raise ValueError for a placeholder in the text that is not one of these."""
    if unknown := [name for name in placeholder_names(text) if name not in possible]:
        raise ValueError(f"${{{unknown[0]}}} is not known here; {', '.join(possible)} are")


def days(timezone: ZoneInfo) -> dict[str, str]:
    """The dates of the named days, now, in a time zone."""
    today = datetime.now(timezone).date()
    return {name: str(today + timedelta(days=offset)) for name, offset in DAYS.items()}


def parse_day(text: str, timezone: ZoneInfo) -> date:
    """The date that a text means, now, in a time zone; raises ValueError."""
    if text.isascii() and text.islower() and text.upper() in DAYS:
        return datetime.now(timezone).date() + timedelta(days=DAYS[text.upper()])
    if not _DATE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no date: YYYY-MM-DD, {', '.join(map(str.lower, DAYS))} are possible")
    return times.parse_game_day(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${NAME}` replaced by its value; raises EtlError if one has no value."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise EtlError(f"{match[0]} has no value; {', '.join(sorted(values)) or 'nothing'} has one")
        return values[match[1]]

    return _PLACE.sub(value, text)
