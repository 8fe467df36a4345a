"""The JSON Schema of mappings: editors explain every key, offer closed lists, and accept what mlbgen accepts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from checks import some

from mlb_contracts import sql_types
from mlbgen.project import schema

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(schema.text())
MAPPINGS = [
    *sorted((ROOT / "tests" / "golden" / "cases").glob("*/mapping.yaml")),
    *sorted((ROOT / "schemas" / "mappings" / "schedule").glob("*.yaml")),
    *sorted((ROOT / "schemas" / "mappings" / "team").glob("*.yaml")),
]


def properties(part: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each key of the language, with its schema."""
    if isinstance(part, dict):
        for name, found in part.get("properties", {}).items():
            yield f"{path}.{name}", found
        for name, inner in part.items():
            yield from properties(inner, f"{path}.{name}" if name != "$defs" else path)
    elif isinstance(part, list):
        for inner in part:
            yield from properties(inner, path)


def lists(part: object) -> Iterator[list[Any]]:
    """The closed lists of values in a part of the schema."""
    if isinstance(part, dict):
        yield from [part["enum"]] if "enum" in part else []
        for inner in part.values():
            yield from lists(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from lists(inner)


KEYS = dict(properties(SCHEMA))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_every_key_is_explained() -> None:
    assert len(KEYS) > 80
    assert [name for name, found in some(KEYS.items()) if len(found.get("description", "")) < 15] == []


@pytest.mark.parametrize(
    ("key", "values"),
    [
        (".Column.type", [*sql_types.TYPES]),
        (".DocumentKey.type", [*sql_types.TYPES]),
        (".Column.convert", [*sql_types.converter_names(), None]),
        (".Column.unreadable", ["null", "reject"]),
        (".Rule.type", ["string", "integer", "number", "boolean", "object", "array"]),
        (".Partition.kind", ["list", "month"]),
        (".TablePartition.kind", ["list", "month"]),
        (".Table.duplicates", ["error", "first", "last"]),
        (".Index.using", ["btree", "brin"]),
        (".Check.severity", ["error", "warn"]),
        (".Source.drift", ["report", "quarantine", "fail"]),
    ],
)
def test_closed_lists_are_offered(key: str, values: list[Any]) -> None:
    assert [*lists(KEYS[key])] == [values]


def test_no_other_key_has_a_closed_list() -> None:
    assert len([key for key, found in KEYS.items() if [*lists(found)]]) == 11, "add it to the test above"


@pytest.mark.parametrize("file", MAPPINGS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_mappings_are_accepted(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(file.read_text()))] == []


@pytest.mark.parametrize(
    ("member", "value"),
    [("type", "varchar"), ("type", "numeric(5"), ("type", "integer(5)"), ("convert", "innings"), ("unreadable", "no")],
)
def test_what_is_in_no_list_is_marked(member: str, value: str) -> None:
    of_columns = jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], "$ref": "#/$defs/Column"})
    column = {"name": "outs", "type": "smallint", "path": "$.innings", "description": "Outs.", "convert": "timecode"}
    assert [[*error.path] for error in of_columns.iter_errors(column | {member: value})] == [[member]]
    assert [*of_columns.iter_errors(column | {"type": "numeric(5, 1)"})] == []
