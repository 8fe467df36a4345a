"""The dictionary of a small project, in all its forms."""

import itertools
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from checks import some
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlbgen.dictionary import as_dbml, as_dbt, as_json, diagrams, pages
from mlbgen.dictionary.facts import Dictionary
from mlbgen.project import generate

ROOT = Path(__file__).parent / "dictionary"
EXPECTED = ROOT / "expected"
SVG = "{http://www.w3.org/2000/svg}"


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


def made() -> Dictionary:
    inputs = generate.read_project(ROOT)
    return generate.dictionary(inputs, generate.read_views(ROOT, inputs), generate.read_counts(ROOT, inputs))


FACTS = made()


def texts(facts: Dictionary) -> dict[str, str]:
    """All forms but JSON, by file name."""
    others = {"tables.dbml": as_dbml.text(facts), "sources.yml": as_dbt.text(facts)}
    return pages.pages(facts) | diagrams.diagrams(facts) | others


TEXTS = texts(FACTS)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_form_of_the_dictionary(name: str, snapshot: SnapshotAssertion) -> None:
    assert TEXTS[name] == snapshot(extension_class=Page, name=name)


def test_no_golden_is_stale() -> None:
    assert {each.name for each in some(EXPECTED.iterdir())} == TEXTS.keys()


def test_the_json_has_its_form_and_says_everything() -> None:
    schema, text = json.loads(as_json.schema()), as_json.text(FACTS)
    Draft202012Validator.check_schema(schema)
    form = Draft202012Validator(schema)
    found = json.loads(text)
    form.validate(found)
    assert not form.is_valid(found | {"version": "1"})
    assert not form.is_valid({name: value for name, value in found.items() if name != "views"})
    assert TypeAdapter(Dictionary).validate_json(text) == FACTS


@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning"
)  # the parser uses names that its own parser generator calls old
def test_the_dbml_is_what_its_parser_reads() -> None:
    from pydbml import PyDBML  # noqa: PLC0415 - the warnings begin here

    read = PyDBML(TEXTS["tables.dbml"])
    tables = {f"{each.schema}.{each.name}": each for each in read.tables}
    assert tables.keys() == {each.name for each in FACTS.tables}
    for each in some(FACTS.tables):
        table = tables[each.name]
        assert table.note.text == each.description
        assert [(column.name, column.type, not column.not_null, column.note.text) for column in table.columns] == [
            (column.name, column.type, column.nullable, column.description) for column in each.columns
        ]
        (key,) = (index for index in table.indexes if index.pk)
        assert [subject.name for subject in key.subjects] == [*each.primary_key]
    links = {(tuple(c.name for c in ref.col1), f"{ref.table2.schema}.{ref.table2.name}") for ref in read.refs}
    assert links == {(link.columns, link.table) for each in FACTS.tables for link in each.links}
    assert {each.name: len(each.items) for each in read.table_groups} == {"Games": 2, "Throws": 1}


def test_the_sources_are_yaml_of_dbt() -> None:
    (source,) = yaml.safe_load(TEXTS["sources.yml"])["sources"]
    games, members, rounds, throws = source["tables"]
    assert [each["name"] for each in (games, members, rounds, throws)] == ["games", "members", "rounds", "throws"]
    assert games["columns"][0]["data_tests"] == ["not_null", "unique"]
    assert throws["data_tests"] == [{"unique": {"arguments": {"column_name": "(game_id, round_index, throw_index)"}}}]
    assert throws["columns"][3]["config"] == {"meta": {"unit": "metres"}}
    assert "data_tests" not in rounds


def test_links_lead_to_pages() -> None:
    for name, text in some(TEXTS.items()):
        for target in re.findall(r"\]\(([^)]+)\)", text):
            assert target in TEXTS, f"{name}: {target}"
        for target in re.findall(r'href="([^"]+)"', text):
            assert f"{target.removesuffix('.html')}.md" in TEXTS, f"{name}: {target}"


def test_diagrams_are_xml_and_their_boxes_do_not_overlap() -> None:
    drawings = [text for name, text in TEXTS.items() if name.endswith(".svg")]
    for text in some(drawings):
        root = ElementTree.fromstring(text)  # noqa: S314 - our own text
        boxes = []
        for group in some(root.iter(f"{SVG}g")):
            x, y = map(int, re.findall(r"\d+", group.attrib["transform"]))
            rect = next(group.iter(f"{SVG}rect"))
            boxes.append((x, y, x + int(rect.attrib["width"]), y + int(rect.attrib["height"])))
        for one, other in itertools.combinations(boxes, 2):
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert max(box[2] for box in boxes) < int(root.attrib["width"])
        assert max(box[3] for box in boxes) < int(root.attrib["height"])
