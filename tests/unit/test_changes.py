"""Drift: the fast path notices exactly what the slow path lists, and hostile responses stay bounded."""

import copy
import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from checks import some
from hypothesis import given
from hypothesis import strategies as st

from mlb_contracts import Capture, KnownShape, Method
from mlb_contracts.change import Change, ChangeKind
from mlb_contracts.fields import Int4
from mlb_contracts.known import KnownPlace, dump_known, parse_known
from mlb_etl import registry
from mlb_etl.errors import DriftFound, Rejected
from mlb_etl.extract.answer import Answer
from mlb_etl.extract.drift import CUT, LONGEST, MOST, MOST_NAMES, compare
from mlb_etl.extract.strict import strict_shape
from mlb_etl.laws import drift
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark

SHAPE = """\
$: object
  id: integer
  name?: null | string
  ratio: number
  games: array
    *: object
      pk: integer
      note?: string
      "of day"?: integer | string
  players: map
    *: object
      id: integer
  tags?: array
  empty: object"""
DOCUMENT: dict[str, Any] = {
    "id": 1,
    "name": "a",
    "ratio": 0.5,
    "games": [{"pk": 7, "note": "x"}, {"pk": 8, "of day": 1}],
    "players": {"ID1": {"id": 1}, "ID2": {"id": 2}},
    "tags": [],
    "empty": {},
}
VALUES = [None, 1, 1.5, "x", True, [], {}, [1], {"ID1": 1}, {"a": {}}, [{"pk": 1}], {"ID5": {"id": 5}}]
NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
CAPTURE = StoredCapture((1,), '{"id": 1}', NOON, NOON, b"h", {}, ahead=False, note=None, quarantine=None, applied=None)


class Game(msgspec.Struct):
    pk: Int4 | None = None


class Document(msgspec.Struct):
    id_: Int4 | None = msgspec.field(default=None, name="id")
    games: list[Game] | None = None
    elsewhere: str | None = None  # a rule reads it, but no sample has it


METHOD = replace(
    registry.method("mlb_tables", "game.liveGameV1"),
    document_type=Document,
    decode=msgspec.json.Decoder(Document).decode,
    known=KnownShape(SHAPE, ignored=("$.games[*].extra", "$..link")),
)


def changes(document: object, method: Method = METHOD) -> set[Change]:
    shape = strict_shape(method)
    assert shape is not None
    data = json.dumps(document).encode()
    found = compare(shape.document, shape.shape, data)
    noticed = shape.document.decode_known(data) is None
    assert noticed == bool(found), found
    assert list(found) == sorted({*found})
    return {*found}


def one(path: str, kind: ChangeKind, seen: str = "") -> set[Change]:
    return {Change(path, kind, seen)}


def altered(**members: Any) -> dict[str, Any]:
    return DOCUMENT | members


def test_what_is_known_is_decoded_as_before() -> None:
    shape = strict_shape(METHOD)
    assert shape is not None
    data = json.dumps(DOCUMENT).encode()
    strictly, before = shape.document.decode_known(data), METHOD.decode(data)
    assert (strictly.id_, [each.pk for each in strictly.games], strictly.elsewhere) == (1, [7, 8], None)
    assert (before.id_, [each.pk for each in before.games], before.elsewhere) == (1, [7, 8], None)
    assert changes(DOCUMENT) == set()
    without = {name: value for name, value in DOCUMENT.items() if name not in {"name", "tags"}}
    assert changes(without) == set()


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (altered(more=1), one("$.more", "new", "integer")),
        (altered(more={"ID1": {}, "ID2": {}}), one("$.more", "new", "map")),
        (altered(more={"a": 1}), one("$.more", "new", "object")),
        (altered(id="1"), one("$.id", "type", "string")),
        (altered(id=None), one("$.id", "type", "null")),
        (altered(ratio=2), set()),
        (altered(ratio="2"), one("$.ratio", "type", "string")),
        (altered(name=None), set()),
        (altered(tags=[[]]), one("$.tags[*]", "new", "array")),
        (altered(players=[]), one("$.players", "type", "array")),
        (altered(players={"x": {"id": 1}}), one("$.players.x", "new", "object")),
        (altered(empty={"x": 1}), one("$.empty.x", "new", "integer")),
        (altered(elsewhere="x"), one("$.elsewhere", "new", "string")),
        ({key: value for key, value in DOCUMENT.items() if key != "ratio"}, one("$.ratio", "vanished")),
        (
            altered(games=[{"pk": 1}, {"PK": 1}]),
            one("$.games[*].pk", "vanished") | one("$.games[*].PK", "new", "integer"),
        ),
        ([], one("$", "type", "array")),
    ],
)
def test_each_kind_of_change(document: object, expected: set[Change]) -> None:
    assert changes(document) == expected


