"""Views of the database as plain values: the common form of SQL files and of what the migrations created."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from mlbgen.language.diagnostics import Position
from mlbgen.language.names import SqlName


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """A column of a view."""

    name: SqlName
    description: str


@dataclass(frozen=True, slots=True)
class View:
    """A view; `query` is the SQL as it was written, without a semicolon.

    `reads` has the qualified names of the tables and views that it reads; `key` the columns of its unique index, which
    only a materialized view has. `position` is where its file names it, not part of the schema.
    """

    schema: SqlName
    name: SqlName
    description: str
    columns: tuple[ViewColumn, ...]
    query: str
    reads: tuple[str, ...]
    materialized: bool = False
    key: tuple[SqlName, ...] = ()
    index: SqlName | None = None
    position: Position | None = field(default=None, compare=False)

    @property
    def qualified_name(self) -> str:
        """`schema.view`."""
        return f"{self.schema}.{self.name}"

    @property
    def definition(self) -> tuple[object, ...]:
        """Everything but the comments: two views with the same definition need not be made again."""
        names = tuple(column.name for column in self.columns)
        return self.schema, self.name, names, self.query, self.materialized, self.key, self.index


def in_order(views: Iterable[View]) -> tuple[View, ...]:
    """The views, each after those that it reads, otherwise by name. Raises ValueError if they read each other."""
    left = {each.qualified_name: each for each in sorted(views, key=lambda each: each.qualified_name)}
    done: list[View] = []
    while left:
        ready = [each for each in left.values() if left.keys().isdisjoint(each.reads)]
        if not ready:
            raise ValueError(f"views that read each other: {', '.join(left)}")
        done += ready
        for each in ready:
            del left[each.qualified_name]
    return tuple(done)


def dependents(views: Sequence[View], changed: Iterable[str]) -> frozenset[str]:
    """The names of the views that read one of these tables or views, directly or through others."""
    found = frozenset(changed)
    while more := frozenset(_reading(views, found)) - found:
        found |= more
    return found & {each.qualified_name for each in views}


def _reading(views: Sequence[View], names: frozenset[str]) -> Iterator[str]:
    return (each.qualified_name for each in views if not names.isdisjoint(each.reads))
