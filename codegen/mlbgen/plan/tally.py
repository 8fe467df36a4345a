"""Adds up what captures show: row by row for each table, in memory that does not grow with the captures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from mlb_contracts import Row
from mlbgen.plan.matching import Pairing, same
from mlbgen.plan.model import NO_FORM, ColumnPlan, Decision, Decisions, Form, TablePlan, Transition

_KNOWN = 1_000
"""How many different transitions of a column are counted one by one."""


class DecisionTally:
    """Counts decisions, and keeps the first."""

    def __init__(self, examples: int) -> None:
        self._most = examples
        self._count = 0
        self._first: list[Decision] = []

    def add(self, file: str, why: str) -> None:
        """Count one more."""
        self._count += 1
        if len(self._first) < self._most:
            self._first.append(Decision(file, why))

    def total(self) -> Decisions:
        """All of them."""
        return Decisions(self._count, tuple(self._first))


@dataclass(slots=True)
class _Transition:
    before: object
    after: object
    key: Mapping[str, object]
    count: int = 1


@dataclass(slots=True)
class _Values:
    """Of a column: its values that are not NULL, and those that change."""

    values: int = 0
    changed: int = 0
    became_null: int = 0
    were_null: int = 0
    transitions: dict[tuple[str, str], _Transition] = field(default_factory=dict)

    def change(self, before: object, after: object, form: Form, row: Row) -> None:
        """Count a value that changes, in the row of this form."""
        self.changed += 1
        self.became_null += after is None
        self.were_null += before is None
        self._note(before, after, form, row)

    def add(self, before: object, after: object, form: Form, row: Row) -> None:
        """Count the value of an added or removed column, unless it is NULL."""
        if before is not None or after is not None:
            self.values += 1
            self._note(before, after, form, row)

    def _note(self, before: object, after: object, form: Form, row: Row) -> None:
        name = (repr(before), repr(after))
        known = self.transitions.get(name)
        if known is not None:
            known.count += 1
        elif len(self.transitions) < _KNOWN:
            self.transitions[name] = _Transition(before, after, form.key_of(row))

    def examples(self, most: int) -> tuple[Transition, ...]:
        """The most frequent transitions, the first of those that are equally frequent."""
        ordered = sorted(self.transitions.values(), key=lambda each: -each.count)
        return tuple(Transition(each.before, each.after, each.count, each.key) for each in ordered[:most])


class TableTally:
    """What happens to the rows of one table, which `before` or `after` may not exist."""

    def __init__(
        self, name: str, before: Form | None, after: Form | None, renamed: Mapping[str, str], examples: int
    ) -> None:
        self._name, self._most = name, examples
        self._forms = before, after
        self._before, self._after = before or NO_FORM, after or NO_FORM
        self._same_form = before == after
        self._pairing = Pairing(self._before, self._after, renamed)
        kept = self._pairing.shared
        self._kept = {each: _Values() for each in kept}
        self._new = _others(self._after, {each.after for each in kept})
        self._gone = _others(self._before, {each.before for each in kept})
        self._rows = (0, 0)
        self._added = self._removed = self._changed = 0
        self._added_rows: list[Row] = []
        self._removed_rows: list[Row] = []

    def add(self, before: Sequence[Row], after: Sequence[Row]) -> None:
        """Compare the rows of one capture."""
        self._rows = (self._rows[0] + len(before), self._rows[1] + len(after))
        if self._same_form and before == after:
            return
        matched = self._pairing.match(before, after)
        self._added += len(matched.added)
        self._removed += len(matched.removed)
        self._added_rows += matched.added[: self._most - len(self._added_rows)]
        self._removed_rows += matched.removed[: self._most - len(self._removed_rows)]
        for old, new in matched.pairs:
            self._changed += self._compare(old, new)
        if None in self._forms:
            return  # every column is new or gone, which its rows say
        for (_, place), values in self._new.items():
            for row in after:
                values.add(None, row[place], self._after, row)
        for (_, place), values in self._gone.items():
            for row in before:
                values.add(row[place], None, self._before, row)

    def _compare(self, old: Row, new: Row) -> bool:
        """Count the values that differ; whether there are any."""
        kept = self._pairing.shared
        differ = [each for each in kept if not same(old[each.place_before], new[each.place_after])]
        for each in differ:
            self._kept[each].change(old[each.place_before], new[each.place_after], self._after, new)
        return bool(differ)

    def plan(self) -> TablePlan | None:
        """The table's part of the plan; None if neither its form nor its rows change."""
        if self._same_form and not (self._added or self._removed or self._changed):
            return None
        return TablePlan(
            name=self._name,
            before=self._forms[0],
            after=self._forms[1],
            matched_by=self._pairing.by,
            rows=self._rows,
            added=self._added,
            removed=self._removed,
            changed=self._changed,
            columns=() if None in self._forms else tuple(self._columns()),
            added_rows=tuple(self._added_rows),
            removed_rows=tuple(self._removed_rows),
        )

    def _columns(self) -> Iterator[ColumnPlan]:
        """The columns that are new, gone or changed."""
        old, new = self._before, self._after
        for each, values in self._kept.items():
            was, is_ = each.place_before, each.place_after
            types, paths = (old.types[was], new.types[is_]), (old.paths[was], new.paths[is_])
            if values.changed or each.before != each.after or types[0] != types[1] or paths[0] != paths[1]:
                yield self._column((each.before, each.after), types, paths, self._rows[1] - self._added, values)
        for (name, place), values in self._new.items():
            types_of_new, paths = (None, new.types[place]), ((), new.paths[place])
            yield self._column((None, name), types_of_new, paths, self._rows[1], values)
        for (name, place), values in self._gone.items():
            types_of_gone, paths = (old.types[place], None), (old.paths[place], ())
            yield self._column((name, None), types_of_gone, paths, self._rows[0], values)

    def _column(
        self,
        names: tuple[str | None, str | None],
        types: tuple[str | None, str | None],
        paths: tuple[tuple[str, ...], tuple[str, ...]],
        rows: int,
        values: _Values,
    ) -> ColumnPlan:
        return ColumnPlan(
            before=names[0],
            after=names[1],
            types=types,
            paths=paths,
            rows=rows,
            values=values.values,
            changed=values.changed,
            became_null=values.became_null,
            were_null=values.were_null,
            examples=values.examples(self._most),
        )


def _others(form: Form, shared: set[str]) -> dict[tuple[str, int], _Values]:
    return {(name, place): _Values() for place, name in enumerate(form.columns) if name not in shared}
