"""How times and numbers are packed for COPY."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.datetime import DatetimeBinaryDumper
from psycopg.types.numeric import DecimalBinaryDumper

from mlb_etl.stores.postgres.copying import Moment, Numbers, Timestamps

EXACT = DatetimeBinaryDumper(datetime)
EXACT_NUMBER = DecimalBinaryDumper(Decimal)
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


@given(st.decimals(places=None))
def test_a_number_is_packed_as_the_driver_does(number: Decimal) -> None:
    assert Numbers.dump(number) == EXACT_NUMBER.dump(number)


def test_equal_numbers_keep_their_digits() -> None:
    assert Numbers.dump(Decimal("1.5")) != Numbers.dump(Decimal("1.50"))
