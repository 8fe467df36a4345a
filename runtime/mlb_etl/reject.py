"""Explains why a response can't be read: the broken rule or exact place, the value there, the table concerned."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from mlb_etl import jsonpath
from mlb_etl.contracts import Capture, Method, Rule
from mlb_etl.errors import Rejected
from mlb_etl.jsonpath import Step, Steps

Decode: TypeAlias = Callable[[bytes], Any]

_VALIDATION = re.compile(r"(?P<reason>.*) - at (?:`key` in )?`(?P<path>\$.*)`", re.DOTALL)
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def require_own_request(method: Method, capture: Capture) -> None:
    """Raise Rejected for a request whose response is not one document of the method, and all of it."""
    for name in sorted(method.key_parameters - capture.parameters.keys()):
        reason = "only a request with this parameter says what its response is about"
        raise Rejected(reason, path=f"parameter {name}", table=method.qualified_raw_table)
    for name in method.unknown(capture.parameters):
        reason = f"asked with more than {', '.join(method.query or ())}, a response may be a part of its document only"
        path, value = f"parameter {name}", capture.parameters[name]
        raise Rejected(reason, path=path, value=value, table=method.qualified_raw_table)


def undecodable(method: Method, capture: Capture, data: bytes, error: Exception) -> Rejected:
    """Why `method.decode` raised `error`: no JSON, else a broken rule, which says most, else a wrong type."""
    try:
        document = msgspec.json.decode(data)
    except msgspec.DecodeError:
        start = data[:40].decode(errors="replace")
        return Rejected(f"not JSON: {error}", value=start, table=method.qualified_raw_table)
    except RecursionError:
        return Rejected("nested too deeply", table=method.qualified_raw_table)
    if isinstance(document, dict):
        for rule in method.rules:
            if (place := _breach(rule, document, capture)) is not None:
                return Rejected(rule.text, path=place[0], value=_shown(place[1]), table=method.qualified_raw_table)
    why = mistyped(error, document, method.decode)
    table = _table(method, str(error)) or method.qualified_raw_table
    return Rejected(why.reason, path=why.path, value=why.value, table=table)


def mistyped(error: Exception, document: Any, decode: Decode) -> Rejected:
    """The place that `error` of `decode` tells of, with the keys of maps, which it leaves out."""
    match = _VALIDATION.fullmatch(str(error))
    steps = jsonpath.parse(match["path"]) if match else None
    if match is None or steps is None:
        return Rejected(str(error), value=_shown(document))
    exact = _with_keys(document, steps, str(error), decode)
    path, value = next(jsonpath.walk(document, exact), (match["path"], None))
    return Rejected(match["reason"], path=path, value=_shown(value))


def located(error: Rejected, data: bytes, table: str | None = None) -> Rejected:
    """The error of generated code, which knows `[*]` only, with the indexes of the first such place in the response."""
    steps = jsonpath.parse(error.path)
    places = jsonpath.walk(msgspec.json.decode(data), steps) if steps else ()
    path = next((path for path, value in places if value == error.value), error.path)
    return Rejected(error.reason, path=path, value=error.value, table=error.table or table)


def _with_keys(document: Any, steps: Steps, message: str, decode: Decode) -> Steps:
    """The steps with the key of each map where msgspec says `[...]`: the one without whose neighbours the error stays.

    Empties the document's maps of the other keys.
    """
    exact: list[str | int | Step] = []
    node = document
    for step in steps:
        key = _culprit(document, node, message, decode) if isinstance(step, Step) else step
        if key is None:
            return steps
        exact.append(key)
        node = jsonpath.child(node, key)
    return tuple(exact)


def _culprit(document: Any, node: dict[str, Any], message: str, decode: Decode) -> str | None:
    for key, item in dict(node).items():
        node.clear()
        node[key] = item
        try:
            decode(msgspec.json.encode(document))
        except msgspec.DecodeError as error:
            if str(error) == message:
                return key
    return None


def _table(method: Method, message: str) -> str | None:
    """The first table with a column from the path that the decoder's message names, else with one from below it."""
    match = _VALIDATION.fullmatch(message)
    steps = jsonpath.parse(match["path"]) if match else None
    if not steps:
        return None
    path = jsonpath.general(steps)
    sources = [(source, table.qualified_name) for table in method.tables for c in table.columns for source in c.paths]
    exact = (name for source, name in sources if source == path)
    below = (name for source, name in sources if source.startswith((f"{path}.", f"{path}[")))
    return next(exact, None) or next(below, None)


def _breach(rule: Rule, document: Any, capture: Capture) -> tuple[str, Any] | None:
    """The place that breaks the rule, and the value there; None where it holds, or can't be tested here."""
    steps = jsonpath.parse(rule.path)
    if steps is None:
        return None
    there = [(path, value) for path, value in jsonpath.walk(document, steps) if value is not None]
    match rule.kind:
        case "present":
            return None if there else (rule.path, None)
        case "absent":
            wrong = there
        case "type":
            wrong = [(path, value) for path, value in there if not _is(value, str(rule.argument))]
        case "equals_parameter":
            wanted = capture.parameters.get(str(rule.argument))
            if wanted is None:
                return None
            needed = [] if any(isinstance(step, Step) for step in steps) else [(rule.path, None)]
            wrong = [(path, value) for path, value in there or needed if str(value) != wanted]
    return wrong[0] if wrong else None


def _is(value: object, json_type: str) -> bool:
    return isinstance(value, _TYPES[json_type]) and (json_type == "boolean" or not isinstance(value, bool))


def _shown(value: Any) -> object:
    """A scalar as it is; of an object or an array, which may be the whole response, what it is."""
    if isinstance(value, dict):
        return f"object with {len(value)} members"
    return f"array of {len(value)} items" if isinstance(value, list) else value