def test_what_the_mapping_ignores_is_not_new() -> None:
    data = json.dumps(altered(link="x", games=[{"pk": 1, "extra": {"a": 1}, "link": 1}])).encode()
    shape = strict_shape(METHOD)
    assert shape is not None
    assert compare(shape.document, shape.shape, data) == ()
    assert changes(altered(games=[{"pk": 1, "other": 1}])) == one("$.games[*].other", "new", "integer")


def walked(known: KnownPlace, value: object, path: str = "$") -> set[Change]:
    """What a plain walk over the decoded document finds."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    seen = kinds.get(type(value), "null")
    types = {{"map": "object"}.get(each, each) for each in known.types}
    if seen not in types and not (seen == "integer" and "number" in types):
        return one(path, "type", seen)
    return walked_below(known, value, path)


def walked_below(known: KnownPlace, value: object, path: str) -> set[Change]:
    """What it finds in the members or items."""
    is_id = {name: name.removeprefix("ID").isdecimal() for name in value} if isinstance(value, dict) else {}
    found: set[Change] = set()
    if isinstance(value, list):
        for each in value:
            found |= (
                one(f"{path}[*]", "new", sample(each)) if known.each is None else walked(known.each, each, f"{path}[*]")
            )
    elif isinstance(value, dict) and "map" in known.types:
        for name, each in value.items():
            assert known.each is not None
            found |= (
                walked(known.each, each, f"{path}.*") if is_id[name] else one(f"{path}.{name}", "new", sample(each))
            )
    elif isinstance(value, dict):
        for name, member in known.members.items():
            inner = f"{path}['{name}']" if " " in name else f"{path}.{name}"
            if name in value:
                found |= walked(member, value[name], inner)
            elif name not in known.optional:
                found |= one(inner, "vanished")
        for name in value.keys() - known.members.keys():
            found |= one(f"{path}.{name}", "new", sample(value[name]))
    return found


def sample(value: object) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    if isinstance(value, dict):
        return "map" if value and all(name.removeprefix("ID").isdecimal() for name in value) else "object"
    return kinds.get(type(value), "null")


def places(value: object) -> list[tuple[Any, Any]]:
    """Each member and item, as its container and key."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    return [(value, key) for key, _ in pairs] + [place for _, inner in pairs for place in places(inner)]


