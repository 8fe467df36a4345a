"""What identifies the items of a list: the members that are unique in every sample, or else the place in the list."""

import itertools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from mlb_contracts import jsonpath
from mlbgen.language.names import snake
from mlbgen.samples.values import value_at
from mlbgen.suggest.column_types import is_placeholder
from mlbgen.suggest.nesting import Item, Level, Members

# How names of members end that identify an item. Others, such as a name or a count, are unique by chance.
_STRONG = re.compile(r"(^|_)(id|pk|code|key|index|number|num)$")
_WEAK = re.compile(r"(^|_)(guid|uuid|abbreviation|date|season|year|type|group|category|position)$")
_DISPLAYED = "displayName"  # of a type or a group, which it identifies
_OWN, _DIRECT, _NESTED, _SHARED, _NOT = range(5)  # how well a member identifies an item, best first
_TOGETHER = 4  # at most so many members make a key
_CANDIDATES = 10  # are tried together
_MANY = 5  # items that show that a member is unique whose name does not say so

Row = tuple[Item, ...]
Rows = Sequence[Sequence[Row]]  # of each document


@dataclass(frozen=True, slots=True)
class Key:
    """The members that identify an item; none where only its place in the list or its key in the map does.

    `in_document`: no other item of the document has the same values, even in another list. `why` is a sentence about
    the choice.
    """

    members: tuple[Members, ...]
    why: str
    in_document: bool = False


def choose(level: Level, name: str, documents: Rows) -> Key:
    """The key of the level's items, each called `name`, among those of the same list, or of the whole document."""
    if level.is_map:
        return _of_map(level, name, documents)
    if () in level.values:
        return _of_scalars(documents)
    candidates = list(_candidates(level, name, documents))
    lists = [rows for document in documents for rows in _by_list(document)]
    several = any(len(rows) > 1 for rows in lists)
    for rank, members in candidates:
        in_document = rank < _NESTED and any(len(_by_list(rows)) > 1 for rows in documents)
        if in_document and _is_unique((members,), documents):
            return Key((members,), f"{_text(members)} is unique in every document of the samples.", in_document=True)
        if (several or rank == _OWN) and _is_unique((members,), lists):
            return Key((members,), f"{_text(members)} is unique in every list of the samples.")
    for together in _combinations([members for _, members in candidates]) if several else ():
        if _is_unique(together, lists):
            names = ", ".join(map(_text, together))
            return Key(together, f"No single member is unique in every list of the samples; {names} together are.")
    return Key((), "No member identifies an item in every list of the samples, so its place in the list does.")


def by_chance(level: Level, documents: Rows) -> Key:
    """A key of a single member whose name does not say that it identifies an item, for want of a better one."""
    if sum(map(len, documents)) >= _MANY:
        for members in level.values:
            if can_identify(members, documents):
                return Key(
                    (members,), f"{_text(members)} is unique in the samples, though its name does not promise it."
                )
    return Key((), "")


def can_identify(members: Members, documents: Rows) -> bool:
    """Whether each item has a value there, and no two of a document the same."""
    values = (value_at(row[-1].value, members) for document in documents for row in document)
    return all(map(_is_identifying, values)) and _is_unique((members,), documents)


def _of_map(level: Level, name: str, documents: Rows) -> Key:
    """The id that each key repeats, or else the key."""
    items = [row[-1] for document in documents for row in document]
    for _, members in _candidates(level, name, documents):
        if all(str(value_at(item.value, members)) == str(item.key).removeprefix("ID") for item in items):
            return Key((members,), f"{_text(members)} is what the object's keys hold.")
    return Key((), "The object's keys identify its values.")


def _of_scalars(documents: Rows) -> Key:
    lists = [rows for document in documents for rows in _by_list(document)]
    if any(len(rows) > 1 for rows in lists) and _is_unique(((),), lists):
        return Key(((),), "No list of the samples has a value twice.")
    return Key((), "A value can be there twice, or only one was seen, so its place in the list identifies it.")


def _candidates(level: Level, name: str, documents: Rows) -> Iterator[tuple[int, Members]]:
    """Members that can be part of a key, with their rank, best first: each item of the samples has a value there."""
    found = [(_rank(members, name), len(members), members) for members in level.values]
    items = [row[-1].value for document in documents for row in document]
    for rank, _, members in sorted(found, key=lambda each: each[:2]):
        if rank < _NOT and all(_is_identifying(value_at(item, members)) for item in items):
            yield rank, members


def _rank(members: Members, name: str) -> int:
    """How well these members identify an item of that name; an id inside another object identifies that first."""
    word = snake(members[-2] if members[-1] == _DISPLAYED and len(members) > 1 else members[-1])
    if _STRONG.search(word) or word == name:
        if len(members) > 1:
            return _NESTED
        return _OWN if word in {"id", "pk", "code", "key", name} or word.startswith(f"{name}_") else _DIRECT
    return _SHARED if _WEAK.search(word) else _NOT


def _is_identifying(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and not is_placeholder(value)


def _combinations(candidates: Sequence[Members]) -> Iterator[tuple[Members, ...]]:
    for size in range(2, _TOGETHER + 1):
        yield from itertools.combinations(candidates[:_CANDIDATES], size)


def _is_unique(key: tuple[Members, ...], lists: Rows) -> bool:
    """Whether no two rows of a list have the same values there."""
    for rows in lists:
        values = [tuple(value_at(row[-1].value, members) for members in key) for row in rows]
        if len({*values}) < len(values):
            return False
    return True


def _by_list(rows: Sequence[Row]) -> Collection[Sequence[Row]]:
    """The rows of one document, by the list that the item is in."""
    lists: dict[tuple[str | int, ...], list[Row]] = {}
    for row in rows:
        lists.setdefault(tuple(item.key for item in row[:-1]), []).append(row)
    return lists.values()


def _text(members: Members) -> str:
    return jsonpath.below("", members).removeprefix(".")
