"""Differences between the views that the migrations created and those of the project."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mlbgen.postgres.difference import SchemaDifference
from mlbgen.postgres.view import View, dependents, in_order


@dataclass(frozen=True, slots=True)
class ViewsDifference:
    """Views to drop, dependents first; to create, in the opposite order; and those that only get other comments.

    `after` has all views after the change. `changes` has each change in words, by view, of what was asked for: not the
    views that are made again because another one changes.
    """

    dropped: tuple[View, ...]
    created: tuple[View, ...]
    described: tuple[View, ...]
    after: tuple[View, ...]
    changes: tuple[tuple[View, str], ...]

    def __bool__(self) -> bool:
        return bool(self.dropped or self.created or self.described)


def views_difference(old: Sequence[View], new: Sequence[View], tables: SchemaDifference) -> ViewsDifference:
    """Compare the views of two schemas, given how their tables differ.

    A view is made again if its definition changes, if it reads another that is made again, or if it reads a table that
    PostgreSQL would not change below it.
    """
    before = {each.qualified_name: each for each in old}
    wanted = {each.qualified_name: each for each in new}
    changed = {name for name in before.keys() & wanted.keys() if before[name].definition != wanted[name].definition}
    gone, added = before.keys() - wanted.keys(), wanted.keys() - before.keys()
    again = dependents(old, {*changed, *gone, *_refused(tables)}) | changed
    dropped = [each for each in old if each.qualified_name in again | gone]
    created = [each for each in new if each.qualified_name in again | added]
    described = [each for name, each in wanted.items() if name not in again | added and each != before[name]]
    words = {
        "view added": added,
        "view changed": changed,
        "view dropped": gone,
        "view made again, since something that it reads changes": again - changed - gone,
        "view gets other comments": {each.qualified_name for each in described},
    }
    both = before | wanted
    return ViewsDifference(
        dropped=in_order(dropped)[::-1],
        created=in_order(created),
        described=tuple(described),
        after=in_order(new),
        changes=tuple((both[name], what) for what, names in words.items() for name in sorted(names)),
    )


def _refused(tables: SchemaDifference) -> Iterator[str]:
    """The tables that PostgreSQL does not drop, or not change in such a way, while views read them."""
    yield from (each.qualified_name for each in tables.dropped)
    yield from (each.new.qualified_name for each in tables.rebuilt)
    yield from (each.new.qualified_name for each in tables.altered if each.dropped or each.widened)
