"""What fits a column: on its own, and held together with what the runtime's converters and decoders do."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlb_contracts import convert, fields
from mlb_etl.errors import Rejected
from mlbgen.ir import types
from mlbgen.samples import values
from mlbgen.samples.values import Misfit, fit

DECODINGS = [
    (types.SqlType(name), json_type, None)
    for name in types.TYPE_NAMES
    for json_type in types.json_types(types.SqlType(name))
] + [(types.SqlType(sorted(names)[0]), "string", name) for name, names in types.CONVERTERS.items()]

texts = st.one_of(
    st.text(max_size=8),
    st.from_regex(r"[+-]?[0-9]{0,20}(\.[0-9]{0,3})?", fullmatch=True),
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,3})?(Z|[+-]0[0-9]:00)?)?",
        fullmatch=True,
    ),
    st.from_regex(r"202[0-9](0[1-9]|1[0-3])[0-3][0-9]_[0-2][0-9][0-6][0-9][0-6][0-9]", fullmatch=True),
    st.from_regex(r"[0-9]' ?[0-9]{1,2}(\"|'')?", fullmatch=True),
    st.sampled_from(["inf", "nan", "1e5", "1e400", "-.--", "7.2", "7.3", "903", "003", "", "\0", "Ⅻ", "٣"]),
    st.uuids().map(str),
)
JSON = {
    "string": texts,
    "integer": st.integers() | st.sampled_from([-(2**15), 2**15, 2**31, -(2**31) - 1, 2**63, 2**53 + 1]),
    "number": st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
}


def runtime(value: Any, decoding: types.Decoding) -> object:
    """What generated code makes of the value; raises ValidationError or Rejected."""
    known = {
        **vars(fields),
        "Decimal": Decimal,
        "float": float,
        "bool": bool,
        "str": str,
        "date": convert.date,
        "UUID": convert.UUID,
    }
    decoded = msgspec.json.decode(msgspec.json.encode(value), type=known[decoding.annotation])
    return getattr(convert, decoding.convert)(decoded, "$") if decoding.convert else decoded


def attempt(value: object, sql_type: types.SqlType, converter: str | None) -> object:
    try:
        return fit(value, sql_type, converter)
    except Misfit as misfit:
        return misfit


@settings(max_examples=50)
@given(st.data())
@pytest.mark.parametrize(("sql_type", "json_type", "converter"), DECODINGS, ids=str)
def test_the_same_fits_and_gives_the_same_as_in_the_runtime(
    sql_type: types.SqlType, json_type: str, converter: str | None, data: st.DataObject
) -> None:
    value = data.draw(JSON[json_type])
    decoding = types.decoding(sql_type, json_type, converter)
    assert decoding is not None
    found = attempt(value, sql_type, converter)
    try:
        expected = runtime(value, decoding)
    except (msgspec.ValidationError, Rejected):
        assert isinstance(found, Misfit)
        return
    if isinstance(found, Misfit):
        # What only the database refuses, or a float can't hold.
        assert "U+0000" in str(found) or "exactly" in str(found)
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("value", "spelling", "reason"),
    [
        (93.45, "numeric(4,1)", "would round 2 decimals to 1"),
        (".2675", "numeric(4,3)", "would round 4 decimals to 3"),
        (1000, "numeric(4,1)", "no room for 4 digits before the point"),
        (0.00001, "numeric(4,1)", "would round 5 decimals to 1"),
        (32768, "smallint", "does not fit 2 bytes"),
        ("99999999999", "integer", "does not fit 4 bytes"),
        ("1.5", "integer", "an integer is expected"),
        (1.5, "smallint", "number can't fill smallint"),
        (1, "boolean", "integer can't fill boolean"),
        (True, "smallint", "boolean can't fill smallint"),
        ({}, "text", "object can't fill text"),
        ("2024-02-30", "date", "a date"),
        ("2024-07-13T04:19:09", "timestamptz", "with its zone"),
        ("x", "uuid", "a UUID"),
    ],
)
def test_what_does_not_fit_is_told(value: object, spelling: str, reason: str) -> None:
    sql_type = types.parse(spelling)
    assert sql_type is not None
    with pytest.raises(Misfit, match=reason):
        fit(value, sql_type, None)


@pytest.mark.parametrize(
    ("value", "spelling"),
    [
        (93.4, "numeric(4,1)"),
        (999.9, "numeric(4,1)"),
        (0.0, "numeric(1,1)"),
        (100, "numeric(3)"),
        ("-.5", "numeric(1,1)"),
    ],
)
def test_what_numeric_holds(value: object, spelling: str) -> None:
    sql_type = types.parse(spelling)
    assert sql_type is not None
    assert Decimal(str(fit(value, sql_type, None))) == Decimal(str(value))


def test_every_reader_is_one_of_the_types_table() -> None:
    used = {
        decoding.convert or decoding.annotation
        for decoding in (types.decoding(*each) for each in DECODINGS)
        if decoding
    }
    assert set(values._READERS) == used
