"""What an API's requests and answers mean beyond the mappings: an installed package says so, by an entry point.

    [project.entry-points."mlb_etl.conventions"]
    my_api = "my_package.conventions:CONVENTIONS"

Without one, a request asks for its subject alone, an answer shows the time of its request, and any JSON is an answer.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from mlb_contracts import extensions
from mlb_contracts.errors import EtlError

GROUP: Final = "mlb_etl.conventions"


def _nothing(_: str) -> Collection[str]:
    return ()


def _now(_: Mapping[str, str]) -> datetime | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """Those of one API.

    `hydrate` is the parameter by which requests ask for more than the plain answer, None if there is none; `hydrations`
    turns its value into the names that mappings use. `times` are parameters that only choose the time of the answer,
    and `as_of` reads this time from a request's parameters, None if they choose none; it raises Rejected. `error` is a
    member that the API's errors have and its answers lack.
    """

    hydrate: str | None = None
    hydrations: Callable[[str], Collection[str]] = _nothing
    times: frozenset[str] = frozenset()
    as_of: Callable[[Mapping[str, str]], datetime | None] = _now
    error: str | None = None


@cache
def installed() -> Conventions:
    """Those of the installed package that has some. Raises EtlError if there are several, or if they are unusable."""
    names = extensions.names(GROUP)
    if len(names) > 1:
        raise EtlError(f"{' and '.join(names)} both have conventions of an API: uninstall one of them")
    if not names:
        return Conventions()
    found = extensions.load(GROUP, names[0])
    if not isinstance(found, Conventions):
        raise EtlError(f"the conventions {names[0]} are not a Conventions of mlb_etl")
    return found
