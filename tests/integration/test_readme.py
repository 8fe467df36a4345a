"""What README and other pages name exists; test_pages follows them."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUICK_START = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)[0]


def test_quick_start_is_two_recipes() -> None:
    assert QUICK_START.splitlines() == ["./run demo", "./run check"]


def test_recipes_that_are_named_exist() -> None:
    recipes = set(re.findall(r"^([\w-]+)[\w *]*:", (ROOT / "justfile").read_text(), re.MULTILINE))
    pages = {ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")}
    pages -= {ROOT / "docs" / "own-project.md"}  # it names those of the project that `mlbgen init` makes
    named = {
        (page.name, recipe)
        for page in pages
        for recipe in re.findall(r"(?:`|^)(?:just|\./run) ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert named >= {("README.md", "demo"), ("README.md", "check"), ("CONTRIBUTING.md", "generate")}
    assert {(page, recipe) for page, recipe in named if recipe not in recipes} == set()
