"""What a request means where it lacks a parameter that is a key of its document."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never
from zoneinfo import ZoneInfo

_YEAR_DIGITS = 4


@dataclass(frozen=True, slots=True)
class DayOfCapture:
    """The day of the capture in this time zone, as `2024-07-01`."""

    zone: str


@dataclass(frozen=True, slots=True)
class YearOf:
    """The year of the day in another parameter."""

    parameter: str


Assumed: TypeAlias = DayOfCapture | YearOf


def complete(assumed: Mapping[str, Assumed], parameters: Mapping[str, str], captured_at: datetime) -> Mapping[str, str]:
    """The parameters of a request, with those that it lacks; each may build on the ones before it."""
    if assumed.keys() <= parameters.keys():
        return parameters
    completed = dict(parameters)
    for name, meaning in assumed.items():
        if name in completed:
            continue
        match meaning:
            case DayOfCapture(zone):
                completed[name] = captured_at.astimezone(ZoneInfo(zone)).date().isoformat()
            case YearOf(parameter):
                completed[name] = completed[parameter][:_YEAR_DIGITS]
            case _:
                assert_never(meaning)
    return completed
