"""Suggestions from captured responses: of every method that has some, the mapping passes each check as it stands."""

from pathlib import Path

import pytest
from checked import check_samples
from feeds import shared

from mlbgen import lower
from mlbgen.language import source
from mlbgen.samples import infer, stubs
from mlbgen.suggest import suggest

FOLDERS = sorted(
    f"{each.parent.name}/{each.name}" for each in shared("stubs").glob("*/*") if each.is_dir()
) or ["missing"]  # fmt: skip


AT_MOST = 8  # samples of a method: of all live feeds, this takes a minute


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_suggestion_passes_check(folder: str, stubs_dir: Path) -> None:
    found = list(stubs.find_stubs(stubs_dir / folder))
    given = found[:: -(-len(found) // AT_MOST)]
    name = given[0].name
    shape = infer.infer(each for each in given if each.is_answer)[name]
    method = lower.lower(source.parse(suggest(name, given), "suggestion.yaml"), shape)
    wrong = [
        each.render() for part in lower.split_by_hydration(method) for each in check_samples(part, given).diagnostics
    ]
    assert wrong == []
