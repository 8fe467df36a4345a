"""An answer and the documents it holds: the envelope is decoded first, then each item by itself."""

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import msgspec

from mlb_contracts import Body, Capture, DocumentKey, Items, Method, jsonpath, limits, sql_types
from mlb_contracts.change import Change
from mlb_etl.errors import Rejected, printable
from mlb_etl.extract import lenient, reject, request_keys
from mlb_etl.extract.drift import compare
from mlb_etl.extract.extract import Extract, extract
from mlb_etl.extract.lenient import JsonPlace
from mlb_etl.extract.strict import strict_shape

log = logging.getLogger(__name__)
_KEY = re.compile(r"\{(\w+)\}")
_TWICE = "the answer contains this document several times, with different content"


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A document in an answer.

    `content_hash` is the SHA-256 of the document's own bytes. `places` are the indexes of its items in the answer:
    empty if it was asked for but is absent, several if they differ, None if the whole answer is the document.
    """

    keys: Mapping[str, Any]
    content_hash: bytes
    places: tuple[int, ...] | None = None


def one_document(data: bytes, keys: Mapping[str, Any]) -> tuple[HeldDocument]:
    """The document with these keys that the whole answer is."""
    return (HeldDocument(keys, hashlib.sha256(data).digest()),)


def content_hash(data: bytes, held: Sequence[HeldDocument]) -> bytes:
    """SHA-256 of an answer, which is that of the document where the whole answer is one."""
    if held and held[0].places is None:
        return held[0].content_hash
    return hashlib.sha256(data).digest()


class Answer:
    """The body of a capture, decoded down to its items; raises Rejected if the answer breaks a rule.

    `drift` says how the answer around its items differs from what is known.
    """

    def __init__(self, method: Method, capture: Capture, data: Body) -> None:
        self._method = method
        self._capture = method.complete(capture)
        self._data = data
        self._items: Sequence[Body] = ()
        self.drift: tuple[Change, ...] = ()
        if method.items is not None:
            self._items, self.drift = _items(method, method.items, self._capture, data)

    def extract(self, keys: Mapping[str, Any], places: Sequence[int] | None, *, storable_only: bool = False) -> Extract:
        """Extract the rows of the document at these places, with the drift around it; raises Rejected as it does."""
        extracted = self._extract(keys, places, storable_only=storable_only)
        return replace(extracted, drift=(*self.drift, *extracted.drift)) if self.drift else extracted

    def _extract(self, keys: Mapping[str, Any], places: Sequence[int] | None, *, storable_only: bool) -> Extract:
        of = self._method.items
        if of is None or places is None:
            return extract(self._method, self._capture, self._data, storable_only=storable_only)
        capture = self._method.about(keys, self._capture)
        if not places:
            if of.absent is None:
                return Extract(dict(keys), [[] for _ in self._method.tables])
            absent, nowhere = _absent(of.absent, keys), JsonPlace(of.path, of.path)
            return extract(self._method, capture, absent, storable_only=storable_only, at=nowhere, is_absent=True)
        at = _place(of, places[0])
        if len(places) > 1 or places[0] >= len(self._items):
            reason = _TWICE if len(places) > 1 else "the answer has no such item"
            raise Rejected(reason, path=_place(of, places[-1]).exact, table=self._method.qualified_raw_table)
        return extract(self._method, capture, self._items[places[0]], storable_only=storable_only, at=at)

    def locate(self, why: Rejected, places: Sequence[int] | None) -> Rejected:
        """Complete an error in the document at these places with the indexes of the first such place in the answer."""
        of = self._method.items
        if of is None or places is None:
            return reject.locate(why, bytes(self._data))
        return reject.locate(why, bytes(self._items[places[0]]), at=_place(of, places[0])) if places else why

    def documents(self) -> tuple[HeldDocument, ...]:
        """The documents of an answer that has items: those present, and those that were asked for but are absent.

        An item that has other values in its keys than the method's documents is left out. One whose keys can't be read
        is skipped with a warning: it may be any requested document, so then no document counts as absent. Raises
        Rejected for an item that was not asked for.
        """
        of = self._method.items
        if of is None:
            raise AssertionError("an answer without items is read by the method's decoder")
        expected = request_keys.requested_documents(self._method, self._capture.parameters)
        found: dict[tuple[Any, ...], list[int]] = {}
        nameless = False
        for place, item in enumerate(self._items):
            try:
                keys = self._keys(item, _place(of, place))
            except Rejected as why:
                log.warning("%s: skipped an item: %s", self._method.name, printable(str(why)))
                nameless = True
            else:
                if keys is not None:
                    found.setdefault(tuple(keys.values()), []).append(place)
        names = [key.name for key in self._method.document]
        wanted = {tuple(keys.values()) for keys in expected or ()}
        if expected is not None:
            for values, places in found.items():
                if values not in wanted:
                    about = ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
                    raise UnrequestedDocument(
                        "this document was not asked for", path=_place(of, places[0]).exact, value=about
                    )
        if expected is not None and not nameless:
            found |= {values: [] for values in wanted - found.keys()}
        return tuple(self._held(dict(zip(names, values, strict=True)), places) for values, places in found.items())

    def _held(self, keys: dict[str, Any], places: Sequence[int]) -> HeldDocument:
        """A document, with a single place if all its items are identical."""
        contents = [bytes(self._items[place]) for place in places]
        if len({*contents}) == 1:
            contents, places = contents[:1], places[:1]
        return HeldDocument(keys, hashlib.sha256(b"".join(contents)).digest(), tuple(places))

    def _keys(self, item: Body, at: JsonPlace) -> dict[str, Any] | None:
        """The keys of an item, even if its other members don't fit the mapping's types.

        None if the item is not a document of the method.
        """
        try:
            read = self._reader(item, at, self._method.decode(item))
        except msgspec.ValidationError:
            read = self._reader(item, at, None)
        found = {key.name: read(key, self._capture) for key in self._method.document if key.parameter is None}
        if any(key.values and found[key.name] not in key.values for key in self._method.document):
            return None
        capture = self._method.about(found, self._capture)
        keys = {key.name: found[key.name] if key.name in found else read(key, capture) for key in self._method.document}
        for key in self._method.document:
            require_key(keys[key.name], at.exact + key.place.removeprefix(at.path), self._method)
        return keys

    def _reader(self, item: Body, at: JsonPlace, document: Any) -> Callable[[DocumentKey, Capture], Any]:
        """Reads keys from the decoded document, or from plain JSON if it could not be decoded."""
        if document is not None:
            return lambda key, capture: key.read(document, capture)
        plain = lenient.plain_json(bytes(item))
        return lambda key, capture: plain_key(key, plain, capture, at)


class UnrequestedDocument(Rejected):
    """The answer contains a document that was not asked for, so it belongs to another request."""


def require_key(value: object, path: str, method: Method) -> None:
    """Raise Rejected if the value can't be a document's key."""
    if isinstance(value, bool) or not isinstance(value, int | str | date):
        reason = "the response lacks the key of its document"
        raise Rejected(reason, path=path, value=value, table=method.qualified_raw_table)
    if (unheld := limits.key_problem(value)) is not None:
        raise Rejected(unheld, path=path, value=value, table=method.qualified_raw_table)


def _items(method: Method, of: Items, capture: Capture, data: Body) -> tuple[Sequence[Body], tuple[Change, ...]]:
    """The items, and how the answer around them differs from what is known."""
    reject.require_own_request(method, capture)
    shape = strict_shape(method)
    around = None if shape is None else shape.answer
    answer = None if around is None else around.decode_known(data)
    differs = answer is None
    try:
        answer = of.decode(data) if differs else answer
    except (msgspec.DecodeError, RecursionError) as error:
        raise reject.explain_undecodable(method, capture, bytes(data), error, kind=of.answer_type) from error
    try:
        of.accept(answer, capture)
    except Rejected as error:
        raise reject.locate(error, bytes(data), method.qualified_raw_table) from error
    drift = compare(around, shape.shape, data) if differs and shape is not None and around is not None else ()
    return of.each(answer), drift


def _place(of: Items, place: int) -> JsonPlace:
    return JsonPlace(of.path, f"{of.path.removesuffix('[*]')}[{place}]")


def plain_key(key: DocumentKey, item: Any, capture: Capture, at: JsonPlace = lenient.WHOLE) -> Any:
    """Read a key from the item at a place, in plain JSON; raises Rejected if it can't have the key's type."""
    if key.path is None:
        return key.read(None, capture)
    steps, before = jsonpath.parse(key.path), jsonpath.parse(at.path)
    if steps is None or before is None:
        return None
    found = next(jsonpath.walk(item, steps[len(before) :]), (None, None))[1]
    if found is None:
        return key.default
    if isinstance(found, str):
        return request_keys.key_value(key, found, at.exact)
    of_type = sql_types.parse_type(key.type)
    try:
        return found if of_type is None else msgspec.convert(found, sql_types.type_facts(of_type).decoder)
    except msgspec.ValidationError as error:
        raise Rejected(str(error), path=at.exact, value=found) from error


def _absent(template: str, keys: Mapping[str, Any]) -> bytes:
    """The JSON that stands in for an absent document."""
    texts = {name: json.dumps(str(value))[1:-1] for name, value in keys.items()}
    return _KEY.sub(lambda match: texts.get(match[1], match[0]), template).encode()
