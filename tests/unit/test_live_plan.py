"""When a game is asked for next, and why."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl.baseball import feed as feeds
from mlb_etl.baseball.feed import Feed, GameStatus
from mlb_etl.baseball.live import plan
from mlb_etl.baseball.live.plan import CORRECTIONS, FIRST_PITCH, LEAD, CapturedGame, KnownGame, Pace, Poll
from mlb_etl.baseball.schedule import Game, _Side, _Sides
from mlb_etl.baseball.states import SETTLED

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
PACE = Pace.of(timedelta(seconds=10))
STATES = "SPIMNOFDCTUQRX"  # one of them is not known


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def status(code: str) -> GameStatus:
    return GameStatus(code[0], code)


def game(code: str, *, start: datetime = LATER, tbd: bool = False, score: int | None = None) -> Game:
    told = GameStatus(code[0], code, start_time_tbd=tbd)
    return Game(1, told, _Sides(_Side(score), _Side(score)), season="2024", game_date=start)


def feed(code: str, *, wait: float = 10, score: int | None = None) -> Feed:
    runs = feeds._Runners(feeds._Runs(score), feeds._Runs(score))
    live = feeds._LiveData(feeds._Linescore(teams=runs))
    return Feed(feeds._GameData(status(code)), live, feeds._MetaData(msgspec.Raw(repr(wait).encode())))


def known(
    code: str, asked: datetime | None = None, *, listed: str | None = None, wait: float = 10, **facts: object
) -> KnownGame:
    """A game that is in a state by its feed and, unless said otherwise, by the schedule, which was asked at noon."""
    captured = CapturedGame(asked, feed(code, wait=wait), asked) if asked else CapturedGame()
    return replace(KnownGame(game(listed or code), NOON, captured, asked), **facts)


@pytest.mark.parametrize(
    ("code", "why", "minutes"),
    [
        ("I", "on", 1 / 6),
        ("MA", "on", 1 / 6),
        ("NH", "on", 1 / 6),
        ("X", "on", 1 / 6),
        ("IR", "delayed", 1),
        ("IO", "delayed", 1),
        ("PR", "delayed", 1),
        ("O", "over", 1),
        ("P", "before", 5),
        ("PW", "before", 5),
        ("TR", "suspended", 15),
        ("U", "suspended", 15),
    ],
)
def test_states_have_their_paces(code: str, why: str, minutes: float) -> None:
    assert plan.next_poll(known(code, at(2)), PACE) == Poll(at(2 + minutes), why)
    assert plan.next_poll(known(code), PACE) == Poll(NOON, why), "at once, if it never was"


@pytest.mark.parametrize("wait", [0, 9, 10, 11, 45])
def test_the_feed_may_want_more_time(wait: float) -> None:
    assert plan.next_poll(known("I", at(2), wait=wait), PACE) == Poll(at(2) + timedelta(seconds=max(10, wait)), "on")


def test_before_the_start_it_is_left_alone() -> None:
    assert plan.next_poll(known("S", at(1)), PACE) is None, "the schedule tells when something is to be seen"


def test_shortly_before_the_start_it_is_asked_as_if_it_were_on() -> None:
    begins = at(60) - FIRST_PITCH
    assert plan.next_poll(known("P", at(53)), PACE) == Poll(begins, "before"), "not at 58"
    assert plan.next_poll(known("P", at(56)), PACE) == Poll(at(56) + PACE.interval, "before")
    assert plan.next_poll(known("P", at(90)), PACE) == Poll(at(90) + PACE.interval, "before")
    unknown = known("P", at(90), listed="P")
    assert plan.next_poll(replace(unknown, listed=game("P", tbd=True)), PACE) == Poll(at(95), "before")


def test_the_newer_of_schedule_and_feed_counts() -> None:
    started = known("I", at(1), listed="S")
    assert plan.next_poll(started, PACE) == Poll(at(1) + PACE.interval, "on")
    assert plan.next_poll(replace(started, listed_at=at(2)), PACE) is None


def test_a_final_feed_waits_for_the_schedule_slowly() -> None:
    final = known("F", at(1), listed="I", settled_at=at(1))
    assert plan.next_poll(final, PACE) == Poll(at(1) + PACE.slow, "late")


def test_a_final_schedule_waits_for_the_feed_ever_slower_and_not_for_ever() -> None:
    late = known("I", at(-1), listed="F", settled_at=NOON)
    asks = []
    while (ask := plan.next_poll(late, PACE)) is not None:
        assert ask.why == "late"
        asks.append(ask.at)
        late = replace(late, asked_at=ask.at, captured=replace(late.captured, asked_at=ask.at, feed_at=ask.at))
    assert asks[:3] == [NOON, at(1), at(2)]
    assert asks[-1] - NOON >= PACE.patience
    gaps = [after - before for before, after in pairwise(asks)]
    assert gaps == sorted(gaps)
    assert len(asks) < 10


def test_a_final_feed_with_another_score_is_late() -> None:
    final = known("F", at(1), settled_at=at(1))
    assert plan.next_poll(replace(final, listed=game("F", score=3)), PACE) == Poll(at(1) + PACE.slow, "late")


def final(asked: datetime, since: datetime = NOON, listed: str = "F") -> KnownGame:
    told = known(listed, asked, settled_at=since)
    return replace(told, captured=replace(told.captured, final_since=since))


def test_corrections_come_after_hours_and_days() -> None:
    asked, asks = at(1), []
    while (ask := plan.next_poll(final(asked), PACE)) is not None:
        assert ask.why == "correction"
        asks.append(ask.at - NOON)
        asked = ask.at + timedelta(seconds=3)
    assert asks == list(CORRECTIONS) == [timedelta(hours=hours) for hours in (1, 24, 72)]


def test_corrections_that_were_missed_are_asked_for_once() -> None:
    ask = plan.next_poll(final(at(1)), PACE)
    assert ask is not None
    assert ask.at == at(60), "overdue after two days"
    following = plan.next_poll(final(at(60 * 48)), PACE)
    assert following == Poll(NOON + CORRECTIONS[-1], "correction")
    assert plan.next_poll(final(at(60 * 73)), PACE) is None


@pytest.mark.parametrize("code", ["D", "C"])
def test_what_was_not_played_has_no_corrections(code: str) -> None:
    assert plan.next_poll(final(at(1), listed=code), PACE) is None


def test_a_postponed_game_that_has_a_new_date_is_left_to_it() -> None:
    postponed = known("S", at(5), listed="D", settled_at=NOON)
    assert plan.next_poll(postponed, PACE) == Poll(at(5) + timedelta(minutes=2.5), "late")
    moved = replace(postponed, listed=msgspec.structs.replace(postponed.listed, reschedule_date="2024-07-02"))
    assert plan.next_poll(moved, PACE) is None


def test_changes_are_asked_for_once() -> None:
    changed = replace(final(at(5)), changed_at=at(10))
    assert plan.next_poll(changed, PACE) == Poll(at(10), "changed")
    ask = plan.next_poll(replace(changed, asked_at=at(11)), PACE)
    assert ask == Poll(at(60), "correction")
    assert plan.next_poll(replace(known("I", at(5)), changed_at=at(10)), PACE) == Poll(at(5) + PACE.interval, "on")


def test_failures_slow_it_down_to_two_minutes() -> None:
    failing = known("I", at(1), failed_at=at(2))
    waits = [plan.next_poll(replace(failing, failures=number), PACE) for number in range(1, 8)]
    assert [ask and (ask.at - at(2)).total_seconds() for ask in waits] == [10, 20, 40, 80, 120, 120, 120]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("S", True), ("P", True), ("I", True), ("O", True), ("X", True), ("T", False), ("D", False), ("F", False)],
)
def test_what_remains_of_a_day(code: str, *, expected: bool) -> None:
    since = NOON if code in SETTLED else None
    it = replace(known(code, at(1)), settled_at=since)
    assert plan.remains(it, PACE, at(2)) is expected


def test_a_day_waits_for_what_was_not_captured_in_its_last_state() -> None:
    assert plan.remains(known("I", at(1), listed="T", listed_at=at(2)), PACE, at(3))
    assert plan.remains(known("I", at(1), listed="F", settled_at=at(2)), PACE, at(3))
    assert plan.remains(known("F", settled_at=NOON), PACE, at(3))


def test_a_day_waits_for_corrections_that_are_due_but_not_for_others() -> None:
    assert not plan.remains(final(at(1)), PACE, at(59))
    assert plan.remains(final(at(1)), PACE, at(60))
    assert plan.remains(replace(final(at(1)), changed_at=at(2)), PACE, at(2))


def test_the_schedule_is_looked_at_often_while_something_is_on_or_about_to_be() -> None:
    rare, slow = NOON + PACE.rare, NOON + PACE.slow
    later = at(600)
    assert plan.next_schedule_poll([], NOON, PACE) == rare
    assert plan.next_schedule_poll([game("S", start=later), game("F"), game("T")], NOON, PACE) == rare
    assert plan.next_schedule_poll([game("S", start=at(40))], NOON, PACE) == at(40) - LEAD
    assert plan.next_schedule_poll([game("S", start=at(-60))], NOON, PACE) == slow
    assert plan.next_schedule_poll([game("S", start=later, tbd=True)], NOON, PACE) == rare
    for code in ("P", "I", "IR", "O", "X"):
        assert plan.next_schedule_poll([game("S", start=later), game(code)], NOON, PACE) == slow


moments = st.integers(-5_000, 5_000).map(at)
anything = st.builds(
    lambda code, listed, listed_at, asked, final_since, settled, changed, failures: replace(
        known(code, asked, listed=listed, listed_at=listed_at, settled_at=settled, changed_at=changed),
        failures=failures,
        failed_at=asked if failures else None,
    ) if final_since is None or asked is None else replace(
        known(code, asked, listed=listed, listed_at=listed_at, settled_at=settled, changed_at=changed),
        captured=CapturedGame(asked, feed(code), asked, final_since),
    ),
    st.sampled_from(STATES), st.sampled_from(STATES), moments, st.none() | moments, st.none() | moments,
    st.none() | moments, st.none() | moments, st.integers(0, 9),
)  # fmt: skip


@given(anything)
def test_no_game_is_asked_for_faster_than_its_feed_allows(it: KnownGame) -> None:
    ask = plan.next_poll(it, PACE)
    if ask is not None and it.asked_at is not None and it.state not in SETTLED:
        assert ask.at >= it.asked_at + PACE.interval


@given(anything, st.integers(1, 100))
def test_asking_leads_on(it: KnownGame, seconds: int) -> None:
    """Whoever asked when he was told to is told another time, or nothing more: no plan asks for ever at one moment."""
    ask = plan.next_poll(it, PACE)
    if ask is None:
        return
    asked = ask.at + timedelta(seconds=seconds)
    captured = replace(it.captured, asked_at=asked, feed_at=asked) if it.captured.feed else it.captured
    after = plan.next_poll(replace(it, asked_at=asked, captured=captured, failures=0), PACE)
    assert after is None or after.at > ask.at


@given(anything)
def test_a_game_that_is_not_settled_is_never_forgotten(it: KnownGame) -> None:
    if it.state not in SETTLED | {"S"}:
        assert plan.next_poll(it, PACE) is not None
