"""The normal form of requests, and the hydrations that they ask for."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import urlencode

from mlb_contracts import conventions

_LONG = 1000  # characters, above which a request is shortened: an index key holds at most 2,700 bytes
_KEPT = 100


def normal_form(method: str, parameters: Mapping[str, str]) -> str:
    """The text that identifies a request in raw tables: `issueV1?issue_id=7`, with sorted parameters.

    Parameters that only choose the time of the answer are left out, so that captures of several times belong to one
    request.
    """
    text = f"{method}?{urlencode(subject_parameters(parameters))}"
    if len(text) <= _LONG:
        return text
    return f"{text[:_KEPT]}~{hashlib.sha256(text.encode()).hexdigest()}"


def subject_parameters(parameters: Mapping[str, str]) -> list[tuple[str, str]]:
    """The parameters that determine the subject of the answer, not its time; sorted by name."""
    times = conventions.installed().times
    return sorted((name, value) for name, value in parameters.items() if name not in times)


def required_hydrations(listed: str) -> list[str]:
    """The hydrations that a table needs together, by its `hydrate` in the mapping: `author.teams`, `a,b`."""
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
