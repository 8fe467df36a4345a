"""The supported PostgreSQL types, one record for each. To add a type, add its record here, and its tests."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from mlb_contracts import extensions, fields, limits
from mlb_contracts.errors import EtlError

_SPELLING = re.compile(r"(?P<name>[a-z]+( [a-z]+)*)(?: ?\((?P<args>\d+(?: ?, ?\d+)?)\))?")


@dataclass(frozen=True, slots=True)
class SqlType:
    """A PostgreSQL type as a mapping spells it: `smallint`, `numeric(5,1)`."""

    name: str
    arguments: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({','.join(map(str, self.arguments))})" if self.arguments else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeFacts:
    """Everything that the generator and the runtime know about a type.

    `wire` is its name in binary COPY; `python` its annotation in row models. `annotation` is its annotation in
    generated decoders (a type, or an alias in `fields`), and `decoder` that type itself, for values of the JSON types
    `json`. `checked` names the converter that rejects values which the decoder accepts and the type can't hold;
    `from_text` the converter for texts. `storage_problem` returns why a decoded value can't be stored, given the value
    and the type's arguments.

    `literals` are the Python types of constants and defaults, `bits` the number of bits of an integer's magnitude.
    Every value survives a change of its type to one of `widens_to`. `partition` is the kind of partitioning that a
    column of the type allows. `aliases` are other names that an author may use by mistake. `takes_arguments` tells
    whether the type may be spelled with a precision and a scale.
    """

    name: str
    wire: str
    python: str
    annotation: str
    decoder: Any
    json: tuple[str, ...]
    from_text: str | None = None
    checked: str | None = None
    storage_problem: Callable[[object, tuple[int, ...]], str | None] | None = None
    literals: tuple[type, ...] = ()
    bits: int | None = None
    widens_to: frozenset[str] = frozenset()
    partition: Literal["list", "month"] | None = None
    aliases: tuple[str, ...] = ()
    takes_arguments: bool = False


# A double holds 53 bits: every integer, but not every bigint. The text of a time or a double depends on the session.
_ALL = (
    TypeFacts(
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
    TypeFacts(
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
    TypeFacts(
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
    TypeFacts(
        name="numeric",
        wire="numeric",
        python="Decimal",
        annotation="Decimal",
        decoder=Decimal,
        json=("integer", "number"),
        from_text="decimal",
        checked="numeric",
        storage_problem=limits.number_problem,
        literals=(int, float),
        widens_to=frozenset({"numeric", "text"}),
        aliases=("decimal",),
        takes_arguments=True,
    ),
    TypeFacts(
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
    TypeFacts(
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
    TypeFacts(
        name="text",
        wire="text",
        python="str",
        annotation="str",
        decoder=str,
        json=("string",),
        storage_problem=limits.text_problem,
        literals=(str,),
        partition="list",
        aliases=("string", "varchar", "char"),
    ),
    TypeFacts(
        name="date",
        wire="date",
        python="date",
        annotation="date",
        decoder=date,
        json=("string",),
        from_text="calendar_date",
        partition="month",
    ),
    TypeFacts(
        name="timestamptz",
        wire="timestamptz",
        python="datetime",
        annotation="Timestamp",
        decoder=fields.Timestamp,
        json=("string",),
        from_text="timestamp",
        storage_problem=limits.time_problem,
        partition="month",
        aliases=("datetime", "timestamp"),
    ),
    TypeFacts(
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

# Named converters of a text, for when the type alone does not determine the conversion, with the SQL types they fill.
CONVERTERS: dict[str, frozenset[str]] = {
    "height_inches": frozenset({"smallint", "integer"}),
}
_UNITS = {"height_inches": "inches"}

# Annotations that decode texts, each with the converter to use instead when another column needs the text itself.
FROM_TEXT = {each.annotation: each.from_text for each in _ALL if "string" in each.json and each.from_text}
# When one number fills columns of several types: the converter for a column, by the annotation that the number is
# decoded with and the annotation that the column would have alone.
SHARED = {
    **{(integer, "Decimal"): "whole" for integer in ("Int2", "Int4", "Int8", "int")},
    ("Decimal", "float"): "double",
}
# Annotations that accept values which the type can't hold, each with the converter that rejects them.
CHECKED = {each.annotation: each.checked for each in _ALL if each.checked}

# The version of each annotation (and its converters above) and of each named converter. When one changes, the runtime
# applies again what was read with it. A test compares the results for a table of values, and fails if they change
# while the version does not.
VERSIONS = {
    **{each.annotation: 1 for each in _ALL},
    **{each.from_text: 1 for each in _ALL if each.from_text and "string" not in each.json},
    **dict.fromkeys(CONVERTERS, 1),
}


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a JSON value becomes a column's value: decoded with `annotation`, then converted by `convert`, if any."""

    annotation: str
    convert: str | None


def parse_type(text: str) -> SqlType | None:
    """The type with that spelling, or None if it is unknown."""
    match = _SPELLING.fullmatch(text)
    facts = TYPES.get(match["name"]) if match else None
    if match is None or facts is None:
        return None
    arguments = tuple(int(part) for part in match["args"].split(",")) if match["args"] else ()
    return None if arguments and not facts.takes_arguments else SqlType(facts.name, arguments)


def type_facts(sql_type: SqlType) -> TypeFacts:
    """The record of the type; raises KeyError for the placeholder of an invalid type."""
    return TYPES[sql_type.name]


def converter_names() -> tuple[str, ...]:
    """The named converters: ours, and those of installed packages."""
    return (*sorted(CONVERTERS), *(each for each in extensions.names(extensions.CONVERTERS) if each not in VERSIONS))


def converted_types(converter: str) -> frozenset[str]:
    """The types that a named converter fills. Raises EtlError for one of a package that can't be used."""
    if converter in CONVERTERS:
        return CONVERTERS[converter]
    fills = extensions.installed_converter(converter).fills
    if unknown := sorted(fills - TYPES.keys()):
        raise EtlError(f"the converter {converter} fills {unknown[0]}, which is no type: {', '.join(TYPES)}")
    return fills


def converted_unit(converter: str) -> str:
    """The unit of what a named converter returns; empty if it is that of the text."""
    return _UNITS.get(converter, "") if converter in CONVERTERS else extensions.installed_converter(converter).unit


def version(reader: str) -> int | str:
    """The version of an annotation or a converter, with which results of an older one are told."""
    return VERSIONS[reader] if reader in VERSIONS else extensions.installed_converter(reader).mark


def decoding(sql_type: SqlType, json_type: str, convert: str | None = None) -> Decoding | None:
    """How a JSON value of that type fills a column, or None if it can't."""
    known = TYPES[sql_type.name]
    if convert is not None:
        fits = json_type == "string" and known.name in converted_types(convert)
        return Decoding("str", convert) if fits else None
    if json_type in known.json:
        return Decoding(known.annotation, None)
    return Decoding("str", known.from_text) if json_type == "string" and known.from_text else None


def storage_problem(sql_type: SqlType) -> Callable[[object], str | None] | None:
    """A function that returns why a decoded value can't be stored, or None if it can; None if every value can."""
    known = TYPES[sql_type.name].storage_problem
    return None if known is None else lambda value: known(value, sql_type.arguments)


def json_types(sql_type: SqlType) -> tuple[str, ...]:
    """The JSON types that can fill a column of that type."""
    known = TYPES[sql_type.name]
    return (*known.json, "string") if known.from_text and "string" not in known.json else known.json
