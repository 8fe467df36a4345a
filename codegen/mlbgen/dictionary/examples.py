"""A query of each table and view that shows what its rows look like."""

from collections.abc import Iterable, Sequence

_COLUMNS = 7  # that a query shows at most, its keys among them
_ROWS = 5
_OWN = ("captured_at", "ingested_at")


def example(name: str, key: Sequence[str], columns: Iterable[str]) -> str:
    """Select the key and the columns after it, the newest key first, as SQL of PostgreSQL."""
    others = [each for each in columns if each not in key and each not in _OWN]
    shown = [*key, *others[: max(_COLUMNS - len(key), 2)]]
    order = f"\nORDER BY {', '.join(key)}" if key else ""
    return f"SELECT {', '.join(shown)}\nFROM {name}{order}\nLIMIT {_ROWS};"
