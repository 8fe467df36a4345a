"""docs/performance.md and docs/scale.md have the tables and the plot of the figures that were measured."""

import json

import page
from checks import some


def test_figures_of_the_pages() -> None:
    figures = json.loads(page.FIGURES.read_text())
    assert [*figures] == ["compare", "growth", "cold", "live", "captures"]
    for file, text in some(page.pages(figures).items()):
        assert file.read_text() == text, file
