"""PostgreSQL's types, each one record: adding a type adds a record here, and its tests."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from mlb_contracts import fields, limits

_SPELLING = re.compile(r"(?P<name>[a-z]+( [a-z]+)*)(?: ?\((?P<args>\d+(?: ?, ?\d+)?)\))?")


@dataclass(frozen=True, slots=True)
class SqlType:
    """A PostgreSQL type as a mapping spells it: `smallint`, `numeric(5,1)`."""

    name: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that generator and runtime know of a type.

    `wire` is its name in binary COPY, the same whatever it is decoded from; `python` its annotation in row models.
    `annotation` is what generated decoders are told (a type, or an alias of `fields`), and `decoder` that type itself,
    for values of the JSON types `json`. `checked` names the converter that refuses what the decoder lets through and
    the type can't hold; `from_text` the one for a value that is decoded as a text. `unheld` says why a decoded value
    can't be stored; it is given the type's arguments, too.

    `literals` are the Python types of constants and defaults, `bits` those of an integer's magnitude. Every value
    survives a change of its type to one of `widens_to`. `partition` is the kind of partition that a column of the type
    can have. `aliases` are other names that a mapping's author may have meant. `takes_arguments`: the type may be
    spelled with a precision and a scale.
    """

    name: str
    wire: str
    python: str
    annotation: str
    decoder: Any
    json: tuple[str, ...]
    from_text: str | None = None
    checked: str | None = None
    unheld: Callable[[object, tuple[int, ...]], str | None] | None = None
    literals: tuple[type, ...] = ()
    bits: int | None = None
    widens_to: frozenset[str] = frozenset()
    partition: Literal["list", "month"] | None = None
    aliases: tuple[str, ...] = ()
    takes_arguments: bool = False


# A double holds 53 bits: every integer, not every bigint. What a time or a double is as text depends on the session.
_ALL = (
    Facts(
        name="smallint",
        wire="int2",
        python="int",
        annotation="Int2",
        decoder=fields.Int2,
        json=("integer",),
        from_text="smallint",
        literals=(int,),
        bits=15,
        widens_to=frozenset({"integer", "bigint", "numeric", "double precision", "text"}),
        partition="list",
        aliases=("int2",),
    ),
    Facts(
        name="integer",
        wire="int4",
        python="int",
        annotation="Int4",
        decoder=fields.Int4,
        json=("integer",),
        from_text="integer",
        literals=(int,),
        bits=31,
        widens_to=frozenset({"bigint", "numeric", "double precision", "text"}),
        partition="list",
        aliases=("int", "int4"),
    ),
    Facts(
        name="bigint",
        wire="int8",
        python="int",
        annotation="Int8",
        decoder=fields.Int8,
        json=("integer",),
        from_text="bigint",
        literals=(int,),
        bits=63,
        widens_to=frozenset({"numeric", "text"}),
        partition="list",
        aliases=("int8",),
    ),
    Facts(
        name="numeric",
        wire="numeric",
        python="Decimal",
        annotation="Decimal",
        decoder=Decimal,
        json=("integer", "number"),
        from_text="decimal",
        checked="numeric",
        unheld=limits.number,
        literals=(int, float),
        widens_to=frozenset({"numeric", "text"}),
        aliases=("decimal",),
        takes_arguments=True,
    ),
    Facts(
        name="double precision",
        wire="float8",
        python="float",
        annotation="float",
        decoder=float,
        json=("integer", "number"),
        from_text="number",
        literals=(int, float),
        aliases=("float", "real"),
    ),
    Facts(
        name="boolean",
        wire="bool",
        python="bool",
        annotation="bool",
        decoder=bool,
        json=("boolean",),
        literals=(bool,),
        widens_to=frozenset({"text"}),
        aliases=("bool",),
    ),
    Facts(
        name="text",
        wire="text",
        python="str",
        annotation="str",
        decoder=str,
        json=("string",),
        unheld=limits.text,
        literals=(str,),
        partition="list",
        aliases=("string", "varchar", "char"),
    ),
    Facts(
        name="date",
        wire="date",
        python="date",
        annotation="date",
        decoder=date,
        json=("string",),
        from_text="calendar_date",
        partition="month",
    ),
    Facts(
        name="timestamptz",
        wire="timestamptz",
        python="datetime",
        annotation="Timestamp",
        decoder=fields.Timestamp,
        json=("string",),
        from_text="timestamp",
        unheld=limits.time,
        partition="month",
        aliases=("datetime", "timestamp"),
    ),
    Facts(
        name="uuid",
        wire="uuid",
        python="UUID",
        annotation="UUID",
        decoder=UUID,
        json=("string",),
        from_text="uuid",
        widens_to=frozenset({"text"}),
    ),
)
TYPES = {each.name: each for each in _ALL}
ALIASES = {alias: each.name for each in _ALL for alias in each.aliases}

