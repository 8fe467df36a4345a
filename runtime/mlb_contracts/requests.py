"""The normal form of requests, and the hydrations that they ask for."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlencode

HYDRATE = "hydrate"  # names what else the answer is to contain
TIMECODE = "timecode"  # chooses the time of the answer
_TIMES = (TIMECODE, "startTimecode")  # not its subject
_LONG = 1000  # characters, above which a request is shortened: an index key holds at most 2,700 bytes
_KEPT = 100
_DEEPEST = 8  # levels of hydrations in hydrations


def normal_form(method: str, parameters: Mapping[str, str]) -> str:
    """The text that identifies a request in raw tables: `liveGameV1?game_pk=747175`, with sorted parameters.

    Parameters that only choose the time of the answer are left out, so that captures of a feed at several times belong
    to one request.
    """
    text = f"{method}?{urlencode(subject_parameters(parameters))}"
    if len(text) <= _LONG:
        return text
    return f"{text[:_KEPT]}~{hashlib.sha256(text.encode()).hexdigest()}"


def subject_parameters(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """The parameters that determine the subject of the answer, not its time; sorted by name."""
    return sorted((name, value) for name, value in parameters.items() if name not in _TIMES)


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
        name = name.strip()[:_KEPT]  # each is repeated before those in its parentheses
        if name and not {"=", "."} & {*name} and len(outer) < _DEEPEST:
            names.add(".".join([*outer, name]))
        if character == "(":
            outer.append(name)
        elif character == ")" and outer:
            outer.pop()
        name = ""
    return sorted(names)


def required_hydrations(listed: str) -> list[str]:
    """The hydrations that a table needs together, by its `hydrate` in the mapping: `game.content.media`, `a,b`."""
    return sorted(listed.split(","))


def omitted(
    ways: Iterable[tuple[str, ...]], parameters: Collection[str], known: Collection[str]
) -> list[tuple[str, ...]]:
    """The ways of naming documents that a request could have used, if it used none.

    Each way is the parameters that it takes; `parameters` are those of the request, `known` those that it could have.
    """
    listed = list(ways)
    if any({*way} <= {*parameters} for way in listed):
        return []
    return [way for way in listed if {*way} <= {*known}]
