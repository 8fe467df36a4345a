"""Texts of the MLB Stats API that fill columns: innings, time codes, and places in the batting order."""

import re
from datetime import UTC, datetime

from mlb_contracts.extensions import converter

_INNINGS = re.compile(r"([0-9]{1,4})(?:\.([012]))?")
_BATTING_ORDER = re.compile(r"([1-9][0-9]?)([0-9]{2})")  # exhibitions may let ten players bat


@converter(fills=["smallint", "integer"], suggested_for="innings", unit="outs")
def innings_to_outs(text: str) -> int:
    """`"7.2"` innings pitched, seven and two thirds, -> 23 outs."""
    innings, thirds = _groups(_INNINGS, text, "innings are expected as full innings and thirds, such as 7.2")
    return int(innings) * 3 + int(thirds)


@converter(fills=["timestamptz"], suggested_for="")
def timecode(text: str) -> datetime:
    """`"20240713_041909"` -> 2024-07-13 04:19:09 UTC."""
    try:
        return datetime.strptime(text, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("a timecode is expected, YYYYMMDD_HHMMSS") from None


@converter(fills=["smallint", "integer"])
def batting_slot(text: str) -> int:
    """`"903"`, the fourth player in slot 9, -> 9."""
    return int(_order(text)[0])


@converter(fills=["smallint", "integer"])
def batting_sequence(text: str) -> int:
    """`"903"`, the fourth player in slot 9, -> 3; a starter has 0."""
    return int(_order(text)[1])


def _order(text: str) -> tuple[str, ...]:
    return _groups(_BATTING_ORDER, text, "a batting order of slot and sequence is expected, such as 903")


def _groups(pattern: re.Pattern[str], text: str, expected: str) -> tuple[str, ...]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(expected)
    return match.groups(default="0")
