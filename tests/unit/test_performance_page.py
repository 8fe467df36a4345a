"""docs/performance.md has the tables and the plot of the figures that were measured."""

import json

import page


def test_figures_of_the_page() -> None:
    figures = json.loads(page.FIGURES.read_text())
    assert [*figures] == ["compare", "growth", "cold"]
    text = page.PAGE.read_text()
    assert page.written(text, figures) == text
    assert page.PLOT.read_text() == page.plot(figures["compare"])
