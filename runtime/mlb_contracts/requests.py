"""What tells requests apart: a normal form of them, and what they ask to be hydrated."""

import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode

_TIMES = ("timecode", "startTimecode")  # say of which time the answer is to be, not what it is about
_LONG = 1000  # characters of a request that stand as they are, since a key of an index has no more than 2,700 bytes
_KEPT = 100


def normal_form(method: str, parameters: Mapping[str, str]) -> str:
    """The request as raw tables tell it apart from others: `liveGameV1?game_pk=747175`, with its parameters sorted.

    Parameters that only say of which time the answer is to be are left out, so that captures of a feed at several times
    are captures of one request.
    """
    text = f"{method}?{urlencode(told(parameters))}"
    if len(text) <= _LONG:
        return text
    return f"{text[:_KEPT]}~{hashlib.sha256(text.encode()).hexdigest()}"


def told(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """The parameters that say what the answer is about, sorted by name."""
    return sorted((name, value) for name, value in parameters.items() if name not in _TIMES)


def hydrations(text: str) -> list[str]:
    """The names in a `hydrate` parameter: `team,stats(type=[season,career])` asks for `team` and `stats`."""
    names, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            names.append("")
        elif depth == 0 and character != ")":
            names[-1] += character
    return sorted({name.strip() for name in names} - {""})
