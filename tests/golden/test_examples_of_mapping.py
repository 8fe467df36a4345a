"""The examples of docs/mapping.md are parts of mappings that tests run: golden cases, shipped mappings, a migration."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from edits import EDITS, FILE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mapping.md").read_text()
CASES = Path(__file__).parent / "cases"
EXAMPLES = {
    "Columns that refer to other tables": (CASES / "relations" / "mapping.yaml").read_text(),
    "Columns derived from others of the row": (CASES / "derived_partition" / "mapping.yaml").read_text(),
    "Items that are not all documents": (CASES / "only_for" / "mapping.yaml").read_text(),
    "Renamed columns": EDITS["column_renamed"].mappings[FILE],
}
RUN = {
    **{file.parent.name: file.read_text() for file in sorted(CASES.glob("*/mapping.yaml"))},
    **{file.stem: file.read_text() for file in sorted((ROOT / "schemas" / "mappings").glob("*/*.yaml"))},
    "column_renamed": EDITS["column_renamed"].mappings[FILE],
}
# What tests/generated/test_levels.py takes from the page itself: these become tables of captured feeds.
TAKEN = (ROOT / "tests" / "generated" / "test_levels.py").read_text()


def blocks() -> Iterator[tuple[str, str]]:
    """Each example of the page, with the title of its section."""
    for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE):
        yield from ((title, block) for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE))


BLOCKS = list(blocks())


def lines(text: str) -> list[str]:
    """The lines without what aligns them."""
    return [re.sub(r" +", " ", line.strip()) for line in text.splitlines() if line.strip()]


def is_part(example: str, mapping: str) -> bool:
    """Whether the mapping has the example's lines, in their order."""
    there = iter(lines(mapping))
    return all(line in there for line in lines(example))


@pytest.mark.parametrize(("section", "mapping"), EXAMPLES.items(), ids=EXAMPLES)
def test_an_example_is_part_of_a_golden_case(section: str, mapping: str) -> None:
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    known = {line.strip() for line in mapping.splitlines()}
    lines = [line.strip() for example in examples for line in example.splitlines()]
    assert lines
    assert [line for line in lines if line not in known] == []


@pytest.mark.parametrize(("section", "example"), BLOCKS, ids=[f"{n}-{title}" for n, (title, _) in enumerate(BLOCKS)])
def test_each_example_is_run(section: str, example: str) -> None:
    is_taken = example.startswith("tables:\n") and f'"{section}"' in TAKEN
    assert is_taken or [name for name, mapping in RUN.items() if is_part(example, mapping)]


def test_there_are_examples() -> None:
    assert len(BLOCKS) > 25
    assert not is_part("rows: {nothing: of the kind}", "".join(RUN.values()))
