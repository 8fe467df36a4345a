import pytest
from checks import some
from hypothesis import given
from hypothesis import strategies as st

from mlb_contracts import jsonpath
from mlbgen.language import paths
from mlbgen.language.paths import AllOf, AnyOf, Comparison, Each, Exists, Not, Path, PathError

IS_PITCH = Comparison(("isPitch",), "==", literal=True)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$", Path("$", ())),
        ("$.gamePk", Path("$", ("gamePk",))),
        ("play.about.atBatIndex", Path("play", ("about", "atBatIndex"))),
        ("$.plays[*]", Path("$", ("plays", Each()))),
        ("$.players.*", Path("$", ("players", Each()))),
        ("$['a b'][\"it's\"]", Path("$", ("a b", "it's"))),
        ("$.a['b', \"c\"].d", Path("$", ("a", Each(names=("b", "c")), "d"))),
        (r"$['it\'s \"x\" é']", Path("$", ('it\'s "x" é',))),
        (
            "play.playEvents[?@.isPitch == true]",
            Path("play", ("playEvents", Each(IS_PITCH))),
        ),
        ("x[?@ != 'a']", Path("x", (Each(Comparison((), "!=", "a")),))),
        ("x[?@.n>=-1.5e2]", Path("x", (Each(Comparison(("n",), ">=", -150.0)),))),
        ("x[?@.a.b == null]", Path("x", (Each(Comparison(("a", "b"), "==", None)),))),
    ],
)
def test_paths_are_read(text: str, path: Path) -> None:
    assert paths.parse(text) == path


def test_and_binds_closer_than_or_and_not_closest() -> None:
    (each,) = paths.parse("x[?@.a || !@.b && (@.c || @.d)]").segments

    assert each == Each(AnyOf((Exists(("a",)), AllOf((Not(Exists(("b",))), AnyOf((Exists(("c",)), Exists(("d",)))))))))


def test_offsets_tell_where_each_segment_and_each_filter_starts() -> None:
    text = "$.plays['a b'].playEvents[?@.isPitch && @.n > 1].x"
    path = paths.parse(text)
    starts = [text[offset:] for offset in path.offsets]

    assert [start[:5] for start in starts] == ["plays", "['a b", "playE", "[?@.i", "x"]
    each = path.segments[3]
    assert isinstance(each, Each)
    assert isinstance(each.where, AllOf)
    assert [text[operand.offset :][:4] for operand in each.where.operands] == ["@.is", "@.n "]


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ("", 0, "a path starts with"),
        ("1a", 0, "a path starts with"),
        ("$.", 2, "a member name follows"),
        ("$..link", 2, "a member name follows"),
        ("$.a[0]", 3, "expected a step"),
        ("$.a b", 3, "expected a step"),
        ("$['a", 2, "does not end"),
        (r"$['\x']", 6, "escape"),
        ("x[?a]", 3, "looks at the item"),
        ("$['a',]", 6, "does not end"),
        ("$['a','b','a']", 13, "named twice"),
        ("x[?@['a','b']]", 8, "expected ']'"),
        ("x[?@.a = 1]", 7, "expected ']'"),
        ("x[?@.a == maybe]", 10, "expected a literal"),
        ("x[?@.a == 1", 11, "expected ']'"),
        ("x[?@.a == 1e999]", 10, "too large"),
        (f"x[?@.a == {'9' * 5000}]", 10, "too large"),
        (f"x[?{'(' * 5000}@.a]", 0, "too deeply"),
    ],
)
def test_what_is_no_path_is_refused_where_it_fails(text: str, offset: int, message: str) -> None:
    with pytest.raises(PathError, match=message.replace("(", r"\(")) as caught:
        paths.parse(text)

    assert caught.value.offset == offset


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_a_written_step_is_read_as_the_same_member(members: list[str]) -> None:
    text = jsonpath.below("$", members)

    assert paths.parse(text).segments == tuple(members)


@given(st.text(alphabet="$.[]?*@'\"\\!&|()=<> ab1", max_size=30))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        offsets = (0, *paths.parse(text).offsets)  # the path itself too: the name of a level has no segments
    except PathError as error:
        offsets = (error.offset,)

    assert all(0 <= offset <= len(text) for offset in some(offsets))


def test_members_are_names_only() -> None:
    assert paths.parse_members("about.atBatIndex") == ("about", "atBatIndex")
    for text in ("$.about", "about[*]"):
        with pytest.raises(PathError, match="only member names"):
            paths.parse_members(text)
