import gzip
import json
import os
from pathlib import Path

import pytest
from checks import some

import mlb_tables
from mlbgen.language.errors import MlbgenError
from mlbgen.samples import infer, shape_file, stubs
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub

GAMES = "schedule.games"


def shape_of(*documents: object) -> Shape:
    return infer.infer(Stub("test.json", GAMES, document) for document in documents)[GAMES]


def write(folder: Path, name: str, response: object, **wrapping: object) -> Path:
    wrapped = {"endpoint": "schedule", "method": "games", "path_params": {}, "response": response, **wrapping}
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    raw = json.dumps(wrapped).encode()
    file.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return file


def test_scalars_lists_and_optional_members() -> None:
    shape = shape_of({"a": "x", "b": [1, 2]}, {"a": "y", "c": True})
    assert shape == Shape(
        frozenset({"object"}),
        2,
        {
            "a": Shape(frozenset({"string"}), 2),
            "b": Shape(frozenset({"array"}), 1, {}, Shape(frozenset({"integer"}), 2)),
            "c": Shape(frozenset({"boolean"}), 1),
        },
    )


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ((93, 93.5), {"number"}),
        ((93, 93.0), {"number"}),
        ((93, None), {"integer", "null"}),
        ((93, "93"), {"integer", "string"}),
        ((1, True), {"integer", "boolean"}),
        (([], {}), {"array", "object"}),
    ],
)
def test_types_of_one_place_merge(values: tuple[object, ...], types: set[str]) -> None:
    assert shape_of(*values).types == types


@pytest.mark.parametrize("keys", [("ID1", "ID660271"), ("2024", "7"), ("ID1", "7")])
def test_objects_keyed_by_ids_are_maps(keys: tuple[str, ...]) -> None:
    shape = shape_of({"players": {key: {"id": 1} for key in keys}})
    players = shape.members["players"]
    assert players.type == "map"
    assert not players.members
    assert players.items == Shape(frozenset({"object"}), 2, {"id": Shape(frozenset({"integer"}), 2)})


def test_an_empty_object_is_a_map_if_others_are() -> None:
    assert shape_of({"players": {}}, {"players": {"ID1": 1}}).members["players"].types == {"map"}
    assert shape_of({"players": {}}).members["players"].types == {"object"}


def test_an_object_with_ids_and_other_keys_is_not_a_map() -> None:
    shape = shape_of({"ID1": 1, "total": 1})
    assert shape.types == {"object"}
    assert set(shape.members) == {"ID1", "total"}


def test_methods_have_separate_shapes() -> None:
    found = infer.infer([Stub("a", "game.linescore", {}), Stub("b", "game.boxscore", [])])
    assert {name: shape.type for name, shape in found.items()} == {"game.boxscore": "array", "game.linescore": "object"}


def test_files_are_the_same_in_any_order(tmp_path: Path) -> None:
    documents = [
        {"dates": [{"n": n, "t": None if n % 3 else "x", **({"odd": 1.5} if n % 2 else {})}]} for n in range(9)
    ]
    for number, document in enumerate(documents):
        write(tmp_path / "a", f"{number}.json", document)
    for number, document in enumerate(reversed(documents)):
        write(tmp_path / "b", f"deeper/{number}.json.gz", document)
    found = infer.shape_files([tmp_path / "a"], {GAMES})
    assert list(found) == ["schemas/api/schedule/games.json"]
    assert infer.shape_files([tmp_path / "b"], {GAMES}) == found


def test_no_string_of_a_sample_enters_the_file(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {"name": "Somebody", "players": {"ID660271": {"city": "Somewhere"}}, "list": ["Secret"]})
    (text,) = infer.shape_files([tmp_path], {GAMES}).values()
    for secret in ("Somebody", "Somewhere", "Secret", "660271"):
        assert secret not in text


def test_only_the_requested_methods_are_inferred(tmp_path: Path) -> None:
    write(tmp_path, "a.json", {})
    write(tmp_path, "b.json", {}, method="other")
    assert list(infer.shape_files([tmp_path], {GAMES})) == ["schemas/api/schedule/games.json"]
    with pytest.raises(MlbgenError, match=r"no stub of game\.liveGameV1"):
        infer.shape_files([tmp_path], {GAMES, "game.liveGameV1"})


