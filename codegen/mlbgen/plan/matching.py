"""Rows of a table before and after an edit: which belong together, and which values differ."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from operator import itemgetter

from mlb_contracts import Row
from mlbgen.plan.model import Form


@dataclass(frozen=True, slots=True)
class Matched:
    """Rows that belong together, in the order of those after the edit, and those without a counterpart."""

    pairs: Sequence[tuple[Row, Row]]
    added: Sequence[Row]
    removed: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Shared:
    """A column that a table has before and after: its names, and its places in rows."""

    before: str
    after: str
    place_before: int
    place_after: int


class Pairing:
    """How rows of two forms of a table are compared; `renamed` has old names of columns by new ones.

    Rows are matched by the primary key. If the key changes, by the new one where the old rows have its columns, else by
    the old one where the new rows have them, else by the columns in both. Rows that agree in these are matched in their
    order; without any such column none are.
    """

    def __init__(self, old: Form, new: Form, renamed: Mapping[str, str]) -> None:
        places = {name: place for place, name in enumerate(old.columns)}
        named = {name: _old_name(name, renamed, old.columns, new.columns) for name in new.columns}
        self.shared = tuple(
            Shared(named[name], name, places[named[name]], place)
            for place, name in enumerate(new.columns)
            if named[name] in places
        )
        self.by = _matched_by(old, new, self.shared)
        chosen = [each for each in self.shared if each.after in self.by]
        retyped = any(old.types[each.place_before] != new.types[each.place_after] for each in chosen)
        self._key_before = _key([each.place_before for each in chosen], as_text=retyped)
        self._key_after = _key([each.place_after for each in chosen], as_text=retyped)

    def match(self, before: Sequence[Row], after: Sequence[Row]) -> Matched:
        """Match the rows of one capture."""
        if not self.by:
            return Matched((), after, before)
        waiting: defaultdict[object, deque[int]] = defaultdict(deque)
        for place, row in enumerate(before):
            waiting[self._key_before(row)].append(place)
        pairs, added = [], []
        for row in after:
            same = waiting.get(self._key_after(row))
            if same:
                pairs.append((before[same.popleft()], row))
            else:
                added.append(row)
        return Matched(pairs, added, [before[place] for place in sorted(chain.from_iterable(waiting.values()))])


def same(before: object, after: object) -> bool:
    """Whether a column shows the same value, perhaps in another type: 5 is 5.0 and "5", but not true."""
    if before is None or after is None:
        return before is after
    if isinstance(before, bool) == isinstance(after, bool) and before == after:
        return True
    return type(before) is not type(after) and plain_text(before) == plain_text(after)


def plain_text(value: object) -> str:
    """The value as PostgreSQL casts it to text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _old_name(name: str, renamed: Mapping[str, str], old: Sequence[str], new: Sequence[str]) -> str:
    """The name that a column had; an old name that is still in use, or never was, is no hint."""
    before = renamed.get(name, name)
    return before if before in old and before not in new and name not in old else name


def _matched_by(old: Form, new: Form, shared: Iterable[Shared]) -> tuple[str, ...]:
    """The new names of the columns that rows are matched by."""
    now = {each.before: each.after for each in shared}
    key = {now[name] for name in old.key if name in now}
    if {*new.key} <= {*now.values()}:
        return new.key
    if len(key) == len(old.key):
        return tuple(now[name] for name in old.key)
    return tuple(name for name in new.key if name in key)


def _key(places: Sequence[int], *, as_text: bool) -> Callable[[Row], object]:
    """A function that takes the key from a row, as texts if its columns change their types."""
    if not as_text:
        return itemgetter(*places) if places else lambda _: None
    return lambda row: tuple(None if row[place] is None else plain_text(row[place]) for place in places)
