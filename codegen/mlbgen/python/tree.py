"""The tree of structs that a document is decoded into, with their Python names."""

import re
from dataclasses import dataclass

from mlbgen import ir
from mlbgen.language.errors import MlbgenError
from mlbgen.language.names import Identifier, identifier, pascal, python_name, snake
from mlbgen.python.code import Names, distinct_names
from mlbgen.python.draft import RAW_ITEMS, Draft, collect_answer, collect_document
from mlbgen.samples.shape import Shape

ROOT = python_name("Document")
ANSWER = python_name("Answer")
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')
_TAKEN_ATTRIBUTES = ("date", "field")  # names that the class body itself uses
# In snake case.
_TAKEN_CLASSES = (
    "answer",
    "decimal",
    "document",
    "int2",
    "int4",
    "int8",
    "raw",
    "struct",
    "timestamp",
    "unset_type",
    "uuid",
)


@dataclass(frozen=True, slots=True)
class Node:
    """A place of a document with its annotation: an object with `members`, a list or a map of `item`, or a value."""

    annotation: str
    members: tuple["Member", ...] = ()
    item: "Node | None" = None
    is_map: bool = False

    @property
    def constant(self) -> Identifier:
        """The name of the constant that replaces an absent object."""
        return python_name(f"NO_{snake(self.annotation).upper()}")

    @property
    def each(self) -> "Node":
        """The item of a list or a map."""
        if self.item is None:
            raise LookupError(f"{self.annotation} has no items")
        return self.item

    def member(self, json_name: str) -> "Member":
        """The member of that name in the response."""
        return next(each for each in self.members if each.json_name == json_name)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object; `keeps_null`: a filter distinguishes null from absent."""

    json_name: str
    attribute: Identifier
    node: Node
    keeps_null: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """`structs` lists all classes, each after those it uses; `root` is the document.

    `answer` is the response around the documents, if they are its items. `lacking` lists the structs whose objects can
    be absent although their members are read.
    """

    root: Node
    answer: Node | None
    structs: tuple[Node, ...]
    lacking: tuple[Node, ...]


def tree(method: ir.Method, shape: Shape) -> Tree:
    """Build the structs for everything that the method reads in a response of this shape."""
    document = collect_document(method, shape)
    answer = None if method.items is None else collect_answer(method, method.items, shape)
    titles: dict[object, tuple[str, ...]] = {}
    for draft in (document, answer):
        for member in () if draft is None else draft.inner:
            _signature(member, titles)
    names = distinct_names(titles, _TAKEN_CLASSES)
    builder = _Builder({signature: pascal(name) for signature, name in names.items()})
    root = builder.root(document, ROOT)
    around = None if answer is None else builder.root(answer, ANSWER)
    return Tree(root, around, tuple(builder.structs.values()), tuple(builder.lacking.values()))


def _signature(draft: Draft, titles: dict[object, tuple[str, ...]]) -> object:
    """A value that is equal for places of one class: objects with the same last title and the same members share one.

    Collects the titles of each class, and keeps those that it has everywhere.
    """
    if draft.item is not None:
        return (draft.container, _signature(draft.item, titles))
    if not draft.members:
        return draft.annotation
    members = frozenset((name, each.keeps_null, _signature(each, titles)) for name, each in draft.members.items())
    signature = (draft.titles[-1], members)
    known = titles.setdefault(signature, draft.titles)
    titles[signature] = tuple(each for each in known if each in draft.titles)
    return signature


class _Builder:
    """Builds the nodes of drafts, and each class once."""

    def __init__(self, names: dict[object, str]) -> None:
        self._names = names
        self.structs: dict[str, Node] = {}
        self.lacking: dict[str, Node] = {}

    def root(self, draft: Draft, name: str) -> Node:
        """The class of this name, or the list if the draft is one."""
        is_list = draft.item is not None or draft.annotation == RAW_ITEMS
        return self._node(draft) if is_list else self.struct(draft, name)

    def struct(self, draft: Draft, name: str) -> Node:
        """The class of this name; the first call builds it and the classes it uses."""
        if name not in self.structs:
            if wrong := next((each for each in draft.members if _UNNAMEABLE.search(each)), None):
                raise MlbgenError(f"a member called {wrong!r} can't be mapped: msgspec can't decode it by its name")
            attributes = Names(_TAKEN_ATTRIBUTES)
            members = tuple(
                Member(json_name, attributes.take(identifier(json_name)), self._node(member), member.keeps_null)
                for json_name, member in draft.members.items()
            )
            self.structs[name] = Node(python_name(name), members)
        if draft.can_lack:
            self.lacking[name] = self.structs[name]
        return self.structs[name]

    def _node(self, draft: Draft) -> Node:
        if draft.item is not None:
            item = self._node(draft.item)
            is_map = draft.container == "map"
            return Node(f"dict[str, {item.annotation}]" if is_map else f"list[{item.annotation}]", (), item, is_map)
        if draft.members:
            return self.struct(draft, self._names[_signature(draft, {})])
        return Node(draft.annotation)
