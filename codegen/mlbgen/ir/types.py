"""The one table of types: SQL type, the wire type of binary COPY, Python annotations, and the converters between."""

import re
from dataclasses import dataclass

_TYPE = re.compile(r"(?P<name>[a-z]+( [a-z]+)*)(?: ?\((?P<args>\d+(?: ?, ?\d+)?)\))?")


@dataclass(frozen=True, slots=True)
class SqlType:
    """A PostgreSQL type as a mapping spells it: `smallint`, `numeric(5,1)`."""

    name: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a JSON value becomes a column's value.

    `annotation` is what the decoder is told (a type name or an alias of mlb_contracts.fields), `convert` the
    function of mlb_contracts.convert called on the decoded value (None: it is used as it is), `python` the
    annotation of the column in its row model, and `wire` the name that binary COPY has for the column's type, the same
    whatever it is decoded from: rows can go straight into the table.
    """

    annotation: str
    convert: str | None
    python: str
    wire: str


_DECODINGS: dict[str, dict[str, Decoding]] = {
    "smallint": {
        "integer": Decoding("Int2", None, "int", "int2"),
        "string": Decoding("str", "smallint", "int", "int2"),
    },
    "integer": {
        "integer": Decoding("Int4", None, "int", "int4"),
        "string": Decoding("str", "integer", "int", "int4"),
    },
    "bigint": {
        "integer": Decoding("Int8", None, "int", "int8"),
        "string": Decoding("str", "bigint", "int", "int8"),
    },
    "numeric": {
        "integer": Decoding("Decimal", None, "Decimal", "numeric"),
        "number": Decoding("Decimal", None, "Decimal", "numeric"),
        "string": Decoding("str", "decimal", "Decimal", "numeric"),
    },
    "double precision": {
        "integer": Decoding("float", None, "float", "float8"),
        "number": Decoding("float", None, "float", "float8"),
        "string": Decoding("str", "number", "float", "float8"),
    },
    "boolean": {"boolean": Decoding("bool", None, "bool", "bool")},
    "text": {"string": Decoding("str", None, "str", "text")},
    "date": {"string": Decoding("date", None, "date", "date")},
    "timestamptz": {"string": Decoding("Timestamp", None, "datetime", "timestamptz")},
    "uuid": {"string": Decoding("UUID", None, "UUID", "uuid")},
}

# Named conversions of a text, where the type alone does not say how: converter -> SQL types it can fill.
CONVERTERS: dict[str, frozenset[str]] = {
    "innings_to_outs": frozenset({"smallint", "integer"}),
    "timecode": frozenset({"timestamptz"}),
    "height_inches": frozenset({"smallint", "integer"}),
    "batting_slot": frozenset({"smallint", "integer"}),
    "batting_sequence": frozenset({"smallint", "integer"}),
}

# A text that another reader needs as a text is decoded as one; annotation -> the converter that makes the rest of it.
FROM_TEXT = {"date": "calendar_date", "Timestamp": "timestamp", "UUID": "uuid"}

# Decoders that take more than the column's type holds; annotation -> the converter that refuses the rest.
CHECKED = {"Decimal": "numeric"}

# The version of what each decoder's annotation, and each converter of texts, makes of a value: with another one the
# runtime applies anew what was read by it. An annotation's is that of its converters above too. A test knows what comes
# of a table of values, and fails where that changes and the version does not.
VERSIONS = {
    **dict.fromkeys(("Int2", "Int4", "Int8", "Decimal", "float", "bool", "str", "date", "Timestamp", "UUID"), 1),
    **dict.fromkeys(("smallint", "integer", "bigint", "decimal", "number", *CONVERTERS), 1),
}

TYPE_NAMES = tuple(_DECODINGS)


def parse(text: str) -> SqlType | None:
    """The type of that spelling, or None where it is none that the generator knows."""
    match = _TYPE.fullmatch(text)
    if match is None or match["name"] not in _DECODINGS:
        return None
    arguments = tuple(int(part) for part in match["args"].split(",")) if match["args"] else ()
    if arguments and match["name"] != "numeric":
        return None
    return SqlType(match["name"], arguments)


def decoding(sql_type: SqlType, json_type: str, convert: str | None = None) -> Decoding | None:
    """How a JSON value of that type fills a column, or None where it can't."""
    if convert is not None:
        if json_type != "string" or sql_type.name not in CONVERTERS.get(convert, ()):
            return None
        by_text = next(iter(_DECODINGS[sql_type.name].values()))
        return Decoding("str", convert, by_text.python, by_text.wire)
    return _DECODINGS[sql_type.name].get(json_type)


def json_types(sql_type: SqlType) -> tuple[str, ...]:
    """The JSON types that can fill a column of that type."""
    return tuple(_DECODINGS[sql_type.name])
