"""Plans of faults: shares of all requests, and single ones."""

from collections import Counter

import pytest

from mlb_sim.faults import FAULTS, Plan, UnknownFault, parse


def test_shares_are_kept() -> None:
    plan = Plan("429:0.1,503:0.05", seed=4)
    taken = Counter(plan.take("/api/v1/schedule") for _ in range(4000))
    assert 320 < taken["429"] < 480
    assert 140 < taken["503"] < 260
    assert taken[None] == 4000 - taken["429"] - taken["503"]


def test_the_same_seed_plans_the_same() -> None:
    spec = "500:0.3"
    one, other = Plan(spec, seed=5), Plan(spec, seed=5)
    assert [one.take("/") for _ in range(50)] == [other.take("/") for _ in range(50)]


def test_single_faults_come_first_and_only_where_they_are_wanted() -> None:
    plan = Plan()
    plan.once("503", count=2, path="feed/live")
    plan.once("stale")
    assert plan.take("/api/v1/schedule") == "stale"
    assert plan.take("/api/v1/schedule") is None
    assert [plan.take("/api/v1.1/game/1/feed/live") for _ in range(3)] == ["503", "503", None]


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("418:0.1", "unknown fault '418'"),
        ("429", "a share such as 429:0.1"),
        ("429:often", "a share such as 429:0.1"),
        ("429:1.5", "between 0 and 1"),
        ("429:-0.1", "between 0 and 1"),
        ("429:0.6,500:0.6", "more than 1"),
    ],
)
def test_plans_that_cant_be_read_are_refused(spec: str, told: str) -> None:
    with pytest.raises(UnknownFault, match=told):
        parse(spec)


def test_an_unknown_single_fault_is_refused() -> None:
    with pytest.raises(UnknownFault, match="known are"):
        Plan().once("418")


def test_all_faults_say_what_they_are() -> None:
    assert all(text for text, _ in FAULTS.values())
    assert parse("") == {}
