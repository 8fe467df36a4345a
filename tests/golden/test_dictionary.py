"""The dictionary of a small project, in all its forms."""

import json
from pathlib import Path

import pytest
from checks import some
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlbgen.dictionary import as_dbml, as_dbt, as_json, diagrams, pages
from mlbgen.project import generate

ROOT = Path(__file__).parent / "dictionary"
EXPECTED = ROOT / "expected"


class Page(SingleFileSnapshotExtension):
    """A golden file, called as it would be on its own."""

    _write_mode = WriteMode.TEXT

    @classmethod
    def get_location(cls, *, index: object, **_test: object) -> str:
        return str(EXPECTED / str(index))

    @classmethod
    def matches_test_location(cls, *, snapshot_location: str, **_test: object) -> bool:
        return snapshot_location.startswith(str(EXPECTED))

    @classmethod
    def dirname(cls, **_test: object) -> str:
        return str(ROOT / "none")  # the files are told stale by a test, not by what syrupy finds


def _texts() -> dict[str, str]:
    inputs = generate.read_project(ROOT)
    facts = generate.dictionary(inputs, generate.read_views(ROOT, inputs), generate.read_counts(ROOT, inputs))
    others = {
        "dictionary.json": as_json.text(facts),
        "tables.dbml": as_dbml.text(facts),
        "sources.yml": as_dbt.text(facts),
    }
    return pages.pages(facts) | diagrams.diagrams(facts) | others


TEXTS = _texts()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_form_of_the_dictionary(name: str, snapshot: SnapshotAssertion) -> None:
    assert TEXTS[name] == snapshot(extension_class=Page, name=name)


def test_no_golden_is_stale() -> None:
    assert {each.name for each in some(EXPECTED.iterdir())} == TEXTS.keys()


def test_the_json_has_its_form() -> None:
    schema = json.loads(as_json.schema())
    Draft202012Validator.check_schema(schema)
    found = json.loads(TEXTS["dictionary.json"])
    Draft202012Validator(schema).validate(found)
    assert not Draft202012Validator(schema).is_valid(found | {"version": "1"})
    assert not Draft202012Validator(schema).is_valid({name: value for name, value in found.items() if name != "views"})
