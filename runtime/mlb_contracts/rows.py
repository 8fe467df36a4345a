"""How a table treats rows of one document that share a key: generated extractors end with one of these functions.

`key` takes the primary key from a row. The rows keep the response's order.
"""

from collections.abc import Callable
from typing import TypeVar

from mlb_contracts.captures import Row
from mlb_contracts.errors import Rejected

R = TypeVar("R", bound=Row)


def unique(rows: list[R], key: Callable[[R], object], path: str) -> list[R]:
    """All rows; raises Rejected if a key repeats. `path` is where the rows come from."""
    if len(set(map(key, rows))) < len(rows):
        seen: set[object] = set()
        for each in map(key, rows):
            if each in seen:
                raise Rejected("the primary key repeats", path=path, value=each)
            seen.add(each)
    return rows


def first_of_each(rows: list[R], key: Callable[[R], object]) -> list[R]:
    """The first row of each key."""
    kept: dict[object, R] = {}
    for row in rows:
        kept.setdefault(key(row), row)
    return list(kept.values())


def last_of_each(rows: list[R], key: Callable[[R], object]) -> list[R]:
    """The last row of each key."""
    return list({key(row): row for row in rows}.values())
