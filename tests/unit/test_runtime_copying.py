"""How times are packed for COPY."""

from datetime import UTC, datetime, timedelta, timezone
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import DatetimeBinaryDumper

from mlb_etl import copying
from mlb_etl.copying import Timestamps

EXACT = DatetimeBinaryDumper(datetime)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5, minutes=45))])
TIMES = st.datetimes(timezones=ZONES)


@given(TIMES)
def test_a_time_is_packed_as_the_driver_does(time: datetime) -> None:
    assert Timestamps.dump(time) == Timestamps.dump(time) == EXACT.dump(time)


def test_times_are_forgotten_before_they_are_too_many() -> None:
    times = [datetime(2024, 7, 13, tzinfo=UTC) + timedelta(seconds=number) for number in range(10)]
    with mock.patch.object(copying, "_REMEMBERED", 4), mock.patch.object(copying, "_packed", copying._Packed()) as kept:
        for time in times:
            assert Timestamps.dump(time) == EXACT.dump(time)
            assert len(kept) <= 4
