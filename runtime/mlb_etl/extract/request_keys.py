"""Which documents a request asks for, as far as its parameters name them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import product
from math import prod
from typing import Any, assert_never

from mlb_contracts import ByRange, ByValues, DocumentKey, Form, Method, convert, limits, requests, sql_types
from mlb_contracts.assumed import in_order
from mlb_etl.errors import Rejected

MOST = 10_000
"""How many documents one request may ask for: 27 years of days."""


def requested_documents(method: Method, parameters: Mapping[str, str]) -> list[dict[str, Any]] | None:
    """The keys of each document that a request asks for; None if no parameter can name documents.

    Raises Rejected if the parameters name no document or too many, or if the request omits parameters that name them.
    What is asked for in addition to documents is left out.
    """
    for key in method.document:  # each that is named, even if another one is not
        if key.parameter is not None and key.parameter in parameters:
            key_value(key, parameters[key.parameter], key.place)
    values = []
    for key in method.document:
        if key.parameter is not None:
            if key.parameter not in parameters and key.parameter not in method.key_parameters:
                return None  # assumed once there is a capture
            values.append([_parameter_value(key, parameters.get(key.parameter))])
            continue
        way = next((way for way in key.asked_by if {*_names(way)} <= parameters.keys()), None)
        if way is None:
            _require_none(method, key, parameters)
            return None
        values.append(list(dict.fromkeys(_values(key, way, parameters))))
    if (number := prod(map(len, values))) > MOST:
        raise Rejected(f"a request asks for at most {MOST} documents at once", path="request", value=number)
    asked = (dict(zip((key.name for key in method.document), each, strict=True)) for each in product(*values))
    return _documents(method, asked)


def _documents(method: Method, asked: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """What of that is a document of the method; raises Rejected if nothing is."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for keys in asked:
        if all(not key.values or keys[key.name] in key.values for key in method.document):
            others = {
                key.name: key.default
                for key in method.document
                if key.only_for is not None and not key.only_for.includes(keys)
            }
            found.setdefault(tuple((keys | others).values()), keys | others)
    if not found:
        key = next(key for key in method.document if key.values)
        reason = f"the request asks for no document of {method.name}: {key.name} is {' or '.join(key.values)}"
        raise Rejected(reason, path="request", table=method.qualified_raw_table)
    return list(found.values())


def requested_keys(method: Method, parameters: Mapping[str, str]) -> dict[str, list[Any]]:
    """The values of those document keys that the request names, by key; raises Rejected as that does."""
    found = {}
    for key in method.document:
        if key.unordered and key.parameter is not None and key.parameter in parameters:
            found[key.name] = [_parameter_value(key, parameters[key.parameter])]
        by_name = [ByValues(name) for name in (key.parameter, key.name) if name is not None]
        way = next((way for way in (*key.asked_by, *by_name) if {*_names(way)} <= parameters.keys()), None)
        if way is not None and key.name not in found:
            found[key.name] = list(dict.fromkeys(_values(key, way, parameters)))
        if key.only_for is not None and key.name in found:
            found[key.name].append(key.default)  # documents that the parameter does not concern
    return found


def _parameter_value(key: DocumentKey, text: str | None) -> Any:
    """The value of a key that is a parameter."""
    return key_value(key, in_order(text) if key.unordered and text is not None else text, key.place)


def _require_none(method: Method, key: DocumentKey, parameters: Mapping[str, str]) -> None:
    """Raise Rejected if the request could have named the documents that it asks for."""
    form = method.form(parameters)
    ways = requests.omitted(map(_names, key.asked_by), parameters, () if form is None else _known(form))
    if ways:
        said = " or ".join(" and ".join(way) for way in ways)
        reason = f"only a request with {said} determines which documents its answer holds, and which are absent"
        raise Rejected(reason, path=f"parameter {ways[0][0]}", table=method.qualified_raw_table)


def _known(form: Form) -> frozenset[str]:
    return form.path_parameters | {*(form.query or ())}


def _names(way: ByValues | ByRange) -> tuple[str, ...]:
    match way:
        case ByValues(parameter):
            return (parameter,)
        case ByRange(first, last):
            return first, last
        case _:
            assert_never(way)


def _values(key: DocumentKey, way: ByValues | ByRange, parameters: Mapping[str, str]) -> Iterator[Any]:
    match way:
        case ByValues(name):
            for text in parameters[name].split(",", MOST):
                yield key_value(key, text.strip(), f"parameter {name}")
        case ByRange(first, last):
            start, end = (key_value(key, parameters[name], f"parameter {name}") for name in (first, last))
            yield from _days(start, end, last)
        case _:
            assert_never(way)


def key_value(key: DocumentKey, text: str | None, place: str) -> Any:
    """Convert a text to the key's type; raises Rejected if it is missing or can't be converted."""
    of_type = sql_types.parse_type(key.type)
    converter = of_type and sql_types.type_facts(of_type).from_text
    value = convert.required(getattr(convert, converter)(text, place) if converter else text, place)
    if (unheld := limits.key_problem(value)) is not None:
        raise Rejected(unheld, path=place, value=value)
    return value


def _days(first: date, last: date, name: str) -> Iterator[date]:
    if not 0 <= (last - first).days < MOST:
        reason = f"a range of 1 to {MOST} days from {first} is expected"
        raise Rejected(reason, path=f"parameter {name}", value=str(last))
    yield from (first + timedelta(days=number) for number in range((last - first).days + 1))
