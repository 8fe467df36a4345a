"""Values that fit a column: in a sample, and likewise in the bytes of a response."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlb_contracts import convert, fields, sql_types
from mlb_etl.errors import Rejected
from mlbgen.samples.values import Misfit, fit

DECODINGS = [
    (sql_types.SqlType(name), json_type, None)
    for name in sql_types.TYPES
    for json_type in sql_types.json_types(sql_types.SqlType(name))
] + [(sql_types.SqlType(sorted(names)[0]), "string", name) for name, names in sql_types.CONVERTERS.items()]

DECODERS: dict[str, Any] = {each.annotation: each.decoder for each in sql_types.TYPES.values()}

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


def runtime(value: Any, decoding: sql_types.Decoding) -> object:
    """Convert the value as generated code does; raises ValidationError or Rejected."""
    decoded = msgspec.json.decode(msgspec.json.encode(value), type=DECODERS[decoding.annotation])
    return getattr(convert, decoding.convert)(decoded, "$") if decoding.convert else decoded


def attempt(value: object, sql_type: sql_types.SqlType, converter: str | None) -> object:
    try:
        return fit(value, sql_type, converter)
    except Misfit as misfit:
        return misfit


@settings(max_examples=50)
@given(st.data())
@pytest.mark.parametrize(("sql_type", "json_type", "converter"), DECODINGS, ids=str)
def test_generator_and_runtime_accept_the_same_values(
    sql_type: sql_types.SqlType, json_type: str, converter: str | None, data: st.DataObject
) -> None:
    value = data.draw(JSON[json_type])
    decoding = sql_types.decoding(sql_type, json_type, converter)
    assert decoding is not None
    found = attempt(value, sql_type, converter)
    try:
        expected = runtime(value, decoding)
    except (msgspec.ValidationError, Rejected):
        assert isinstance(found, Misfit)
        return
    if isinstance(found, Misfit):
        # What only the database refuses, a reader could not read back, or a float can't hold.
        assert "U+0000" in str(found) or "in every time zone" in str(found) or "exactly" in str(found)
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
def test_a_value_that_does_not_fit_is_reported(value: object, spelling: str, reason: str) -> None:
    sql_type = sql_types.parse_type(spelling)
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
    sql_type = sql_types.parse_type(spelling)
    assert sql_type is not None
    assert Decimal(str(fit(value, sql_type, None))) == Decimal(str(value))


@pytest.mark.parametrize("facts", sql_types.TYPES.values(), ids=sql_types.TYPES)
def test_a_type_only_names_decoders_and_converters_that_exist(facts: sql_types.TypeFacts) -> None:
    for converter in filter(None, (facts.from_text, facts.checked)):
        assert callable(getattr(convert, converter))
    aliased = getattr(fields, facts.annotation, None)  # generated code imports it by this name
    assert facts.decoder is aliased or facts.decoder.__name__ == facts.annotation
    assert facts.widens_to <= sql_types.TYPES.keys()
    assert not sql_types.TYPES.keys() & {*facts.aliases}


@pytest.mark.parametrize("name", sql_types.CONVERTERS)
def test_a_converter_fills_known_types(name: str) -> None:
    assert callable(getattr(convert, name))
    assert sql_types.CONVERTERS[name] <= sql_types.TYPES.keys()


@pytest.mark.parametrize("name", [name for name, facts in sql_types.TYPES.items() if facts.bits is not None])
def test_an_integer_is_decoded_within_its_bits(name: str) -> None:
    facts = sql_types.TYPES[name]
    limit = 2 ** (facts.bits or 0)
    assert [msgspec.convert(each, facts.decoder) for each in (-limit, limit - 1)] == [-limit, limit - 1]
    for each in (-limit - 1, limit):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(each, facts.decoder)


def test_a_time_that_could_not_be_read_back_does_not_fit() -> None:
    with pytest.raises(Misfit, match="years 1 to 9999"):
        fit("0001-01-01T00:00:00Z", sql_types.SqlType("timestamptz"), None)