def test_path_of_a_method() -> None:
    assert infer.path("game.liveGameV1") == "schemas/api/game/live_game_v1.json"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"<html></html>", "is not JSON"),
        (b'{"endpoint": "e", "method": "m", "response": NaN}', "NaN is not a JSON value"),
        (b"\xff\xfe", "is not JSON"),
        (gzip.compress(b'{"endpoint": "e"}', mtime=0)[:-9], "can't be read"),
        (b"\x1f\x8b broken", "can't be read"),
        (b"[1, 2]", "expected a JSON object"),
        (b'{"endpoint": "e", "gamePk": 1}', "method and response missing"),
        (b'{"endpoint": "e", "method": "m", "response": {}, "query_params": [1]}', "query_params is not a JSON object"),
        (rb'{"endpoint": "e", "method": "m", "response": {"a\ud800": 1}}', r"half of a surrogate pair in .*a\\ud800"),
        (rb'{"endpoint": "e", "method": "m", "response": ["\uDFFF b"]}', r"half of a surrogate pair in .*\\udfff b"),
        (b'{"endpoint": "e", "method": "m", "response": ["\xed\xa0\x80"]}', "is not JSON: 'utf-8' codec can't decode"),
        (b'{"endpoint": "e", "method": "m", "response": %s}' % (b"[" * 100 + b"]" * 100), "nested too deeply"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"endpoint": "e", "method": "m", "response": %s}' % (b"9" * 5000), "is not JSON"),
    ],
)
def test_a_broken_stub_is_named_with_the_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "broken.json").write_bytes(content)
    with pytest.raises(MlbgenError, match=rf"broken\.json: .*{reason}"):
        list(stubs.find_stubs(tmp_path))


def test_a_pair_of_surrogates_is_a_character(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(rb'{"endpoint": "e", "method": "m", "response": {"\ud83d\udE00": "\\ud800"}}')
    (stub,) = stubs.find_stubs(tmp_path)
    assert stub.document == {"\U0001f600": r"\ud800"}


def test_the_allowed_depth_is_accepted(tmp_path: Path) -> None:
    deep: object = 1
    for number in range(98):
        deep = {f"a{number}": deep} if number % 2 else [deep]
    write(tmp_path, "a.json", deep)
    assert "seen" in infer.shape_files([tmp_path], {GAMES})["schemas/api/schedule/games.json"]


@pytest.mark.parametrize("zipped", [False, True])
def test_the_size_of_a_stub_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, zipped: bool) -> None:
    monkeypatch.setattr(stubs, "_MAX_SIZE", 1_000)
    write(tmp_path, "a.json.gz" if zipped else "a.json", "x" * 1_000)
    with pytest.raises(MlbgenError, match=r"a\.json.*: can't be read: it has more than 1,000 bytes"):
        list(stubs.find_stubs(tmp_path))


def test_what_is_not_a_file_is_named_and_folders_are_not_read(tmp_path: Path) -> None:
    write(tmp_path, "a.json/b.json", {})
    assert len(list(stubs.find_stubs(tmp_path))) == 1
    os.mkfifo(tmp_path / "fifo.json")
    with pytest.raises(MlbgenError, match=r"fifo\.json: can't be read: it is not a regular file"):
        list(stubs.find_stubs(tmp_path))


def test_a_folder_without_stubs(tmp_path: Path) -> None:
    with pytest.raises(MlbgenError, match="no stubs here"):
        stubs.find_stubs(tmp_path)


@pytest.mark.parametrize("method", [name for name in mlb_tables.METHODS if ":" not in name])
def test_the_committed_shape_is_that_of_the_samples(stubs_dir: Path, tmp_path: Path, method: str) -> None:
    """There may be more samples by now: they add places and types, but remove none."""
    root = Path(__file__).parents[2]
    path = infer.path(method)
    (text,) = infer.shape_files(stubs.with_own(root, [stubs_dir]), {method}, mlb_tables.ALIASES).values()
    (tmp_path / "shape.json").write_text(text)
    committed, inferred = shape_file.load_shape(root / path), shape_file.load_shape(tmp_path / "shape.json")
    if inferred.seen == committed.seen:
        assert (root / path).read_text() == text
    assert inferred.seen >= committed.seen
    found = dict(shape_file.places(inferred))
    for place, was in some(shape_file.places(committed)):
        assert was.types - found[place].types <= ({"integer"} if "number" in found[place].types else set()), place
        assert was.seen <= found[place].seen, place
