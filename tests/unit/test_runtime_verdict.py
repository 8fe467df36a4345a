from datetime import UTC, datetime, timedelta

import pytest

from mlb_etl.raw import Applied
from mlb_etl.upsert import verdict

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
CAPTURE = Applied(NOON, b"content", "mapping")


@pytest.mark.parametrize(
    ("watermark", "expected"),
    [
        (None, "applied"),
        (CAPTURE, "same"),
        (CAPTURE._replace(captured_at=NOON - timedelta(microseconds=1)), "applied"),
        (CAPTURE._replace(captured_at=NOON + timedelta(microseconds=1)), "stale"),
        (CAPTURE._replace(content_hash=b"other"), "conflict"),
        (CAPTURE._replace(content_hash=b"other", fingerprint="other"), "conflict"),
        (CAPTURE._replace(fingerprint="other"), "applied"),
        (CAPTURE._replace(captured_at=NOON + timedelta(microseconds=1), fingerprint="other"), "stale"),
        (CAPTURE._replace(captured_at=NOON - timedelta(microseconds=1), content_hash=b"other"), "applied"),
    ],
)
def test_verdict(watermark: Applied | None, expected: str) -> None:
    assert verdict(CAPTURE, watermark) == expected
