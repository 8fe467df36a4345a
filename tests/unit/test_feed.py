"""What a live feed says of the time until it may be asked for again, whatever stands there."""

import json

import pytest

from mlb_etl.baseball import feed
from mlb_etl.http import pauses

STATUS = {"status": {"codedGameState": "I"}}


def read(wait: str) -> feed.Feed:
    told = feed.decode_feed(
        b'{"gameData": %s, "metaData": {"wait": %s}}' % (json.dumps(STATUS).encode(), wait.encode())
    )
    assert told is not None, "the rest of it counts"
    return told


WAITS = {
    "10": 10,
    "0": 0,
    "12.5": 12.5,
    "300": 300,
    "301": 300,
    "86400": 300,
    "3e8": 0,
    "1e308": 0,
    "1e999": 0,
    "9" * 400: 0,
    "-1": 0,
    "-1e308": 0,
    '"soon"': 0,
    "null": 0,
    "true": 0,
    "[10]": 0,
}


@pytest.mark.parametrize(("text", "seconds"), WAITS.items(), ids=[text[:10] for text in WAITS])
def test_a_wait_has_bounds(text: str, seconds: float) -> None:
    assert read(text).wait == seconds


def test_an_absurd_wait_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    pauses._said.clear()
    assert [read(text).wait for text in ("1e308", "10", "-1", "1e308")] == [0, 10, 0, 0]
    assert [each for each in caplog.messages if "metaData.wait" in each] == [
        "the API asks for a pause out of bounds by metaData.wait; this and further ones are ignored"
    ]


@pytest.mark.parametrize(
    "stamp", ["2024", "20240701_120000&x=1", "x" * 100_000, "\uff12\uff10\uff12\uff140701_120000", ""]
)
def test_a_time_code_that_is_none(stamp: str) -> None:
    told = feed.decode_feed(json.dumps({"gameData": STATUS, "metaData": {"timeStamp": stamp}}).encode())
    assert told is not None
    assert told.timecode is None
