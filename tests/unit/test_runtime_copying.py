"""How times are packed for COPY."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import DatetimeBinaryDumper

from mlb_etl.copying import Moment, Timestamps

EXACT = DatetimeBinaryDumper(datetime)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=5, minutes=45))])
TIMES = st.datetimes(timezones=ZONES).filter(lambda time: 1 < time.year < 9999)  # in UTC as well


@given(TIMES)
def test_a_time_is_packed_as_the_driver_does(time: datetime) -> None:
    assert Timestamps.dump(time) == EXACT.dump(time)


@given(TIMES)
def test_a_moment_is_the_same_time_and_packed_alike(time: datetime) -> None:
    moment = Moment.of(time)
    assert moment == time
    assert moment.tzinfo is UTC
    assert Timestamps.dump(moment) == EXACT.dump(time)
