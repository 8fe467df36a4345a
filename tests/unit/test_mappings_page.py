"""docs/mappings.md: its examples of carried values are those that the golden case runs."""

import re
from pathlib import Path

from checks import some

ROOT = Path(__file__).parents[2]


def test_examples_of_carried_values_stand_in_the_golden_case() -> None:
    _, section = (ROOT / "docs" / "mappings.md").read_text().split("## Values carried along a list\n")
    examples = re.findall(r"^```yaml\n(.*?)^```$", section.partition("\n## ")[0], re.DOTALL | re.MULTILINE)
    mapping = (ROOT / "tests" / "golden" / "cases" / "carry" / "mapping.yaml").read_text()
    for example in some(examples):
        assert example in mapping
    assert len(examples) == 5
