from datetime import UTC, datetime, timedelta

import pytest

from mlb_etl.laws.verdict import Policy, Watermark, verdict

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
CAPTURE = Watermark(NOON, b"content", "mapping")


@pytest.mark.parametrize(
    ("watermark", "expected"),
    [
        (None, "applied"),
        (CAPTURE, "same"),
        (CAPTURE._replace(as_of=NOON - timedelta(microseconds=1)), "same"),
        (CAPTURE._replace(as_of=NOON - timedelta(microseconds=1), fingerprint="other"), "applied"),
        (CAPTURE._replace(as_of=NOON + timedelta(microseconds=1)), "stale"),
        (CAPTURE._replace(content_hash=b"other"), "conflict"),
        (CAPTURE._replace(content_hash=b"other", fingerprint="other"), "conflict"),
        (CAPTURE._replace(fingerprint="other"), "applied"),
        (CAPTURE._replace(as_of=NOON + timedelta(microseconds=1), fingerprint="other"), "stale"),
        (CAPTURE._replace(as_of=NOON - timedelta(microseconds=1), content_hash=b"other"), "applied"),
    ],
)
def test_verdict(watermark: Watermark | None, expected: str) -> None:
    assert verdict(CAPTURE, watermark) == expected


@pytest.mark.parametrize(
    ("policy", "watermark", "expected"),
    [
        ("again", CAPTURE, "applied"),
        ("again", CAPTURE._replace(as_of=NOON - timedelta(microseconds=1)), "same"),
        ("again", CAPTURE._replace(as_of=NOON + timedelta(microseconds=1)), "stale"),
        ("again", CAPTURE._replace(content_hash=b"other"), "conflict"),
        ("accept", CAPTURE, "same"),
        ("accept", CAPTURE._replace(as_of=NOON + timedelta(microseconds=1)), "stale"),
        ("accept", CAPTURE._replace(content_hash=b"other"), "applied"),
    ],
)
def test_policies(policy: Policy, watermark: Watermark, expected: str) -> None:
    assert verdict(CAPTURE, watermark, policy) == expected
