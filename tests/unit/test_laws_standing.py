"""The standing of captures, the choice of a capture for repair, and which watermarks move, without a server."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Literal

import pytest
from checks import some

from mlb_etl.laws.standing import StoredCapture, choose_for_repair, pending, standing
from mlb_etl.laws.verdict import Verdict, Watermark, moved_watermarks, verdict, verdict_under_lock

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
SHOWN = Watermark(NOON, b"content", "mapping")


def capture(
    as_of: datetime = NOON,
    content: bytes = b"content",
    *,
    applied: Watermark | None = SHOWN,
    quarantine: Literal["waiting", "dropped"] | None = None,
    ahead: bool = False,
) -> StoredCapture:
    note = None if quarantine is None else 1
    return StoredCapture((1,), '{"game_pk": 1}', as_of, as_of, content, {}, ahead, note, quarantine, applied)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (capture(), "same"),
        (capture(LATER), "later"),  # the content shown, seen again: the watermark moves
        (capture(content=b"other"), "pending"),  # a conflict is decided under the lock
        (capture(LATER, b"other"), "pending"),
        (capture(applied=None), "pending"),
        (capture(applied=SHOWN._replace(fingerprint="before")), "pending"),
        (capture(applied=SHOWN._replace(as_of=LATER)), "stale"),
        (capture(content=b"other", applied=SHOWN._replace(as_of=LATER, fingerprint="before")), "stale"),
        (capture(LATER, b"other", quarantine="waiting"), "waiting"),
        (capture(quarantine="waiting"), "waiting"),
        (capture(LATER, b"other", quarantine="dropped"), "dropped"),
    ],
)
def test_standing(stored: StoredCapture, expected: str) -> None:
    assert standing(stored, "mapping") == expected


def test_policies_that_make_more_captures_pending() -> None:
    stale = capture(applied=SHOWN._replace(as_of=LATER))
    assert [standing(capture(), "mapping", policy) for policy in ("new", "accept", "again", "repair")] == [
        "same",
        "same",
        "pending",
        "pending",
    ]
    assert standing(stale, "mapping", "again") == "stale"
    assert standing(stale, "mapping", "repair") == "pending"


def test_dropped_captures_are_left_out() -> None:
    captures = [
        capture(as_of, content, quarantine=quarantine)
        for as_of, content, quarantine in product((NOON, LATER), (b"content", b"other"), (None, "waiting", "dropped"))
    ]
    listed = list(pending(captures, "mapping"))
    assert [each for each, _ in listed] == [each for each in captures if each.quarantine != "dropped"]
    assert [stands for _, stands in listed] == [
        "same",
        "waiting",
        "pending",
        "waiting",
        "later",
        "waiting",
        "pending",
        "waiting",
    ]


def test_a_repair_applies_the_capture_of_the_watermark_at_its_time() -> None:
    seen_again = [capture(NOON - timedelta(minutes=1), b"before"), capture(LATER), capture(LATER, b"new")]
    assert choose_for_repair(seen_again) == capture(NOON)._replace(captured_at=LATER)


def test_a_repair_falls_back_to_the_newest_applicable_capture() -> None:
    gone = SHOWN._replace(content_hash=b"gone")
    sound = [capture(NOON, b"first", applied=gone), capture(NOON, b"second", applied=gone)]
    unsound = [capture(LATER, b"a", applied=gone, quarantine="waiting"), capture(LATER, b"b", applied=gone, ahead=True)]
    assert choose_for_repair([*sound, *unsound]) == sound[0]
    assert choose_for_repair(unsound) is None


def test_a_repair_yields_to_a_capture_applied_since_it_was_listed() -> None:
    assert verdict_under_lock(SHOWN, SHOWN, SHOWN, "repair") == "applied"
    assert verdict_under_lock(SHOWN, None, SHOWN, "repair") == "stale"
    assert verdict_under_lock(SHOWN, SHOWN, None, "repair") == "stale"


def test_other_policies_only_use_the_locked_watermark() -> None:
    for listed, shown in some(product((None, SHOWN, SHOWN._replace(as_of=LATER)), repeat=2)):
        assert verdict_under_lock(SHOWN, listed, shown, "new") == verdict(SHOWN, shown, "new")


@pytest.mark.parametrize(
    ("became", "as_of", "moves"),
    [
        ("applied", NOON, True),
        ("applied", LATER, True),
        ("same", NOON, False),
        ("same", LATER, True),
        ("stale", NOON, False),
        ("conflict", NOON, False),
    ],
)
def test_which_watermarks_move(became: Verdict, as_of: datetime, moves: bool) -> None:  # noqa: FBT001
    new = SHOWN._replace(as_of=as_of)
    assert moved_watermarks({"document": new}, {"document": SHOWN}, [became]) == ({"document": new} if moves else {})


def test_a_watermark_that_was_just_made_need_not_move() -> None:
    assert moved_watermarks({"document": SHOWN}, {}, ["applied"]) == {}
