"""What a table does with rows of one key in one document: generated extractors end with one of these.

`key` takes the primary key from a row; the rows stay in the response's order.
"""

from collections.abc import Callable
from typing import TypeVar

from mlb_contracts import Row
from mlb_contracts.errors import Rejected

R = TypeVar("R", bound=Row)


def unique(rows: list[R], key: Callable[[R], object], path: str) -> list[R]:
    """The rows; raises Rejected where a key repeats. `path` is where the rows come from."""
    if len(set(map(key, rows))) < len(rows):
        seen: set[object] = set()
        for each in map(key, rows):
            if each in seen:
                raise Rejected("the primary key repeats", path=path, value=each)
            seen.add(each)
    return rows


def first_of_each(rows: list[R], key: Callable[[R], object]) -> list[R]:
    """Of rows of one key the first."""
    kept: dict[object, R] = {}
    for row in rows:
        kept.setdefault(key(row), row)
    return list(kept.values())


def last_of_each(rows: list[R], key: Callable[[R], object]) -> list[R]:
    """Of rows of one key the last."""
    return list({key(row): row for row in rows}.values())
