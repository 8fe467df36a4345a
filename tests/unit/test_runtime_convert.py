"""Converters take what their type holds, to the last number."""

import pytest

from mlb_contracts import convert
from mlb_etl.errors import Rejected

INTEGERS = [(convert.smallint, 15), (convert.integer, 31), (convert.bigint, 63)]


@pytest.mark.parametrize(("converter", "bits"), INTEGERS)
def test_an_integer_has_its_bits(converter: convert.Converter[int], bits: int) -> None:
    least, most = -(2**bits), 2**bits - 1
    assert [converter(str(number), "$.a") for number in (least, most)] == [least, most]
    for number in (least - 1, most + 1):
        with pytest.raises(Rejected, match="the integer does not fit"):
            converter(str(number), "$.a")


def test_a_number_is_one_that_a_double_holds() -> None:
    assert [convert.number(text, "$.a") for text in ("1e308", "-1e308")] == [1e308, -1e308]
    for text in ("1e309", "-1e309"):
        with pytest.raises(Rejected, match="a number is expected that a double can hold"):
            convert.number(text, "$.a")
