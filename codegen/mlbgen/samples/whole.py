"""Tells which samples are whole documents of a method, by the tests with which the runtime refuses the others.

A part of a document is true as far as it goes, but it can't show that a mapping is wrong: it may lack a key because the
request did not ask for it.
"""

from collections.abc import Iterator, Mapping

from mlbgen import ir
from mlbgen.ir.columns import parameter
from mlbgen.language import paths
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import Misfit, fit, json_type


def why_partial(method: ir.Method, parameters: Mapping[str, str]) -> str | None:
    """Why an answer to a request with these parameters may be only a part of a document, or several; else None."""
    for key in method.document:
        if isinstance(key.value, ir.ParameterValue):
            name = key.value.name
            if name not in parameters:
                return f"asked without {parameter(name)}"
            try:
                fit(parameters[name], key.type, None)
            except Misfit:
                return f"{parameter(name)} is not one {key.type}"
    unknown = sorted(parameters.keys() - method.path_parameters - set(method.query or ()))
    return f"asked with {parameter(unknown[0])}" if unknown and method.query is not None else None


def why_refused(method: ir.Method, stub: Stub) -> str | None:
    """Which rule of the method the sample breaks, or that it reports an error; else None."""
    if not stub.is_answer:
        return "reports an error"
    return next((f'breaks "{rule.text}"' for rule in method.rules if _breaks(rule, stub)), None)


def _breaks(rule: ir.Rule, stub: Stub) -> bool:
    segments = paths.parse(rule.path).segments
    found = [value for value in _values(stub.document, segments) if value is not None]
    match rule.kind:
        case "present":
            return not found
        case "absent":
            return bool(found)
        case "equals_parameter":
            wanted = stub.parameters.get(str(rule.argument))
            required = not any(isinstance(each, paths.Each) for each in segments)
            return any(str(value) != wanted for value in found) or (required and not found)
        case "type":
            possible = {"number": ("number", "integer")}.get(str(rule.argument), (rule.argument,))
            return any(json_type(value) not in possible for value in found)


def _values(value: object, segments: tuple[str | paths.Each, ...]) -> Iterator[object]:
    if not segments:
        yield value
    elif isinstance(segments[0], str):
        if isinstance(value, dict):
            yield from _values(value.get(segments[0]), segments[1:])
    else:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for item in items:
            yield from _values(item, segments[1:])
