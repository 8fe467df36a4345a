"""No text of a mapping becomes anything but a literal, a comment-free docstring or a name."""

import ast

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mlbgen.language.names import identifier
from mlbgen.python import code
from mlbgen.python.document import _camel

TEXTS = st.text() | st.text(alphabet="\"'\\{}\n %#ab ")


def value_of(source: str) -> object:
    return ast.literal_eval(f"({source})")


@given(TEXTS | st.integers() | st.booleans() | st.none() | st.tuples(TEXTS, TEXTS))
def test_a_literal_is_its_value(value: object) -> None:
    assert value_of(code.quoted(value)) == value


@given(TEXTS)
def test_a_long_literal_is_its_value(text: str) -> None:
    source = code.wrapped(text * 9, width=20)

    assert value_of(source) == text * 9


@given(TEXTS)
def test_a_block_is_its_text(text: str) -> None:
    assert str(value_of(code.block(text))).rstrip() == text.rstrip()


@given(TEXTS, TEXTS)
def test_a_text_around_a_value_is_both_and_the_value(prefix: str, suffix: str) -> None:
    source = code.quoted_around(prefix, "item", suffix)

    assert eval(source, {"item": 7}) == f"{prefix}7{suffix}"  # noqa: S307 -- to see what it evaluates to is the test


@given(TEXTS)
def test_a_docstring_is_one_and_nothing_after_it(text: str) -> None:
    body = ast.parse(f"class C:\n    {code.docstring(text or 'x', 'Summary.')}\n    y = 1\n").body[0]

    assert isinstance(body, ast.ClassDef)
    assert [type(each) for each in body.body] == [ast.Expr, ast.Assign]
    assert ast.get_docstring(body) is not None


def test_a_long_docstring_starts_with_one_line() -> None:
    short = "One row for each play. " + "Of those that count. " * 10
    long = "one row and " * 20

    assert code.docstring(short, "Rows.").splitlines()[:2] == ['"""One row for each play.', ""]
    assert code.docstring(long, "Rows.").splitlines()[:2] == ['"""Rows.', ""]
    assert max(map(len, code.docstring(long, "Rows.").splitlines())) <= code.WIDTH


def test_names_are_given_out_once() -> None:
    names = code.Names(["taken"])

    assert [names.take("taken", "other"), names.take("taken", "other"), names.take("free")] == [
        "other",
        "other_",
        "free",
    ]


def test_ways_are_told_apart_by_what_comes_before() -> None:
    ways = {1: ("a", "home", "team"), 2: ("a", "away", "team"), 3: ("b", "home", "team"), 4: ("x",), 5: ("y",)}

    assert code.distinct_names(ways, ["y"]) == {1: "a_home_team", 2: "away_team", 3: "b_home_team", 4: "x", 5: "y2"}


@given(st.from_regex(r"[a-zA-Z][a-zA-Z0-9]{0,8}", fullmatch=True).map(identifier))
def test_camel_case_is_that_of_msgspec(attribute: str) -> None:
    struct = msgspec.defstruct("S", [(attribute, int)], rename="camel")

    assert struct.__struct_encode_fields__ == (_camel(attribute),)
