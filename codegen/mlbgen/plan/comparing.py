"""Reads captures and compares their rows before and after the edit, one capture at a time."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from mlb_contracts import Row, Table
from mlb_contracts.errors import Rejected
from mlb_contracts.misfit import Misfit
from mlb_contracts.response import Response
from mlbgen.plan import extraction
from mlbgen.plan.extraction import Document, Reading, Side
from mlbgen.plan.model import Decisions, Form, MethodPlan, TablePlan, UnreadablePlan
from mlbgen.plan.tally import DecisionTally, TableTally

_Rows: TypeAlias = dict[str, list[Row]]
# Old names of columns by new ones, by table.
Renamed: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(slots=True)
class _Unreadable:
    before: int = 0
    after: int = 0
    example: str = ""


class _MethodTally:
    def __init__(self, examples: int) -> None:
        self.captures = 0
        self.rejected, self.accepted = DecisionTally(examples), DecisionTally(examples)


class Comparison:
    """Collects what captures show; `examples` bounds the number of examples of each kind."""

    def __init__(self, before: Side, after: Side, renamed: Renamed, examples: int) -> None:
        self._sides = before, after
        self._methods = {name: _MethodTally(examples) for name in sorted(before.methods.keys() | after.methods.keys())}
        self._tables = {
            name: TableTally(
                name, _form(before.tables.get(name)), _form(after.tables.get(name)), renamed.get(name, {}), examples
            )
            for name in dict.fromkeys((*after.tables, *before.tables))
        }
        self._unreadable: dict[tuple[str, str], _Unreadable] = {}
        self._unread = DecisionTally(examples)
        self.captures = 0

    def read(self, files: Iterable[Path], root: Path, tell: Callable[[int], None]) -> None:
        """Read the captures in these files, one at a time; `tell` is called with the number of files done.

        Examples name a file below `root` by its path in it.
        """
        for done, file in enumerate(files, start=1):
            name = str(file.relative_to(root) if file.is_relative_to(root) else file)
            try:
                capture = extraction.read_capture(file)
            except Rejected as why:
                self._unread.add(name, why.reason if why.value is None else str(why))
            else:
                self.captures += 1
                self._see(name, capture)
            tell(done)

    def _see(self, file: str, capture: Response) -> None:
        before, after = ([*side.names(capture)] for side in self._sides)
        rows: tuple[_Rows, _Rows] = ({}, {})
        for name in dict.fromkeys((*after, *before)):
            self._methods[name].captures += 1
            old, new = (
                extraction.read(side.methods[name], capture) if name in names else Reading({})
                for side, names in zip(self._sides, (before, after), strict=True)
            )
            self._add_documents(file, self._methods[name], old, new, rows)
        for name in dict.fromkeys((*rows[1], *rows[0])):
            self._tables[name].add(rows[0].get(name, []), rows[1].get(name, []))

    def _add_documents(
        self, file: str, tally: _MethodTally, before: Reading, after: Reading, rows: tuple[_Rows, _Rows]
    ) -> None:
        """Pool the rows of the documents that are read before and after; a rejected one keeps what it has."""
        identities = dict.fromkeys((*before.documents, *after.documents))
        for identity in identities or [()]:
            old, new = before.of(identity), after.of(identity)
            if isinstance(old, Rejected) and isinstance(new, Rejected):
                continue
            if isinstance(new, Rejected):
                if old is not None:
                    tally.rejected.add(file, str(new))
                continue
            if isinstance(old, Rejected):
                if new is None:
                    continue
                tally.accepted.add(file, str(old))
            for place, found in enumerate((old, new)):
                if isinstance(found, Document):
                    self._add(rows[place], found, place)

    def _add(self, rows: _Rows, document: Document, place: int) -> None:
        for table, its in document.rows.items():
            rows.setdefault(table, []).extend(its)
        for each in document.unreadable:
            found = self._unreadable.setdefault((each.table, each.path), _Unreadable())
            found.before += 0 if place else each.number
            found.after += each.number if place else 0
            found.example = found.example or _example(each)

    def tables(self) -> tuple[TablePlan, ...]:
        """The tables whose form or rows change, in the order of the mappings."""
        return tuple(plan for tally in self._tables.values() if (plan := tally.plan()) is not None)

    def methods(self) -> tuple[MethodPlan, ...]:
        """The methods whose code changes."""
        return tuple(
            MethodPlan(
                name,
                (self._fingerprint(0, name), self._fingerprint(1, name)),
                tally.captures,
                tally.rejected.total(),
                tally.accepted.total(),
            )
            for name, tally in self._methods.items()
        )

    def _fingerprint(self, place: int, name: str) -> str | None:
        method = self._sides[place].methods.get(name)
        return None if method is None else method.fingerprint

    def unreadable(self) -> tuple[UnreadablePlan, ...]:
        """The places where another number of values can't be read."""
        return tuple(
            UnreadablePlan(*place, each.before, each.after, each.example)
            for place, each in sorted(self._unreadable.items())
            if each.before != each.after
        )

    def unread(self) -> Decisions:
        """The files that are no captures."""
        return self._unread.total()


def _example(misfit: Misfit) -> str:
    return f"{misfit.place} is {misfit.value}: {misfit.reason}"


def _form(table: Table | None) -> Form | None:
    if table is None:
        return None
    return Form(
        tuple(each.name for each in table.columns),
        tuple(each.type for each in table.columns),
        tuple(each.paths for each in table.columns),
        table.primary_key,
    )
