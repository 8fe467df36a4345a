"""Nothing of the repository's own samples is silently dropped: each of their paths is mapped or ignored for a reason.

Paths that some mappings don't cover yet stand in tests/unmapped, a file for each method. These lists may only get
shorter: `python tests/unmapped.py` removes what is mapped by now, and never adds a path.
"""

from pathlib import Path

import pytest
import unmapped
from checks import some


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    return unmapped.found(tmp_path_factory.mktemp("simulated"))


def test_no_sample_has_a_path_that_is_neither_mapped_nor_ignored(found: dict[str, set[str]]) -> None:
    new = {method: left for method, paths in some(found.items()) if (left := paths - unmapped.listed(method))}
    assert new == {}, "map these paths, or ignore them with the reason"


def test_the_lists_have_no_path_that_is_mapped_by_now(found: dict[str, set[str]]) -> None:
    lists = {method: unmapped.listed(method) for method in unmapped.methods()}
    stale = {method: left for method, paths in lists.items() if (left := paths - found.get(method, set()))}
    assert stale == {}, "run `python tests/unmapped.py`, which removes them"


def test_a_list_is_shortened_and_never_extended(tmp_path: Path) -> None:
    (tmp_path / "a.one.txt").write_text("$.now_mapped\n$.still_not\n")
    (tmp_path / "a.two.txt").write_text("$.now_mapped\n")
    unmapped.shorten({"a.one": {"$.still_not", "$.new"}, "a.three": {"$.new"}}, tmp_path)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {"a.one.txt": "$.still_not\n"}
