"""The examples of docs/mappings.md are parts of golden cases: of their mappings, or of an edit that is a migration."""

import re
from pathlib import Path

import pytest
from edits import EDITS, FILE

PAGE = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text()
CASES = Path(__file__).parent / "cases"
EXAMPLES = {
    "Columns that refer to other tables": (CASES / "relations" / "mapping.yaml").read_text(),
    "Columns derived from others of the row": (CASES / "derived_partition" / "mapping.yaml").read_text(),
    "Renamed columns": EDITS["column_renamed"].mappings[FILE],
}


@pytest.mark.parametrize(("section", "mapping"), EXAMPLES.items(), ids=EXAMPLES)
def test_an_example_is_part_of_a_golden_case(section: str, mapping: str) -> None:
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    known = {line.strip() for line in mapping.splitlines()}
    lines = [line.strip() for example in examples for line in example.splitlines()]
    assert lines
    assert [line for line in lines if line not in known] == []
