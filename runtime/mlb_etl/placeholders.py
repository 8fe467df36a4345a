"""`${NAME}` in the texts of job files."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from mlb_etl.errors import EtlError

DAYS = {"TODAY": 0, "YESTERDAY": -1}
_PLACE = re.compile(r"\$\{(\w+)\}")


def names(text: str) -> Iterator[str]:
    """The names that a text refers to."""
    return (match[1] for match in _PLACE.finditer(text))


def days(timezone: ZoneInfo) -> dict[str, str]:
    """TODAY and YESTERDAY as it is now in a time zone."""
    today = datetime.now(timezone).date()
    return {name: str(today + timedelta(days=offset)) for name, offset in DAYS.items()}


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${NAME}` replaced by its value; raises EtlError for one that has none."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise EtlError(f"{match[0]} has no value; {', '.join(sorted(values)) or 'nothing'} has one")
        return values[match[1]]

    return _PLACE.sub(value, text)
