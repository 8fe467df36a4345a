"""What decoders and converters make of a table of values: where that changes, their version has to.

The version is in the fingerprint of each mapping that uses them, so that what was applied before is applied anew.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from lowering import GAMES, method

from mlb_contracts import convert, sql_types
from mlb_etl.errors import Rejected

TEXTS = (
    *("", " ", "0", "-0", "+7", "78", " 78", "7.0", "1e2", "32767", "32768", "-2147483649", "9223372036854775808", "٣"),
    *(
        "267",
        ".267",
        "1.000",
        "-.5",
        "NaN",
        "inf",
        "1e400",
        "1e131071",
        "1e131072",
        "1e-16383",
        "1e-16384",
        "--",
        ".---",
    ),
    *(
        "7.2",
        "7.3",
        "7.",
        "12345.1",
        "0.1",
        "903",
        "003",
        "1003",
        "90",
        "6' 2\"",
        "6'2",
        "6' 2''",
        "6' 13\"",
        "10' 1\"",
    ),
    *("2024-07-13", "2024-7-13", "2024-02-30", "0001-01-01", "20240713", "20240713_041909", "20240713_041960"),
    *("2024-07-13T04:19:09Z", "2024-07-13T04:19:09", "2024-07-13 04:19:09+02:00", "2024-07-13T04:19:09.1234567Z"),
    *("0f4bf232-89dd-42bb-b9f3-17a0a1a2a3a4", "0F4BF23289DD42BBB9F317A0A1A2A3A4", "a\0b", "é", "true"),
)
JSON = (
    *("null", "true", "false", "0", "-0.0", "93", "93.0", "93.5", "32768", "-32769", "2147483648", "1e2", "1e400"),
    *("9223372036854775807", "9223372036854775808", "0.1000000000000000055511151231257827", "[]", "{}"),
    *map(json.dumps, TEXTS),
)
NUMBERS = [Decimal(each) for each in ("0", "1.50", "NaN", "Infinity", "1e131071", "1e131072", "1e-16383", "1e-16384")]
# By name and version. What changes gets a new version and its line here; the old lines stay, as versions only grow.
KNOWN: dict[tuple[str, int], str] = {
    ("Int2", 1): "5ac7ddcd2043f660",
    ("Int4", 1): "72b9035b5a781d32",
    ("Int8", 1): "a0040619330d140b",
    ("Decimal", 1): "94186b65b3f93b3c",
    ("float", 1): "cbc4bce08b7682ca",
    ("bool", 1): "e12f04a9750b03a7",
    ("str", 1): "cbf0c3662c0aace9",
    ("date", 1): "b784b89ad6b859fc",
    ("Timestamp", 1): "e558ef02122b527f",
    ("UUID", 1): "cab0bc554e48b8f8",
    ("smallint", 1): "0d133c0756ba2bbc",
    ("integer", 1): "e6d3e0e62d0b3d14",
    ("bigint", 1): "fcb9e79f9f166d70",
    ("decimal", 1): "6bae61d42a0010a3",
    ("number", 1): "db06bf1bf71dd8f7",
    ("height_inches", 1): "0c972ef1ede72d57",
}
# Of the converters of baseball: where their text changes, the fingerprint does.
OF_BASEBALL = {
    ("innings_to_outs", "smallint"): "063363a1d60a9a1d",
    ("timecode", "timestamptz"): "1b0f4716649faac4",
    ("batting_slot", "smallint"): "9c30e9946f508dae",
    ("batting_sequence", "smallint"): "8931f365b603e01d",
}
DECODERS: dict[str, Any] = {each.annotation: each.decoder for each in sql_types.TYPES.values()}


USED = {"Int8", "str", "smallint", "date"}  # by GAMES, whose season is a text
HEIGHT = """\
      - {name: height, type: smallint, path: $.game.date, convert: height_inches, description: A text.}
"""


def outcomes(name: str) -> list[str]:
    """The result for each value of the table."""
    if name not in DECODERS:
        return [_converted(getattr(convert, name), text) for text in TEXTS]
    found = [_decoded(DECODERS[name], text) for text in JSON]
    if name in sql_types.FROM_TEXT:
        found += [_converted(getattr(convert, sql_types.FROM_TEXT[name]), text) for text in TEXTS]
    if name in sql_types.CHECKED:
        found += [_converted(getattr(convert, sql_types.CHECKED[name]), number) for number in NUMBERS]
    return found


def _decoded(kind: Any, text: str) -> str:
    try:
        return repr(msgspec.json.decode(text.encode(), type=kind))
    except msgspec.DecodeError:
        return "refused"


def _converted(converter: object, value: object) -> str:
    assert callable(converter)
    try:
        return repr(converter(value, "$"))
    except Rejected:
        return "refused"


def test_every_reader_has_a_version() -> None:
    decodings = [
        sql_types.decoding(sql_types.SqlType(name), json_type)
        for name in sql_types.TYPES
        for json_type in sql_types.json_types(sql_types.SqlType(name))
    ]
    used = {each.annotation for each in decodings if each} | {
        each.convert for each in decodings if each and each.convert
    }
    assert sql_types.VERSIONS.keys() == used | sql_types.CONVERTERS.keys()


@pytest.mark.parametrize("name", sql_types.VERSIONS)
def test_results_match_the_version(name: str) -> None:
    digest = hashlib.sha256("\n".join(outcomes(name)).encode()).hexdigest()[:16]
    assert KNOWN.get((name, sql_types.VERSIONS[name])) == digest, (
        "raise its number in mlb_contracts.sql_types.VERSIONS, add a line here"
    )


@pytest.mark.parametrize(("name", "type_"), OF_BASEBALL)
def test_what_converters_of_baseball_return(name: str, type_: str) -> None:
    found = [_converted(convert.own(name, type_), text) for text in TEXTS]
    assert hashlib.sha256("\n".join(found).encode()).hexdigest()[:16] == OF_BASEBALL[name, type_]


@pytest.mark.parametrize("name", sql_types.VERSIONS)
def test_a_version_changes_the_fingerprints_that_depend_on_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tested with a mapping with integers, and with one that also converts a text."""
    before = [method(GAMES).fingerprint, method(GAMES + HEIGHT).fingerprint]
    monkeypatch.setitem(sql_types.VERSIONS, name, 2)
    after = [method(GAMES).fingerprint, method(GAMES + HEIGHT).fingerprint]
    changed = [old != new for old, new in zip(before, after, strict=True)]
    assert changed == [name in USED, name in USED | {"height_inches"}]
