"""The tree of structs that a document is decoded into, with their names in Python."""

import re
from dataclasses import dataclass

from mlbgen import ir
from mlbgen.language.errors import MlbgenError
from mlbgen.language.names import Identifier, identifier, pascal, python_name, snake
from mlbgen.python.code import Names, told_apart
from mlbgen.python.draft import RAW_ITEMS, Draft, read, read_answer
from mlbgen.samples.shape import Shape

ROOT = python_name("Document")
ANSWER = python_name("Answer")
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')
_TAKEN_ATTRIBUTES = ("date", "field")  # names that the body of a class needs itself
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
    """A place of a document: an object of `members`, a list or a map of `item`, or a value; with its annotation."""

    annotation: str
    members: tuple["Member", ...] = ()
    item: "Node | None" = None
    is_map: bool = False

    @property
    def constant(self) -> Identifier:
        """The name of the object that stands for an absent one."""
        return python_name(f"NO_{snake(self.annotation).upper()}")

    @property
    def each(self) -> "Node":
        """What a list or a map holds."""
        if self.item is None:
            raise LookupError(f"{self.annotation} has no items")
        return self.item

    def member(self, json_name: str) -> "Member":
        """The member of that name in the response."""
        return next(each for each in self.members if each.json_name == json_name)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object; `keeps_null` where a filter tells null from absent."""

    json_name: str
    attribute: Identifier
    node: Node
    keeps_null: bool


@dataclass(frozen=True, slots=True)
class Tree:
    """`structs` are all classes, each after those it needs; `root` is the document.

    `answer` is the response around the documents, where they are its items. `lacking` are the structs whose objects can
    be absent where something of them is read.
    """

    root: Node
    answer: Node | None
    structs: tuple[Node, ...]
    lacking: tuple[Node, ...]


def tree(method: ir.Method, shape: Shape) -> Tree:
    """The structs for all that the method looks at in a response of that shape."""
    document = read(method, shape)
    answer = None if method.items is None else read_answer(method, method.items, shape)
    titles: dict[object, tuple[str, ...]] = {}
    for draft in (document, answer):
        for member in () if draft is None else draft.inner:
            _signature(member, titles)
    names = told_apart(titles, _TAKEN_CLASSES)
    builder = _Builder({signature: pascal(name) for signature, name in names.items()})
    root = builder.root(document, ROOT)
    around = None if answer is None else builder.root(answer, ANSWER)
    return Tree(root, around, tuple(builder.structs.values()), tuple(builder.lacking.values()))


def _signature(draft: Draft, titles: dict[object, tuple[str, ...]]) -> object:
    """A value that is equal for places of one class: objects of the same last title and the same members share one.

    Collects the titles of each class, of which those count that are the same wherever it occurs.
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
    """Makes the nodes of drafts, and each class once."""

    def __init__(self, names: dict[object, str]) -> None:
        self._names = names
        self.structs: dict[str, Node] = {}
        self.lacking: dict[str, Node] = {}

    def root(self, draft: Draft, name: str) -> Node:
        """The class of that name, or the list that it stands for."""
        is_list = draft.item is not None or draft.annotation == RAW_ITEMS
        return self._node(draft) if is_list else self.struct(draft, name)

    def struct(self, draft: Draft, name: str) -> Node:
        """The class of that name, made with those it needs when it is first asked for."""
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
