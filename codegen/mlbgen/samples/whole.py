"""Decide which samples are whole documents of a method, by the same tests as the runtime.

A part of a document can't show that a mapping is wrong: it may lack a key because the request did not ask for it.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from mlb_contracts import Form, conventions, form_of, requests
from mlb_contracts.assumed import complete
from mlb_contracts.jsonpath import Steps
from mlbgen import ir
from mlbgen.ir.columns import parameter
from mlbgen.samples import interpret
from mlbgen.samples.stubs import Stub
from mlbgen.samples.values import Misfit, fit, json_type


def is_of(method: ir.Method, stub: Stub) -> bool:
    """Whether the sample belongs to one of the method's forms."""
    return stub.name in {f"{method.endpoint}.{form.method}" for form in method.forms}


def completed(method: ir.Method, stub: Stub) -> Stub:
    """The sample with the parameters that its request lacks but which can be assumed."""
    unordered = [
        each.value.name for each in method.document if each.unordered and isinstance(each.value, ir.ParameterValue)
    ]
    return replace(stub, parameters=complete(dict(method.assumed), stub.parameters, stub.captured_at, unordered))


def documents(method: ir.Method, stub: Stub) -> Iterator[Stub]:
    """Each document of the sample as a sample of its own, with the parameters that concern it."""
    for document in interpret.split_documents(method.items, stub.document):
        item = replace(stub, document=document)
        if all(not key.among or _key(key, item) in key.among for key in method.document):
            others = {
                each.value.name: str(each.otherwise)
                for each in method.document
                if isinstance(each.value, ir.ParameterValue) and not is_about(each.only_for, item)
            }
            yield replace(item, parameters={**item.parameters, **others})


def is_about(only_for: ir.OnlyFor | None, item: Stub) -> bool:
    """Whether the document is one of those."""
    return only_for is None or _found(only_for.value, item) in only_for.among


def lacks_key(method: ir.Method, item: Stub) -> str | None:
    """Why the runtime would skip the item: it lacks a key; None if it would not, or if the response is one document."""
    if method.items is None:
        return None
    return next(
        (f"with items that lack their key {key.name}" for key in method.document if _key(key, item) is None), None
    )


def _key(key: ir.DocumentKey, item: Stub) -> object:
    found = _found(key.value, item)
    return key.otherwise if found is None else found


def _found(value: ir.Value, item: Stub) -> object:
    return interpret.find_value(value, {"$": interpret.Binding(item.document)}, item.parameters).value


def why_partial(method: ir.Method, stub: Stub) -> str | None:
    """Why the sample's request may return only a part of a document, or several; None if it returns a whole one."""
    parameters = stub.parameters
    api = conventions.installed()
    asked = api.hydrations(parameters.get(api.hydrate, "")) if api.hydrate else ()
    needed = requests.required_hydrations(method.hydration) if method.hydration else []
    lacking = [name for name in needed if name not in asked]
    if lacking:
        return f"requested without {', '.join(lacking)}"
    for key in method.document:
        if isinstance(key.value, ir.ParameterValue):
            name = key.value.name
            if name not in parameters:
                return f"requested without {parameter(name)}"
            try:
                fit(parameters[name], key.type, None)
            except Misfit:
                return f"{parameter(name)} is not a single {key.type}"
    if unknown := _unknown(_form(method, stub), stub):
        return f"requested with {parameter(unknown[0])}"
    omitted = _omitted(method, stub)
    return f"requested without {parameter(omitted)}" if omitted else None


def _omitted(method: ir.Method, stub: Stub) -> str | None:
    """A parameter that would have named the documents asked for, if the request could name them and does not."""
    forms = (Form(form.method, form.url, form.query) for form in method.forms)
    form = form_of(forms, stub.parameters)
    known = frozenset() if form is None else form.path_parameters | {*(form.query or ())}
    for key in method.document:
        if isinstance(key.value, ir.PathValue):
            ways = [_names(way) for way in key.asked_by]
            if omitted := requests.omitted(ways, stub.parameters, known):
                return omitted[0][0]
            if not any({*way} <= stub.parameters.keys() for way in ways):
                return None  # this key can't be named, so the request names no documents
    return None


def _names(way: ir.AskedBy) -> tuple[str, ...]:
    match way:
        case ir.ByValues(name):
            return (name,)
        case ir.ByRange(first, last):
            return first, last
        case _:
            assert_never(way)


def _form(method: ir.Method, stub: Stub) -> ir.Form:
    """The form of the sample's request: among those with its name, the one with most of its parameters in the URL.

    Among forms with the same URL, it is the one that knows most of the parameters.
    """
    named = [form for form in method.forms if f"{method.endpoint}.{form.method}" == stub.name] or method.forms[:1]
    fitting = [form for form in named if form.path_parameters <= stub.parameters.keys()]
    return max(fitting or named, key=lambda form: (len(form.path_parameters), -len(_unknown(form, stub))))


def _unknown(form: ir.Form, stub: Stub) -> list[str]:
    """Parameters of the sample's request that the form does not allow."""
    return [] if form.query is None else sorted(stub.parameters.keys() - form.path_parameters - {*form.query})


def why_refused(method: ir.Method, stub: Stub) -> str | None:
    """Why the runtime would refuse the sample: it reports an error or breaks a rule; None if it would not."""
    if not stub.is_answer:
        return "reports an error"
    return next((f'breaks "{rule.text}"' for rule in method.rules if _breaks(rule, stub)), None)


def _breaks(rule: ir.Rule, stub: Stub) -> bool:
    found = [value for value in _values(stub.document, rule.steps) if value is not None]
    match rule.test:
        case ir.IsPresent():
            return not found
        case ir.IsAbsent():
            return bool(found)
        case ir.EqualsParameter(name):
            wanted = stub.parameters.get(name)
            return any(str(value) != wanted for value in found) or (not rule.loops and not found)
        case ir.HasType(wanted_type):
            possible = {"number": ("number", "integer")}.get(wanted_type, (wanted_type,))
            return any(json_type(value) not in possible for value in found)
        case _:
            assert_never(rule.test)


def _values(value: object, steps: Steps) -> Iterator[object]:
    if not steps:
        yield value
    elif isinstance(steps[0], str):
        if isinstance(value, dict):
            yield from _values(value.get(steps[0]), steps[1:])
    else:
        items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        for item in items:
            yield from _values(item, steps[1:])
