"""docs/why.md: each of our links leads to a page that is there, and each row has a source of every kind of claim."""

import re
from pathlib import Path

import pytest
from checks import some

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "why.md").read_text()
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
UNSOURCED = {"not its task", "not found"}
TOOLS = ["mlbgen and mlb-etl", "dlt", "dbt", "SQLMesh", "CloudQuery", "sportsdataverse"]
# Whose pages may say what of whom.
SITES = {
    "dlt": ("dlthub.com/docs/", "www.mintlify.com/dlt-hub/"),
    "dbt": ("docs.getdbt.com/",),
    "SQLMesh": ("sqlmesh.readthedocs.io/",),
    "CloudQuery": ("docs.cloudquery.io/",),
    "sportsdataverse": ("github.com/sportsdataverse",),
}


def table() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == ["question", *TOOLS]
    return cells[2:]


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_our_links_lead_somewhere() -> None:
    for _, target in some(link for link in LINK.findall(PAGE) if "://" not in link[1]):
        file, _, anchor = target.partition("#")
        assert (DOCS / file).is_file(), target
        assert not anchor or anchor in anchors(DOCS / file), target


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0])
def test_each_cell_has_its_source(row: list[str]) -> None:
    assert len(row) == 1 + len(TOOLS)
    ours, *theirs = row[1:]
    assert some(LINK.findall(ours))
    for tool, cell in zip(TOOLS[1:], theirs, strict=True):
        links = LINK.findall(cell)
        assert links or cell in UNSOURCED | {"you"}, (tool, cell)
        for _, target in links:
            assert target.removeprefix("https://").startswith(SITES[tool]), (tool, target)
    assert any(map(LINK.search, theirs)) or set(theirs) <= UNSOURCED


def test_what_they_do_and_we_do_not_is_said() -> None:
    questions = {row[0]: row for row in table()}
    for question in ("Which sources?", "Which destinations?", "Transformations in SQL?", "Who runs it at night?"):
        assert question in questions
    assert "## When another tool serves you better" in PAGE