# Named conversions of a text, where the type alone does not say how: converter -> SQL types it can fill.
CONVERTERS: dict[str, frozenset[str]] = {
    "innings_to_outs": frozenset({"smallint", "integer"}),
    "timecode": frozenset({"timestamptz"}),
    "height_inches": frozenset({"smallint", "integer"}),
    "batting_slot": frozenset({"smallint", "integer"}),
    "batting_sequence": frozenset({"smallint", "integer"}),
}

# Decoders of texts, each with the converter that stands in for it where another reader needs the text itself.
FROM_TEXT = {each.annotation: each.from_text for each in _ALL if "string" in each.json and each.from_text}
# Where one number fills columns of several types: by how it is decoded, and the decoder that one of the columns has by
# itself, the converter that makes that column's value.
SHARED = {
    **{(integer, "Decimal"): "whole" for integer in ("Int2", "Int4", "Int8", "int")},
    ("Decimal", "float"): "double",
}
# Decoders that let through what the type can't hold, each with the converter that refuses it.
CHECKED = {each.annotation: each.checked for each in _ALL if each.checked}

# The version of what each decoder's annotation, and each converter of texts, makes of a value: with another one the
# runtime applies anew what was read by it. An annotation's is that of its converters above too. A test knows what comes
# of a table of values, and fails where that changes and the version does not.
VERSIONS = {
    **{each.annotation: 1 for each in _ALL},
    **{each.from_text: 1 for each in _ALL if each.from_text and "string" not in each.json},
    **dict.fromkeys(CONVERTERS, 1),
}


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a JSON value becomes a column's value: decoded by `annotation`, then by the converter `convert`, if any."""

    annotation: str
    convert: str | None


def parse(text: str) -> SqlType | None:
    """The type of that spelling, or None where it is unknown."""
    match = _SPELLING.fullmatch(text)
    facts = TYPES.get(match["name"]) if match else None
    if match is None or facts is None:
        return None
    arguments = tuple(int(part) for part in match["args"].split(",")) if match["args"] else ()
    return None if arguments and not facts.takes_arguments else SqlType(facts.name, arguments)


def facts(sql_type: SqlType) -> Facts:
    """What is known of the type; raises KeyError for one that stands for an error."""
    return TYPES[sql_type.name]


def decoding(sql_type: SqlType, json_type: str, convert: str | None = None) -> Decoding | None:
    """How a JSON value of that type fills a column, or None where it can't."""
    known = TYPES[sql_type.name]
    if convert is not None:
        fits = json_type == "string" and known.name in CONVERTERS.get(convert, ())
        return Decoding("str", convert) if fits else None
    if json_type in known.json:
        return Decoding(known.annotation, None)
    return Decoding("str", known.from_text) if json_type == "string" and known.from_text else None


def unheld(sql_type: SqlType) -> Callable[[object], str | None] | None:
    """Says why a decoded value can't be stored in such a column, None where it can; None where all can."""
    known = TYPES[sql_type.name].unheld
    return None if known is None else lambda value: known(value, sql_type.arguments)


def json_types(sql_type: SqlType) -> tuple[str, ...]:
    """The JSON types that can fill a column of that type."""
    known = TYPES[sql_type.name]
    return (*known.json, "string") if known.from_text and "string" not in known.json else known.json
