import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlbgen.language.errors import MlbgenError
from mlbgen.samples import infer, shape_file
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub

keys = st.sampled_from(["id", "name", "ID1", "ID2", "2024", "not a name", "it's", "ünï", "", "a.b", "x-seen"])
scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 1) | st.text(max_size=2)
documents = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4))


def shape_of(*responses: object) -> Shape:
    return infer.infer(Stub("test.json", "e.m", response) for response in responses)["e.m"]


@given(st.lists(documents, min_size=1, max_size=4))
def test_a_dumped_shape_can_be_loaded(tmp_path_factory: pytest.TempPathFactory, responses: list[object]) -> None:
    shape = shape_of(*responses)
    file = tmp_path_factory.getbasetemp() / "shape.json"
    file.write_text(shape_file.dump_shape(shape, title="Test"))
    assert shape_file.load_shape(file) == shape


def test_the_file_is_json_schema_with_one_line_for_each_member() -> None:
    shape = shape_of(
        {"gamePk": 1, "players": {"ID7": {"speed": 93}}, "plays": [{"at": None}]},
        {"gamePk": 2, "players": {"ID8": {"speed": 93.5}}, "plays": [{"at": "x"}, {}]},
    )
    assert shape_file.dump_shape(shape, title="Responses of e.m").splitlines() == [
        "{",
        '  "$schema": "https://json-schema.org/draft/2020-12/schema",',
        '  "$comment": "Inferred by mlbgen from sample responses. DO NOT EDIT. Regenerate: mlbgen infer --stubs DIR",',
        '  "title": "Responses of e.m",',
        '  "type": "object",',
        '  "properties": {',
        '    "gamePk": {"type": "integer"},',
        '    "players": {',
        '      "type": "object",',
        '      "additionalProperties": {',
        '        "type": "object",',
        '        "properties": {',
        '          "speed": {"type": "number"}',
        "        },",
        '        "required": ["speed"]',
        "      },",
        '      "propertyNames": {"pattern": "^(ID)?[0-9]+$"}',
        "    },",
        '    "plays": {',
        '      "type": "array",',
        '      "items": {',
        '        "type": "object",',
        '        "properties": {',
        '          "at": {"type": ["null", "string"]}',
        "        }",
        "      }",
        "    }",
        "  },",
        '  "required": ["gamePk", "players", "plays"],',
        '  "x-seen": {',
        '    "$": 2,',
        '    "$.gamePk": 2,',
        '    "$.players": 2,',
        '    "$.players.*": 2,',
        '    "$.players.*.speed": 2,',
        '    "$.plays": 2,',
        '    "$.plays[*]": 3,',
        '    "$.plays[*].at": 2',
        "  }",
        "}",
    ]


def test_many_required_members_have_one_line_each() -> None:
    text = shape_file.dump_shape(shape_of({f"member{number:02}": 1 for number in range(20)}), title="Test")
    assert '  "required": [\n    "member00",\n' in text
    assert max(map(len, text.splitlines())) < 120


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"type": "object", "properties": {"a": {"type": "string"}}}'])
def test_a_file_that_is_not_a_shape_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "shape.json"
    file.write_text(content)
    with pytest.raises(MlbgenError, match=r"shape\.json: is not a shape file of mlbgen infer"):
        shape_file.load_shape(file)
    with pytest.raises(MlbgenError, match=r"none\.json: can't be read"):
        shape_file.load_shape(tmp_path / "none.json")


def test_a_missing_count_is_refused(tmp_path: Path) -> None:
    schema = json.loads(shape_file.dump_shape(shape_of({"a": 1}), title="Test"))
    del schema["x-seen"]["$.a"]
    file = tmp_path / "shape.json"
    file.write_text(json.dumps(schema))
    with pytest.raises(MlbgenError, match=r"\$\.a"):
        shape_file.load_shape(file)


def test_the_committed_shape_agrees_with_the_design() -> None:
    root = Path(__file__).parents[2]
    shape = shape_file.load_shape(root / infer.path("game.liveGameV1"))
    assert shape.seen >= 24
    assert shape.members["gameData"].members["players"].type == "map"
    boxscore = shape.members["liveData"].members["boxscore"].members["teams"]
    assert {side.members["players"].type for side in boxscore.members.values()} == {"map"}
    assert shape.members["gameData"].members["game"].members["season"].type == "string"
