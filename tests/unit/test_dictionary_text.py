"""Texts of mappings in pages: they stay texts, whatever they contain."""

import pytest
from checks import some
from hypothesis import given
from hypothesis import strategies as st

from mlbgen.dictionary import names
from mlbgen.dictionary.conditions import condition_text
from mlbgen.dictionary.markdown import code, text
from mlbgen.language import paths


@pytest.mark.parametrize(
    ("plain", "expected"),
    [
        ("a | b", r"a \| b"),
        ("<b>&lt;", r"\<b\>\&lt;"),
        ("AT&T, event_type and _x_", r"AT&T, event_type and \_x\_"),
        ("[a](b) *c* `d` $e$ ~f~", r"\[a\](b) \*c\* \`d\` \$e\$ \~f\~"),
        ("two\n lines ", "two lines"),
    ],
)
def test_text_stays_text(plain: str, expected: str) -> None:
    assert text(plain) == expected


def test_code_may_have_quotes_of_code_and_bars() -> None:
    assert code("$.a['b|c']") == r"`$.a['b\|c']`"
    assert code("a ` b") == "`` a ` b ``"


@given(st.text())
def test_no_text_leaves_its_cell(plain: str) -> None:
    for each in some((text(plain), code(plain))):
        assert len(each.splitlines()) <= 1
        assert "|" not in each.replace(r"\\", "").replace(r"\|", "")


@pytest.mark.parametrize(
    "condition",
    [
        "@.isPitch == true",
        '@.a.b != "x" && @.c',
        "!@.a || (@.b > 1.5 && @.c <= 2)",
        "!(@.a == null)",
        "@ == 1",
        "@['a b'] == 1",
    ],
)
def test_a_condition_is_printed_as_it_is_read(condition: str) -> None:
    path = paths.parse(f"$.x[?{condition}]")
    each = path.segments[-1]
    assert isinstance(each, paths.Each)
    assert each.where is not None
    assert paths.parse(f"$.x[?{condition_text(each.where)}]") == path


def test_subjects_are_parts_of_file_names() -> None:
    assert names.subject_page("Teams, leagues & venues") == "subject-teams-leagues-venues"
    assert names.subject_page("Été / 日本") == "subject-été-日本"
    assert names.subject_page("play_by-play") == names.subject_page("Play by play")
    assert names.subject_page("?") == "subject-tables"
