"""The examples of docs/mappings.md are parts of golden cases, whose code and rows are shown there."""

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "mappings.md").read_text()
CASES = Path(__file__).parent / "cases"
EXAMPLES = {"Columns that refer to other tables": "relations"}


@pytest.mark.parametrize(("section", "case"), EXAMPLES.items())
def test_an_example_is_part_of_a_golden_case(section: str, case: str) -> None:
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    mapping = {line.strip() for line in (CASES / case / "mapping.yaml").read_text().splitlines()}
    lines = [line.strip() for example in examples for line in example.splitlines()]
    assert lines
    assert [line for line in lines if line not in mapping] == []