@given(st.data())
def test_the_fast_path_notices_exactly_what_the_slow_path_lists(data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    for _ in range(data.draw(st.integers(0, 4))):
        container, key = data.draw(st.sampled_from(places(document)))
        match data.draw(st.sampled_from(["delete", "replace", "rename", "add"])):
            case "delete":
                del container[key]
            case "replace":
                container[key] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
            case "rename" if isinstance(container, dict):
                container[data.draw(st.sampled_from(["pk", "id", "other", "note"]))] = container.pop(key)
            case _ if isinstance(container, dict):
                container["added"] = copy.deepcopy(data.draw(st.sampled_from(VALUES)))
        if not places(document):
            break
    assert changes(document) == walked(parse_known(SHAPE), document)


def test_hostile_keys_are_one_path() -> None:
    shape = strict_shape(METHOD)
    assert shape is not None
    ids = altered(**{str(number): number for number in range(200_000)})
    start = time.process_time()
    assert changes(ids) == one("$.*", "new", "integer")
    assert time.process_time() - start < 5
    names = altered(**{f"name{number}": "" for number in range(MOST_NAMES + 1)})
    assert changes(names) == one("$.*", "new", "string")


def test_paths_are_bounded_and_printable() -> None:
    [long] = changes(altered(**{"\x1b[31m\n" + "x" * 10_000: 1}))
    assert long.path.isprintable()
    assert len(long.path) == LONGEST


def test_the_number_of_changes_is_bounded() -> None:
    many = {f"a{number}": {f"b{other}": 0 for other in range(MOST_NAMES)} for number in range(MOST_NAMES)}
    known = KnownPlace(frozenset({"object"}), {name: KnownPlace(frozenset({"object"})) for name in many})
    method = replace(METHOD, known=KnownShape(dump_known(known)))
    found = changes(many, method)
    assert len(found) == MOST + 1
    assert Change(CUT, "new", f"more than {MOST} changes") in found


def test_a_long_list_of_wrong_items_takes_bounded_time() -> None:
    start = time.process_time()
    found = changes(altered(games=[{}] * 300_000))
    assert time.process_time() - start < 15
    assert Change("$.games[*].pk", "vanished") in found


def test_a_shape_is_printed_and_read_again() -> None:
    place = parse_known(SHAPE)
    assert dump_known(place) == SHAPE
    odd = KnownPlace(frozenset({"object"}), {'"q"\n: \\': KnownPlace(frozenset({"null"})), "": place, "é": place})
    assert parse_known(dump_known(odd)) == odd


def test_a_member_that_msgspec_cannot_name_is_left_alone() -> None:
    known = KnownPlace(frozenset({"object"}), {'a"b': KnownPlace(frozenset({"integer"}))}, frozenset())
    assert changes({'a"b': 1, "c": 1}, replace(METHOD, known=KnownShape(dump_known(known)))) == set()


def test_an_unreadable_value_is_no_drift_and_loads() -> None:
    shape = strict_shape(METHOD)
    assert shape is not None
    data = json.dumps(altered(id=2**40)).encode()
    assert shape.document.decode_known(data) is None
    assert compare(shape.document, shape.shape, data) == ()


def test_items_are_compared_each_and_what_is_around_them_too() -> None:
    method = registry.method("mlb_tables", "season.seasons")
    assert method.known is not None
    capture = Capture(NOON, {"sportId": "1", "season": "2024"})
    season = {"seasonId": "2024", "hasWildcard": True, "more": 1}
    answer = Answer(method, capture, json.dumps({"copyright": "c", "seasons": [season], "page": 1}).encode())
    [held] = answer.documents()
    found = answer.extract(held.keys, held.places).drift
    assert Change("$.page", "new", "integer") in found
    assert Change("$.seasons[*].more", "new", "integer") in found


def test_an_absent_document_is_not_compared() -> None:
    method = registry.method("mlb_tables", "schedule.schedule")
    capture = Capture(NOON, {"sportId": "1", "date": "2024-07-01"})
    answer = Answer(method, capture, b'{"copyright": "", "dates": []}')
    [held] = answer.documents()
    assert held.places == ()
    assert not [each for each in answer.extract(held.keys, held.places).drift if each.path.startswith("$.dates")]


def test_every_method_knows_a_shape_but_hydrations() -> None:
    for name in some(registry.methods("mlb_tables")):
        method = registry.method("mlb_tables", name)
        assert (method.known is None) == (method.hydration is not None)
        assert (strict_shape(method) is None) == (method.hydration is not None)


def test_the_policy_of_the_mapping() -> None:
    found = [Change("$.a", "new", "integer"), Change("$.b", "vanished")]
    quarantine, fail = replace(METHOD, drift="quarantine"), replace(METHOD, drift="fail")
    assert not drift.is_refused(METHOD, CAPTURE, "new")
    assert drift.is_refused(quarantine, CAPTURE, "new")
    assert drift.is_refused(fail, CAPTURE, "again")
    assert not drift.is_refused(quarantine, CAPTURE, "accept")
    assert not drift.is_refused(fail, CAPTURE, "repair")
    assert not drift.is_refused(fail, CAPTURE._replace(applied=Watermark(NOON, b"h", "f")), "again")
    why = drift.refusal(quarantine, CAPTURE, found)
    assert isinstance(why, Rejected)
    assert (why.path, why.value, why.reason) == ("$.a", "integer", "differs from all samples: new, and 1 more change")
    assert isinstance(drift.refusal(fail, CAPTURE, found), DriftFound)
