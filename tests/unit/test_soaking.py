"""The auditor of `just soak` objects to what must never be, and to nothing else; a seed always says the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from soaking import audit
from soaking.audit import Given
from soaking.content import Content, rows
from soaking.observed import Held, Mark, Name, Observed
from soaking.plan import plan
from soaking.world import Answer

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
FIRST, SECOND = Content(1, 7), Content(1, 14)  # with all plays each
FLAWED = Content(1, 7, "rbi")
ONE, TWO = Name(1, NOW, FIRST.digest), Name(1, LATER, SECOND.digest)
GIVEN = Given([Answer(1, LATER, SECOND.body)], {ONE: FIRST.body})
EMPTY = Observed({}, {}, frozenset(), {}, {})
SHOWN = Observed(
    {ONE: Held(FIRST.body, NOW), TWO: Held(SECOND.body, LATER)},
    {1: Mark(LATER, SECOND.digest)},
    frozenset(),
    {},
    {1: rows(SECOND.body)},
)


def objections(now: Observed, before: Observed = SHOWN) -> list[str]:
    return [*audit.wrong(GIVEN, before, now, LATER), *audit.gone_back(before.marks, now), *audit.left_undone(now)]


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
        (replace(SHOWN, marks={1: Mark(NOW, FIRST.digest)}, rows={1: rows(FIRST.body)}), "goes back"),
        (replace(SHOWN, marks={1: Mark(NOW, FIRST.digest)}, rows={1: rows(FIRST.body)}), "is neither applied"),
        (replace(SHOWN, quarantine={ONE: "waiting"}, rows={}), "rows"),
        (replace(SHOWN, claimed=frozenset({1})), "is still claimed"),
    ],
)
def test_it_objects(now: Observed, reason: str) -> None:
    assert any(reason in each for each in objections(now))


def test_a_capture_waits_for_a_reason() -> None:
    alone = replace(SHOWN, captures={TWO: SHOWN.captures[TWO]})
    waiting = replace(alone, quarantine={TWO: "waiting"})
    assert any("without a reason" in each for each in objections(waiting, alone))


def test_a_flaw_is_never_shown() -> None:
    name = Name(1, LATER, FLAWED.digest)
    now = Observed({name: Held(FLAWED.body, LATER)}, {1: Mark(LATER, FLAWED.digest)}, frozenset(), {}, {})
    given = Given([Answer(1, LATER, FLAWED.body)], {})
    assert any("has a flaw" in each for each in audit.wrong(given, EMPTY, now, LATER))


@pytest.mark.parametrize("content", [FIRST, SECOND, *(Content(1, seed) for seed in range(40))])
def test_what_has_no_flaw_can_be_applied(content: Content) -> None:
    assert not audit.flawed(1, content.body)
    assert audit.flawed(2, content.body)


@pytest.mark.parametrize("flaw", ["rbi", "effort", "type", "no plays", "two of a key", "another game", "no JSON"])
def test_flaws_are_seen(flaw: str) -> None:
    assert all(audit.flawed(1, Content(1, seed, flaw).body) for seed in range(40))


def test_counts_must_add_up() -> None:
    told = {"sample.games": {"inserted": 1, "deleted": 0}, "sample.plays": {"inserted": 12, "deleted": 0}}
    assert [*audit.miscounted(told, EMPTY, SHOWN)] == []
    assert [*audit.miscounted(told, SHOWN, SHOWN)] != []


def test_answers_and_files_must_be_kept() -> None:
    assert [*audit.lost_answers(GIVEN.answers, SHOWN, LATER)] == [*audit.lost_files([ONE], SHOWN)] == []
    assert [*audit.lost_answers(GIVEN.answers, EMPTY, LATER)] != []
    assert [*audit.lost_answers(GIVEN.answers, SHOWN, LATER + timedelta(1))] != []
    assert [*audit.lost_files([ONE], EMPTY)] != []


@pytest.mark.parametrize("seed", ["1-1", "1-2"])
def test_a_seed_always_says_the_same(seed: str) -> None:
    assert repr(plan(seed)) == repr(plan(seed))
    assert plan(seed) != plan(f"{seed}0")
