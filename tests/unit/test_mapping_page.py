"""docs/mapping.md: carried values are those of the golden case, tables those of the code, and no key is left out."""

import json
import re
from pathlib import Path

from checks import some

from mlb_contracts import convert, sql_types
from mlb_contracts.sql_types import SqlType
from mlbgen.project import schema

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mapping.md").read_text()


def test_examples_of_carried_values_stand_in_the_golden_case() -> None:
    _, section = PAGE.split("## Values carried along a list\n")
    examples = re.findall(r"^```yaml\n(.*?)^```$", section.partition("\n## ")[0], re.DOTALL | re.MULTILINE)
    mapping = (ROOT / "tests" / "golden" / "cases" / "carry" / "mapping.yaml").read_text()
    for example in some(examples):
        assert example in mapping
    assert len(examples) == 5


def table(head: str) -> list[list[str]]:
    """The cells of the rows below this head."""
    _, below = PAGE.split(f"{head}\n")
    rows = below.partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)


def test_the_types_are_those_of_the_code() -> None:
    assert table("| type | reads JSON of type | in Python | partitions | not written as |") == [
        [
            code(each.name), ", ".join(sql_types.json_types(SqlType(each.name))), code(each.python),
            each.partition or "-", code(*each.aliases) or "-",
        ]
        for each in sql_types.TYPES.values()
    ]  # fmt: skip


def test_the_converters_are_those_of_the_code() -> None:
    assert table("| `convert` | fills | reads |") == [
        [code(name), code(*sorted(fills)), getattr(convert, name).__doc__]
        for name, fills in sql_types.CONVERTERS.items()
    ]


def test_every_key_of_the_language_is_on_the_page() -> None:
    definitions = json.loads(schema.text())
    keys = {name for part in (definitions, *definitions["$defs"].values()) for name in part.get("properties", ())}
    assert len(keys) > 60
    shown = {name for line in re.findall(r"`([^`\n]+)`", PAGE) for name in re.findall(r"\w+", line)}
    written = set(re.findall(r"(?:^|[ {])(\w+):(?= |$)", PAGE, re.MULTILINE))
    assert keys - shown - written == set()
