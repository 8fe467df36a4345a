"""What a request means where it lacks a parameter that is a key of its document."""

from collections.abc import Collection, Mapping
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


@dataclass(frozen=True, slots=True)
class YearOfCapture:
    """The year of the capture in this time zone, as `2024`."""

    zone: str


@dataclass(frozen=True, slots=True)
class Value:
    """This value, as requests write it."""

    text: str


Assumed: TypeAlias = DayOfCapture | YearOf | YearOfCapture | Value


def complete(
    assumed: Mapping[str, Assumed],
    parameters: Mapping[str, str],
    captured_at: datetime,
    unordered: Collection[str] = (),
) -> Mapping[str, str]:
    """The parameters of a request, with those that it lacks; each may build on the ones before it.

    `unordered` parameters are lists whose order has no meaning, so they are sorted.
    """
    if assumed.keys() <= parameters.keys() and not unordered:
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
            case YearOfCapture(zone):
                completed[name] = f"{captured_at.astimezone(ZoneInfo(zone)).year:04}"
            case Value(text):
                completed[name] = text
            case _:
                assert_never(meaning)
    return completed | {name: in_order(completed[name]) for name in unordered if name in completed}


def in_order(text: str) -> str:
    """A list such as `vr,vl`, sorted and without repetitions: `vl,vr`."""
    return ",".join(sorted({each.strip() for each in text.split(",")}))
