"""The type of a column, from the values that samples have: the narrowest that leaves room for others."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from mlb_contracts import extensions, sql_types
from mlb_contracts.sql_types import SqlType
from mlbgen.language.names import snake
from mlbgen.samples.values import Misfit, fit

_ROOM = 10  # an integer column holds so many times the largest value seen
_INTEGERS = ("smallint", "integer", "bigint")
_ID = re.compile(r"(^|_)(id|pk)$")
_NUMBER = re.compile(r"(^|_)(season|year|rank)$")
_DECIMAL = re.compile(r"[+-]?[0-9]*\.[0-9]+")
_WITHOUT_VALUE = re.compile(r"\W*")  # "", "-" or ".---"


@dataclass(frozen=True, slots=True)
class Choice:
    """A type, the converter of texts, if one is needed, and the placeholders that mean no value.

    `why` says what the samples showed, where the type is more than the JSON type.
    """

    type: str
    convert: str | None = None
    null_if: tuple[str, ...] = ()
    why: str = ""


def choose(values: Collection[object], name: str, json_type: str | None) -> Choice:
    """The type for a place of that name (`issueId`), the values of which, without nulls, have the JSON type."""
    match json_type:
        case "string":
            return _of_texts({str(each) for each in values}, snake(name))
        case "integer":
            return Choice(_integer([each for each in values if isinstance(each, int)], snake(name)))
        case _:
            return Choice("boolean" if json_type == "boolean" else "numeric")


def is_placeholder(value: object) -> bool:
    """Whether it is a text without a letter or a digit."""
    return isinstance(value, str) and _WITHOUT_VALUE.fullmatch(value) is not None


def _integer(values: Collection[int], name: str) -> str:
    """The narrowest integer with room; ids get at least an integer, and a pk a bigint."""
    least = ("bigint" if name.endswith("pk") else "integer") if _ID.search(name) else "smallint"
    largest = max(abs(each) for each in values)
    for each in _INTEGERS[_INTEGERS.index(least) :]:
        if largest * _ROOM < 2 ** (sql_types.TYPES[each].bits or 0):
            return each
    return "bigint" if largest < 2 ** (sql_types.TYPES["bigint"].bits or 0) else "numeric"


def _of_texts(texts: Collection[str], name: str) -> Choice:
    """The first type that holds all texts but placeholders; a text column keeps these, too."""
    real = [each for each in texts if not is_placeholder(each)]
    placeholders = tuple(sorted({*texts} - {*real}))
    for choice in _possible(real, name) if real else ():
        if all(_fits(each, choice) for each in real):
            return Choice(choice.type, choice.convert, placeholders, choice.why)
    return Choice("text")


def _possible(texts: Collection[str], name: str) -> Iterator[Choice]:
    yield Choice("date")
    yield Choice("timestamptz")
    yield Choice("uuid")
    yield Choice("smallint", "height_inches", why="each value is a height in feet and inches")
    for converter, facts in extensions.suggested(name):
        type_ = next((each for each in sql_types.TYPES if each in facts.fills), "text")
        yield Choice(type_, converter, why=f"{converter} reads each value")
    if any(map(_DECIMAL.fullmatch, texts)):
        yield Choice("numeric", why="each value is a number as text")
    if _NUMBER.search(name) or (_ID.search(name) and all(not each.startswith("0") for each in texts)):
        yield from (Choice(each, why="each value is a number as text") for each in (_least(texts, name),) if each)


def _least(texts: Collection[str], name: str) -> str | None:
    return _integer([int(each) for each in texts], name) if all(map(str.isdecimal, texts)) else None


def _fits(text: str, choice: Choice) -> bool:
    try:
        fit(text, SqlType(choice.type), choice.convert)
    except Misfit:
        return False
    return True
