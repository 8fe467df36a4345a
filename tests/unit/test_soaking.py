"""The auditor of `just soak` objects to what must never be, and to nothing else; a seed always says the same."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import grimp
import pytest
from checks import some
from soaking import audit
from soaking.audit import Given
from soaking.content import SAMPLE, Content
from soaking.observed import Held, Mark, Name, Note, Observed
from soaking.plan import plan
from soaking.smaller import smaller
from soaking.world import Answer

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
FIRST, SECOND = Content(1, 7), Content(1, 14)  # with all plays each
FLAWED = Content(1, 7, "rbi")
ONE, TWO = Name(1, NOW, FIRST.digest), Name(1, LATER, SECOND.digest)
GIVEN = Given([Answer(1, LATER, SECOND.body)], {ONE: FIRST.body})

rows = SAMPLE.rows
EMPTY = Observed(SAMPLE, {}, {}, frozenset(), {}, {}, {})
SHOWN = Observed(
    SAMPLE,
    {ONE: Held(FIRST.body, NOW), TWO: Held(SECOND.body, LATER)},
    {1: Mark(LATER, SECOND.digest)},
    frozenset(),
    {},
    {1: rows(SECOND.body)},
    {1: {name: dict.fromkeys(its, (LATER, LATER)) for name, its in rows(SECOND.body).items()}},
)


def objections(now: Observed, before: Observed = SHOWN) -> list[str]:
    return [
        *audit.wrong(GIVEN, before, now, LATER),
        *audit.gone_back(GIVEN, before.marks, now),
        *audit.left_undone(now),
    ]


def test_it_does_not_object_to_what_is_right() -> None:
    assert objections(SHOWN, EMPTY) == objections(SHOWN) == []


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        (replace(SHOWN, captures={TWO: SHOWN.captures[TWO]}), "is lost"),
        (replace(SHOWN, captures=SHOWN.captures | {ONE: Held(FIRST.body, NOW - timedelta(1))}), "was seen later"),
        (replace(SHOWN, captures=SHOWN.captures | {Name(2, NOW, b""): Held(b"{}", NOW)}), "is invented"),
        (replace(SHOWN, rows={1: rows(FIRST.body)}), "has rows that its capture does not have"),
        (replace(SHOWN, rows={}), "has rows that its capture does not have"),
        (replace(SHOWN, marks={}), "nothing was applied"),
        (replace(SHOWN, marks={}), "has lost its watermark"),
        (replace(SHOWN, marks={1: Mark(LATER, FIRST.digest)}), "which no capture has"),
        (replace(SHOWN, marks={1: Mark(LATER, FIRST.digest)}), "another content"),
        (replace(SHOWN, marks={1: Mark(NOW, FIRST.digest)}, rows={1: rows(FIRST.body)}), "goes back"),
        (replace(SHOWN, marks={1: Mark(NOW, FIRST.digest)}, rows={1: rows(FIRST.body)}), "is neither applied"),
        (replace(SHOWN, quarantine={ONE: Note(1, "waiting")}, rows={}), "rows"),
        (replace(SHOWN, claimed=frozenset({1})), "is still claimed"),
    ],
)
def test_it_objects(now: Observed, reason: str) -> None:
    assert any(reason in each for each in objections(now))


def test_a_capture_waits_for_a_reason() -> None:
    alone = replace(SHOWN, captures={TWO: SHOWN.captures[TWO]})
    waiting = replace(alone, quarantine={TWO: Note(1, "waiting")})
    assert any("without a reason" in each for each in objections(waiting, alone))


def test_a_capture_that_is_too_old_never_waits() -> None:
    assert any(
        "older than what is shown" in each for each in objections(replace(SHOWN, quarantine={ONE: Note(1, "waiting")}))
    )


def test_a_flaw_is_never_shown() -> None:
    name = Name(1, LATER, FLAWED.digest)
    now = Observed(SAMPLE, {name: Held(FLAWED.body, LATER)}, {1: Mark(LATER, FLAWED.digest)}, frozenset(), {}, {}, {})
    given = Given([Answer(1, LATER, FLAWED.body)], {})
    assert any("has a flaw" in each for each in audit.wrong(given, EMPTY, now, LATER))


@pytest.mark.parametrize("content", [FIRST, SECOND, *(Content(1, seed) for seed in range(40))])
def test_what_has_no_flaw_can_be_applied(content: Content) -> None:
    assert not SAMPLE.flawed(1, content.body)
    assert SAMPLE.flawed(2, content.body)


@pytest.mark.parametrize("flaw", ["rbi", "effort", "type", "no plays", "two of a key", "another game", "no JSON"])
def test_flaws_are_seen(flaw: str) -> None:
    assert all(SAMPLE.flawed(1, Content(1, seed, flaw).body) for seed in range(40))


def told_of(games: int, plays: int, *, unchanged: int = 0) -> dict[str, dict[str, Any]]:
    others = {"updated": 0, "unchanged": unchanged, "deleted": 0}
    tables = {"sample.games": {"inserted": games} | others, "sample.plays": {"inserted": plays} | others}
    return {"documents": {"applied": games, "quarantined": 0}, "tables": tables}


def test_counts_must_add_up() -> None:
    told = told_of(1, 12)
    assert [*audit.miscounted(told, EMPTY, SHOWN)] == []
    assert [*audit.miscounted(told, SHOWN, SHOWN)] != []
    assert [*audit.miscounted(told | {"documents": {"applied": 0, "quarantined": 0}}, EMPTY, SHOWN)] != []
    assert [*audit.miscounted(told_of(1, 12, unchanged=1), EMPTY, SHOWN)] != []
    assert [*audit.miscounted(told, EMPTY, replace(SHOWN, quarantine={ONE: Note(1, "waiting")}))] != []


def test_rows_that_say_the_same_are_not_written() -> None:
    written = {1: SHOWN.written[1] | {"games": {(1, 2024): (LATER, LATER + timedelta(minutes=1))}}}
    assert any("written again" in each for each in objections(replace(SHOWN, written=written)))


def test_rows_vanish_if_somebody_agreed() -> None:
    """A few plays instead of all; or by two captures, each of which may delete that many."""
    few = Content(1, 5)
    name = Name(1, LATER + timedelta(1), few.digest)
    now = replace(
        SHOWN,
        captures=SHOWN.captures | {name: Held(few.body, name.captured_at)},
        marks={1: Mark(name.captured_at, few.digest)},
        rows={1: rows(few.body)},
    )

    def lost(accepted: frozenset[Name]) -> list[str]:
        given = Given(GIVEN.answers, {**GIVEN.files, name: few.body}, accepted)
        return [*audit.wrong(given, SHOWN, now, name.captured_at)]

    assert any("nobody agreed" in each for each in lost(frozenset()))
    assert lost(frozenset({name})) == []


def test_answers_and_files_must_be_kept() -> None:
    assert [*audit.lost_answers(GIVEN.answers, SHOWN, LATER)] == [*audit.lost_files([ONE], SHOWN)] == []
    assert [*audit.lost_answers(GIVEN.answers, EMPTY, LATER)] != []
    assert [*audit.lost_answers(GIVEN.answers, SHOWN, LATER + timedelta(1))] != []
    assert [*audit.lost_files([ONE], EMPTY)] != []


@pytest.mark.parametrize("seed", ["1-1", "1-2"])
def test_a_seed_always_says_the_same(seed: str) -> None:
    assert repr(plan(seed)) == repr(plan(seed))
    assert plan(seed) != plan(f"{seed}0")


def test_the_auditor_shares_no_code_with_the_product() -> None:
    """Neither do the plan of a history and its API: they import nothing but each other, and clients of the stores."""
    graph = grimp.build_graph("soaking", include_external_packages=True, cache_dir=None)
    own = {f"soaking.{name}" for name in ("audit", "content", "observed", "plan", "world")}
    imported = {each for name in some(own) for each in graph.find_modules_directly_imported_by(name)}
    assert {each for each in imported - own if each not in sys.stdlib_module_names} == {
        "deltalake", "psycopg", "zstandard",
    }  # fmt: skip


@pytest.mark.parametrize("needed", [{3}, {0, 9}, {2, 5, 6}, set(range(10))])
def test_a_history_is_made_as_small_as_can_be(needed: set[int]) -> None:
    assert {*smaller(10, lambda kept: needed <= {*kept}, 60)} == needed


def test_no_time_leaves_a_history_as_it_is() -> None:
    assert [*smaller(3, lambda _: True, 0)] == [0, 1, 2]


def test_captures_of_old_months_are_dropped_if_nothing_needs_them() -> None:
    old, start = replace(SHOWN, captures={TWO: SHOWN.captures[TWO]}), NOW + timedelta(days=30)
    assert [*audit.wrong(GIVEN, SHOWN, old, LATER, kept_from=start)] == []
    lost = [*audit.wrong(GIVEN, SHOWN, replace(SHOWN, captures={}), LATER, kept_from=start)]
    assert any(f"capture {audit.told(TWO)} is lost" in each for each in lost)
    assert not any(f"capture {audit.told(ONE)} is lost" in each for each in lost)


def test_stores_are_compared() -> None:
    assert [*audit.unlike(SHOWN, SHOWN)] == []
    for other in (
        replace(SHOWN, rows={1: rows(FIRST.body)}),
        replace(SHOWN, marks={1: Mark(LATER, FIRST.digest)}),
        replace(SHOWN, quarantine={ONE: Note(1, "waiting")}),
    ):
        assert [*audit.unlike(SHOWN, other)] != []


def test_under_a_new_mapping_each_game_is_applied_again() -> None:
    assert any("mapping before" in each for each in audit.left_undone(SHOWN, migrated=True))
