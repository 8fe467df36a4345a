"""Rows before and after an edit: what is reported leads from the ones to the others."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_contracts import Row
from mlbgen.plan.matching import Matched, Pairing, same
from mlbgen.plan.model import NO_FORM, Form
from mlbgen.plan.tally import DecisionTally, TableTally

NAMES = ("a", "b", "c", "d")
VALUES = st.one_of(st.none(), st.integers(0, 3), st.sampled_from(["", "x", "1"]))


@st.composite
def forms(draw: st.DrawFn) -> Form:
    columns = tuple(draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)))
    key = tuple(draw(st.lists(st.sampled_from(columns), min_size=1, unique=True)))
    return Form(columns, ("text",) * len(columns), ((),) * len(columns), key)


def rows(form: Form) -> st.SearchStrategy[list[Row]]:
    """Rows of the form, whose keys may repeat and be NULL."""
    return st.lists(st.tuples(*(VALUES for _ in form.columns)), max_size=6)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Form, Form, dict[str, str], list[Row], list[Row]]:
    """Two forms, new names of columns, and rows of both, of which many are the same."""
    old, new = draw(forms()), draw(forms())
    renamed = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(NAMES), max_size=2))
    before, after = draw(rows(old)), draw(rows(new))
    if old == new:
        after = [*draw(st.permutations(before)), *after]
    return old, new, renamed, before, after


def applied(matched: Matched, before: Sequence[Row], pairing: Pairing, new: Form) -> Counter[Row]:
    """The rows before, with what is reported: rows taken away and added, values changed, and those of new columns."""
    kept = Counter(before)
    kept.subtract(matched.removed)
    kept.subtract(old for old, _ in matched.pairs)
    assert not any(kept.values()), "each row before is in a pair or removed"
    made = Counter(matched.added)
    shared = {each.place_after: each.place_before for each in pairing.shared}
    for old, is_ in matched.pairs:
        changed = {place: is_[place] for place in shared if not same(old[shared[place]], is_[place])}
        others = {place: value for place, value in enumerate(is_) if place not in shared}
        values = {place: old[shared[place]] for place in shared} | changed | others
        made[tuple(values[place] for place in range(len(new.columns)))] += 1
    return made


@given(edits())
def test_what_is_reported_makes_of_the_rows_before_those_after(
    edit: tuple[Form, Form, dict[str, str], list[Row], list[Row]],
) -> None:
    old, new, renamed, before, after = edit
    pairing = Pairing(old, new, renamed)
    assert applied(pairing.match(before, after), before, pairing, new) == Counter(after)


@given(edits())
def test_counts_are_those_of_the_rows(edit: tuple[Form, Form, dict[str, str], list[Row], list[Row]]) -> None:
    old, new, renamed, before, after = edit
    matched = Pairing(old, new, renamed).match(before, after)
    tally = TableTally("t", old, new, renamed, examples=2)
    tally.add(before, after)
    tally.add([], [])
    plan = tally.plan()
    if plan is None:
        assert old == new
        assert Counter(before) == Counter(after)
        return
    assert (plan.rows, plan.added, plan.removed) == (
        (len(before), len(after)), len(matched.added), len(matched.removed),
    )  # fmt: skip
    assert plan.rows[0] - plan.removed + plan.added == plan.rows[1]
    shared = Pairing(old, new, renamed).shared
    changed = [any(not same(a[s.place_before], b[s.place_after]) for s in shared) for a, b in matched.pairs]
    assert plan.changed == sum(changed)
    for each in plan.columns:
        assert len(each.examples) <= 2
        if each.before is None:
            assert each.values == sum(row[new.columns.index(each.name)] is not None for row in after)
        elif each.after is None:
            assert each.values == sum(row[old.columns.index(each.name)] is not None for row in before)
        else:
            assert each.became_null + each.were_null <= each.changed <= each.rows == len(matched.pairs)


def form(columns: str, key: str) -> Form:
    names = tuple(columns.split())
    return Form(names, ("text",) * len(names), ((),) * len(names), tuple(key.split()))


@pytest.mark.parametrize(
    ("old", "new", "renamed", "by"),
    [
        (form("a b c", "a b"), form("a b c", "b a"), {}, ("b", "a")),
        (form("a b c", "a b"), form("a b c", "a c"), {}, ("a", "c")),  # the old rows have the new key
        (form("a b", "a b"), form("a b d", "a b d"), {}, ("a", "b")),  # they don't, but the new rows have the old key
        (form("a b c", "a b"), form("a c d", "a d"), {}, ("a",)),  # neither: what is in both
        (form("a b", "b"), form("a c", "c"), {}, ()),
        (form("a b", "b"), form("a c", "c"), {"c": "b"}, ("c",)),
        (form("a b", "a"), form("a b c", "a"), {"c": "b"}, ("a",)),  # the old name is in use: no hint
        (form("a", "a"), NO_FORM, {}, ()),
    ],
)
def test_what_rows_are_matched_by(old: Form, new: Form, renamed: dict[str, str], by: tuple[str, ...]) -> None:
    assert Pairing(old, new, renamed).by == by


def test_rows_that_repeat_are_matched_in_their_order() -> None:
    matched = Pairing(form("a b", "a"), form("a b", "a"), {}).match(
        [(1, "x"), (1, "y"), (2, "z")], [(1, "x"), (3, "w")]
    )
    assert matched.pairs == [((1, "x"), (1, "x"))]
    assert matched.added == [(3, "w")]
    assert matched.removed == [(1, "y"), (2, "z")]


def test_a_key_of_another_type_is_the_same_key() -> None:
    old = Form(("a", "b"), ("integer", "text"), ((), ()), ("a",))
    new = Form(("a", "b"), ("text", "text"), ((), ()), ("a",))
    assert Pairing(old, new, {}).match([(5, "x")], [("5", "y")]).pairs == [((5, "x"), ("5", "y"))]


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        (None, None, True),
        (None, "", False),
        ("", None, False),
        (5, Decimal("5.0"), True),
        (5, "5", True),
        (5, "05", False),
        ("5", "5.0", False),
        (1, True, False),
        (True, "true", True),
        (date(2024, 7, 1), "2024-07-01", True),
        (date(2024, 7, 1), datetime(2024, 7, 1, tzinfo=UTC), False),
        (0.1, Decimal("0.1"), True),
    ],
)
def test_values_of_other_types_are_the_same_if_people_see_the_same(
    before: object, after: object, *, is_same: bool
) -> None:
    assert same(before, after) is is_same


def test_examples_are_the_most_frequent_and_bounded() -> None:
    before = [(number, "old") for number in range(5_000)]
    after = [(number, "often" if number % 3 else str(number)) for number in range(5_000)]
    tally = TableTally("t", form("a b", "a"), form("a b", "a"), {}, examples=2)
    tally.add(before, after)
    plan = tally.plan()
    assert plan is not None
    (column,) = plan.columns
    assert (column.changed, column.examples[0].after, column.examples[0].count) == (5_000, "often", 3_333)
    assert [each.after for each in column.examples[1:]] == ["0"]
    (values,) = [each for each in tally._kept.values() if each.transitions]
    assert len(values.transitions) == 1_000


def test_decisions_are_counted_beyond_the_first() -> None:
    tally = DecisionTally(1)
    for number in range(3):
        tally.add(f"file{number}", "why")
    assert (tally.total().count, [each.file for each in tally.total().examples]) == (3, ["file0"])
