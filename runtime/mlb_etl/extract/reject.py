"""Explains why a response can't be read: the broken rule or exact place, the value there, and the table concerned."""

from typing import Any, assert_never

import msgspec

from mlb_contracts import Capture, Method, Rule, jsonpath
from mlb_contracts.jsonpath import Step
from mlb_etl.errors import Rejected
from mlb_etl.extract import lenient
from mlb_etl.extract.lenient import WHOLE, JsonPlace

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}


def require_own_request(method: Method, capture: Capture) -> None:
    """Raise Rejected for a request whose response may not be a whole document of the method."""
    for name in sorted(method.key_parameters - capture.parameters.keys()):
        reason = "only a request with this parameter determines which document its response is"
        raise Rejected(reason, path=f"parameter {name}", table=method.qualified_raw_table)
    for name in method.unknown(capture.parameters):
        known = ", ".join(method.query or ())
        reason = f"with query parameters other than {known}, a response may hold only part of its document"
        path, value = f"parameter {name}", capture.parameters[name]
        raise Rejected(reason, path=path, value=value, table=method.qualified_raw_table)


def explain_undecodable(
    method: Method, capture: Capture, data: bytes, error: Exception, *, kind: Any = None, at: JsonPlace = WHOLE
) -> Rejected:
    """Explain why decoding raised `error`: invalid JSON, or a broken rule, which says most, or a wrong type.

    `kind` is the type that `data` was decoded as, by default a document; `at` is its place in the answer. Rules only
    apply to whole answers.
    """
    table = method.qualified_raw_table
    try:
        why = error if isinstance(error, Rejected) else explain_mistyped(error, kind or method.document_type, data, at)
    except RecursionError:
        return Rejected("nested too deeply", table=table)
    except msgspec.DecodeError as broken:
        return Rejected(f"not JSON: {broken}", value=data[:40].decode(errors="replace"), table=table)
    document = lenient.plain_json(data)
    if at == WHOLE and isinstance(document, dict):
        for rule in method.rules:
            if (place := _breach(rule, document, capture)) is not None:
                return Rejected(rule.text, path=place[0], value=lenient.summarize(place[1]), table=table)
    return Rejected(why.reason, path=why.path, value=why.value, table=_table(method, why.path) or table)


def explain_mistyped(error: Exception, kind: Any, data: bytes, at: JsonPlace = WHOLE) -> Rejected:
    """Explain a type error of decoding: the first place that does not fit the type `kind`.

    Raises msgspec.DecodeError for invalid JSON, and RecursionError.
    """
    return lenient.explain_mismatch(kind, data, at) or Rejected(str(error))


def locate(error: Rejected, data: bytes, table: str | None = None, at: JsonPlace = WHOLE) -> Rejected:
    """Replace `[*]` in an error of generated code by the indexes of the first such place in the response.

    `at` is the place of `data` in the response.
    """
    places = lenient.find_values(lenient.plain_json(data), error.path, at)
    path = next((path for path, value in places if value == error.value), error.path)
    return Rejected(error.reason, path=path, value=error.value, table=error.table or table)


def _table(method: Method, path: str) -> str | None:
    """The first table with a column from that place, or otherwise from below it."""
    place = jsonpath.parse(path)
    if not place:
        return None
    sources = [
        (steps, table.qualified_name)
        for table in method.tables
        for column in table.columns
        for steps in map(jsonpath.parse, column.paths)
        if steps and jsonpath.covers(steps[: len(place)], place)
    ]
    exact = (name for steps, name in sources if len(steps) == len(place))
    return next(exact, None) or next((name for _, name in sources), None)


def _breach(rule: Rule, document: Any, capture: Capture) -> tuple[str, Any] | None:
    """The place that breaks the rule, and the value there; None if the rule holds or can't be tested here."""
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
        case _:
            assert_never(rule.kind)
    return wrong[0] if wrong else None


def _is(value: object, json_type: str) -> bool:
    return isinstance(value, _TYPES[json_type]) and (json_type == "boolean" or not isinstance(value, bool))
