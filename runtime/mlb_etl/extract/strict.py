"""Types that fit only what is known of a method's responses: decoding notices at once whatever differs.

They have the attributes of the structs in document.py, so extraction can go on with what they decode. Every other
member that is known is decoded too, and a member that is not known, a missing one that every sample has, and a value of
another JSON type end the decoding. This costs about as much as ignoring these members does.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin

import msgspec
from msgspec import UNSET, Meta, Raw

from mlb_contracts import Body, Method, jsonpath
from mlb_contracts.known import ID_PATTERN, KnownPlace, KnownShape, parse_known
from mlb_etl.extract.lenient import decoder, without_null

_SCALARS: Mapping[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
_NO_ITEMS = Annotated[list[Raw], Meta(max_length=0)]
_ID = Annotated[str, Meta(pattern=ID_PATTERN)]
_UNNAMEABLE = re.compile(r'["\\\x00-\x1f]')  # msgspec can't decode such members


@dataclass(frozen=True, slots=True, eq=False)
class StrictPlace:
    """A known place: `kind` fits exactly what is known there, `members` and `each` lead on.

    If it is open, its type says nothing of what is below it.
    """

    known: KnownPlace
    kind: Any
    members: Mapping[str, "StrictPlace"] = field(default_factory=dict)
    each: "StrictPlace | None" = None
    is_open: bool = False

    def decode(self, data: bytes | Raw) -> Any:
        """Decode a value; raises msgspec.DecodeError if it differs from what is known."""
        return decoder(self.kind)(data)

    def decode_known(self, data: Body) -> Any:
        """Decode a value; None if it differs from what is known."""
        try:
            return decoder(self.kind)(data)
        except (msgspec.DecodeError, RecursionError):
            return None


class StrictShape(NamedTuple):
    """The known shape, the place of a document, and that of the answer around it if documents are items."""

    shape: KnownShape
    document: StrictPlace
    answer: StrictPlace | None


def strict_shape(method: Method) -> StrictShape | None:
    """The known shape of a method's responses as types; None for a method without one, as hydrations are."""
    if method.known is None:
        return None
    items = None if method.items is None else (method.items.path, method.items.answer_type)
    document_type: Any = method.document_type
    return _strict(method.known, document_type, items)


@functools.cache
def _strict(shape: KnownShape, document_type: Any, items: tuple[str, Any] | None) -> StrictShape:
    known, builder = parse_known(shape.text), _Builder()
    if items is None:
        return StrictShape(shape, builder.place(known, document_type), None)
    path, answer_type = items
    item = known.at(jsonpath.parse(path) or ()) or KnownPlace(frozenset())
    return StrictShape(shape, builder.place(item, document_type), builder.place(known, answer_type))


class _Builder:
    """Builds places, and equal structs once."""

    def __init__(self) -> None:
        self._structs: dict[object, type[msgspec.Struct]] = {}

    def place(self, known: KnownPlace, mapped: Any) -> StrictPlace:
        """The place with what document.py decodes there, `object` if it decodes nothing."""
        inner = without_null(mapped)
        if get_origin(inner) is list and get_args(inner) == (Raw,):
            return StrictPlace(known, _union(inner, null="null" in known.types), is_open=True)
        members = {
            name: self.place(member, _fields(inner).get(name, _ANY).type) for name, member in known.members.items()
        }
        each = None if known.each is None else self.place(known.each, _item(inner))
        kinds = [*self._containers(known, inner, members, each), *_scalars(known, mapped, inner)]
        is_open = {"object", "map"} <= known.types
        return StrictPlace(known, _union(*kinds, null="null" in known.types), members, each, is_open=is_open)

    def _containers(
        self, known: KnownPlace, mapped: Any, members: Mapping[str, StrictPlace], each: StrictPlace | None
    ) -> Iterator[Any]:
        if {"object", "map"} <= known.types:  # no type has both named members and others
            yield dict[str, object]
        elif "object" in known.types:
            yield self._struct(known, mapped, members)
        elif "map" in known.types:
            yield dict[_ID, object if each is None else each.kind]  # type: ignore[misc]
        if "array" in known.types:
            yield _NO_ITEMS if each is None else list[each.kind]  # type: ignore[name-defined]

    def _struct(self, known: KnownPlace, mapped: Any, members: Mapping[str, StrictPlace]) -> type[msgspec.Struct]:
        own = dict(_fields(mapped))
        fields: list[tuple[str, Any, Any]] = []
        names: dict[str, str] = {}
        for number, (name, member) in enumerate(members.items()):
            if _UNNAMEABLE.search(name):
                continue
            of = own.pop(name, _ANY)
            attribute = of.name or f"unmapped_{number}"
            names[attribute] = name
            default = of.default if name in known.optional else msgspec.NODEFAULT
            fields.append((attribute, member.kind, default))
        missing = {each.name: each.default for each in own.values()}
        signature = (tuple(fields), tuple(names.items()), tuple(missing.items()))
        if signature not in self._structs:
            self._structs[signature] = msgspec.defstruct(
                "Known",
                fields,
                namespace=missing,
                rename=names,
                forbid_unknown_fields=not any(map(_UNNAMEABLE.search, members)),
                kw_only=True,
                gc=False,
            )
        return self._structs[signature]


class _Mapped(NamedTuple):
    """A member that document.py decodes: its attribute, type, and value if it is missing."""

    name: str
    type: Any
    default: Any


_ANY = _Mapped("", object, UNSET)


@functools.cache
def _fields(kind: Any) -> Mapping[str, _Mapped]:
    """The members that a struct decodes, by their names in the response."""
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return {}
    return {each.encode_name: _Mapped(each.name, each.type, each.default) for each in msgspec.structs.fields(kind)}


def _item(kind: Any) -> Any:
    """The type of the items of a list, or the values of a map."""
    return get_args(kind)[-1] if get_origin(kind) in {list, dict} else object


def _scalars(known: KnownPlace, mapped: Any, inner: Any) -> Iterator[Any]:
    """The types of scalars: those that document.py decodes, or else those that are known."""
    seen = [kind for name, kind in _SCALARS.items() if name in known.types]
    is_struct = isinstance(inner, type) and issubclass(inner, msgspec.Struct)
    if not seen or inner is object or is_struct or get_origin(inner) in {list, dict}:
        return iter(seen)
    kinds = get_args(mapped) if get_origin(mapped) in {UnionType, Union} else (mapped,)
    return (each for each in kinds if each not in {type(None), msgspec.UnsetType})


def _union(*kinds: Any, null: bool) -> Any:
    """The union of the types; null only where it is known."""
    every = [*kinds, *([None] if null or not kinds else [])]
    return Union[tuple(every)]  # noqa: UP007 - the types are values here
