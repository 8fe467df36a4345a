"""What the MLB Stats API's requests and answers mean: hydrations, time codes, and how errors look."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mlb_contracts import times
from mlb_contracts.conventions import Conventions
from mlb_contracts.errors import Rejected
from mlb_etl.baseball.converters import timecode

_TIMECODE = "timecode"  # chooses the time of the answer
_LONGEST = 100  # characters of a hydration's name
_DEEPEST = 8  # levels of hydrations in hydrations


def hydration_names(text: str) -> list[str]:
    """The names in a `hydrate` parameter, those in parentheses after the outer one: `person`, `person.stats`.

    Options such as `type=[season,career]` are left out, and so are names with dots, which the API does not know.
    """
    names: set[str] = set()
    outer: list[str] = []
    name, brackets = "", 0
    for character in f"{text},":
        brackets += {"[": 1, "]": -1}.get(character, 0)
        if brackets > 0 or character not in ",()":
            name += character
            continue
        name = name.strip()[:_LONGEST]  # each is repeated before those in its parentheses
        if name and not {"=", "."} & {*name} and len(outer) < _DEEPEST:
            names.add(".".join([*outer, name]))
        if character == "(":
            outer.append(name)
        elif character == ")" and outer:
            outer.pop()
        name = ""
    return sorted(names)


def as_of(parameters: Mapping[str, str]) -> datetime | None:
    """The time that a request asked for by its `timecode`."""
    text = parameters.get(_TIMECODE)
    if text is None:
        return None
    path = f"$.query_params.{_TIMECODE}"
    try:
        return times.capture_time(timecode(text), path)
    except ValueError as error:
        raise Rejected(str(error), path=path, value=text) from None


CONVENTIONS: Final = Conventions(
    hydrate="hydrate",
    hydrations=hydration_names,
    times=frozenset({_TIMECODE, "startTimecode"}),
    as_of=as_of,
    error="messageNumber",
)
