"""Parsers for the parameters of requests."""

import re
from collections.abc import Mapping
from datetime import MAXYEAR, MINYEAR, date, datetime

from mlb_sim.answers.errors import invalid

Query = Mapping[str, str]

_AMERICAN = "%m/%d/%Y"


def day(text: str) -> date:
    """A date, as the API takes it: `2024-07-01` or `07/01/2024`."""
    try:
        return date.fromisoformat(text) if "-" in text else datetime.strptime(text, _AMERICAN).date()  # noqa: DTZ007 -- a date has no zone
    except ValueError as error:
        raise invalid(text) from error


def number(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise invalid(text) from error


def year(text: str) -> int:
    """A year that dates can have."""
    found = number(text)
    if not MINYEAR <= found <= MAXYEAR:
        raise invalid(text)
    return found


def numbers(query: Query, *names: str) -> set[int] | None:
    """The numbers of a list such as `1,2,3`, from the first of these parameters that is given; None if none is."""
    text = next((query[name] for name in names if query.get(name)), None)
    return None if text is None else {number(part) for part in text.split(",") if part}


def words(query: Query, *names: str) -> set[str] | None:
    """The words of a list such as `R,P`; None if the parameter is not given."""
    text = next((query[name] for name in names if query.get(name)), None)
    return None if text is None else set(text.split(","))


def hydrations(query: Query) -> set[str]:
    """The names in `hydrate`, those in parentheses with the names around them.

    `team,game(content(media))` asks for `team`, `game`, `game.content` and `game.content.media`.
    """
    found: set[str] = set()
    around, name = [""], ""
    for part in re.findall(r"\w+|[()]", query.get("hydrate", "")):
        if part == "(":
            around.append(f"{name}.")
        elif part == ")":
            around = around[:-1] or [""]
        else:
            name = around[-1] + part
            found.add(name)
    return found
