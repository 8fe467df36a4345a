"""Converters accept exactly the values that their type holds."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from mlb_contracts import convert
from mlb_etl.errors import Rejected

INTEGERS = [(convert.smallint, 15), (convert.integer, 31), (convert.bigint, 63)]


@pytest.mark.parametrize(("converter", "bits"), INTEGERS)
def test_an_integer_is_limited_to_its_bits(converter: convert.Converter[int], bits: int) -> None:
    least, most = -(2**bits), 2**bits - 1
    assert [converter(str(number), "$.a") for number in (least, most)] == [least, most]
    for number in (least - 1, most + 1):
        with pytest.raises(Rejected, match="the integer does not fit"):
            converter(str(number), "$.a")


def test_a_number_must_fit_a_double() -> None:
    assert [convert.number(text, "$.a") for text in ("1e308", "-1e308")] == [1e308, -1e308]
    for text in ("1e309", "-1e309"):
        with pytest.raises(Rejected, match="a number that a double can hold is expected"):
            convert.number(text, "$.a")


@pytest.mark.parametrize(
    ("converter", "text", "value"),
    [
        (convert.decimal, ".267", Decimal("0.267")),
        (convert.calendar_date, "2024-07-13", date(2024, 7, 13)),
        (convert.timestamp, "2024-07-13T04:19:09Z", datetime(2024, 7, 13, 4, 19, 9, tzinfo=UTC)),
        (convert.uuid, "0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4", UUID("0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4")),
        (convert.own("innings_to_outs", "smallint"), "7.2", 23),
        (convert.own("timecode", "timestamptz"), "20240713_041909", datetime(2024, 7, 13, 4, 19, 9, tzinfo=UTC)),
        (convert.height_inches, "6' 2\"", 74),
        (convert.own("batting_slot", "smallint"), "903", 9),
        (convert.own("batting_sequence", "smallint"), "903", 3),
    ],
)
def test_converted_texts(converter: convert.Converter[object], text: str, value: object) -> None:
    assert converter(text, "$.a") == value


@pytest.mark.parametrize(
    ("converter", "text"),
    [
        (convert.integer, "٣"),
        (convert.decimal, "NaN"),
        (convert.timestamp, "2024-07-13T04:19:09"),
        (convert.own("innings_to_outs", "smallint"), "7.3"),
        (convert.own("timecode", "timestamptz"), "20240713"),
        (convert.height_inches, "six feet"),
        (convert.own("batting_slot", "smallint"), "003"),
    ],
)
def test_invalid_texts_are_refused(converter: convert.Converter[object], text: str) -> None:
    with pytest.raises(Rejected, match="expected"):
        converter(text, "$.a")


def test_a_shared_number_is_converted_for_each_column() -> None:
    whole, double = convert.whole(3, "$.a"), convert.double(Decimal("0.10"), "$.a")
    assert (whole, type(whole), double, type(double)) == (Decimal(3), Decimal, 0.1, float)
    assert (convert.whole(None, "$.a", None), convert.double(None, "$.a", None)) == (None, None)
    with pytest.raises(Rejected, match="that a double can hold"):
        convert.double(Decimal("1e309"), "$.a")
