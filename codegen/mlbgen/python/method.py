"""method.py of a method: its document keys, the rules that accept a response, and its tables."""

from dataclasses import dataclass
from typing import assert_never

from mlb_contracts import sql_types
from mlb_contracts.assumed import Assumed, DayOfCapture, Value, YearOf, YearOfCapture
from mlbgen import ir
from mlbgen.ir import columns
from mlbgen.language.names import Identifier, python_name
from mlbgen.python import accept
from mlbgen.python.code import Code, Names, python_header, quoted
from mlbgen.python.facts import modules, only_for_fact, partition_fact
from mlbgen.python.required import required_paths
from mlbgen.python.scope import CodeScope, Local
from mlbgen.python.tree import ANSWER, ROOT, Tree
from mlbgen.rendering import render

_DOCUMENT = python_name("document")
_TAKEN = ("answer", "capture", "convert", "date", "datetime", "document", "each", "found")


@dataclass(frozen=True, slots=True)
class _Key:
    name: Identifier
    annotation: Code
    arguments: Code
    statements: Code
    fact: Code


@dataclass(frozen=True, slots=True)
class _Items:
    """How the response around the documents is read."""

    path: Code
    each: Code
    absent: Code


@dataclass(frozen=True, slots=True)
class _Context:
    header: Code
    docstring: Code
    constants: tuple[Identifier, ...]
    modules: tuple[Identifier, ...]
    keys: tuple[_Key, ...]
    accept_arguments: Code
    accept: Code
    items: "_Items | None"
    other_forms: tuple[Code, ...]
    hydration: Code | None
    assumed: tuple[Code, ...]
    facts: tuple[Code, ...]
    required: tuple[Code, ...]
    rules: tuple[Code, ...]
    drift: Code | None
    has_sums: bool


def render_method(method: ir.Method, tree: Tree) -> str:
    """The module's text; its imports are pruned by the formatter."""
    constants: set[Identifier] = set()
    keys = tuple(_key(key, tree, constants) for key in method.document)
    tests = _accept(method, tree, constants)
    structs = [ROOT] if tree.answer is None else [ANSWER, ROOT]
    given, struct = _response(tree)
    capture = "capture" if any(isinstance(rule.test, ir.EqualsParameter) for rule in method.rules) else "_capture"
    return render(
        "method.py.jinja",
        _Context(
            header=python_header(method.mapping_file),
            docstring=Code(f'"""The method {method.name}."""'),
            keys=keys,
            accept_arguments=Code(f"{given if tests else f'_{given}'}: {struct}, {capture}: Capture"),
            accept=tests,
            items=_items(method, tree, constants),
            other_forms=tuple(map(_form, method.other_forms)),
            hydration=None if method.hydration is None else quoted(method.hydration),
            assumed=tuple(Code(f"({quoted(name)}, {_assumed(meaning)})") for name, meaning in method.assumed),
            constants=(*structs, *sorted(constants)),
            modules=modules(method),
            facts=_facts(method),
            has_sums=method.sums is not None,
            drift=None if method.drift == "report" else quoted(method.drift),
            required=tuple(map(quoted, required_paths(method))),
            rules=tuple(Code(f"Rule{quoted((rule.text, rule.path, *_test(rule.test)))}") for rule in method.rules),
        ),
    )


def _facts(method: ir.Method) -> tuple[Code, ...]:
    guard = method.shrink_guard
    return (
        Code(f"endpoint={quoted(method.endpoint)}"),
        Code(f"method={quoted(method.method)}"),
        Code(f"url={quoted(method.url)}"),
        Code(f"query={quoted(method.query)}"),
        Code(f"raw_schema={quoted(method.raw_table.schema)}"),
        Code(f"raw_table={quoted(method.raw_table.name)}"),
        Code(f"raw_partition={partition_fact(method.raw_table.partition)}"),
        Code(
            f"shrink_guard=ShrinkGuard(share={guard.share}, emptied_table_rows={guard.emptied_table_rows},"
            f" once={quoted(guard.once)})"
        ),
        Code(f"fingerprint={quoted(method.fingerprint)}"),
    )


def _key(key: ir.DocumentKey, tree: Tree, constants: set[Identifier]) -> _Key:
    scope = _scope(tree)
    if isinstance(key.value, ir.ParameterValue):
        value, json_type, place = scope.parameter(key.value.name), "string", columns.parameter(key.value.name)
        source, arguments = f"parameter={quoted(key.value.name)}", f"_document: {ROOT}, capture: Capture"
    else:
        (reference,) = key.value.references
        value, json_type, place = scope.value(reference.root, reference.members), reference.type, reference.path
        source, arguments = f"path={quoted(place)}", f"document: {ROOT}, _capture: Capture"
    decoding = sql_types.decoding(key.type, json_type)
    if decoding is None:
        raise AssertionError(f"{json_type} can't fill {key.type}; lowering should have refused this")
    convert = columns.converter(decoding, value.node.annotation)
    found = f"convert.{convert}({value.or_none}, {quoted(place)})" if convert else value.or_none
    if key.otherwise is None or key.only_for is not None:
        scope.say(0, f"return {found}")
    else:
        scope.say(0, f"found = {found}")
        scope.say(0, f"return {quoted(key.otherwise)} if found is None else found")
    constants |= scope.constants
    source += _settings(key)
    if key.asked_by:
        ways = ", ".join(map(_asked_by, key.asked_by))
        source += f", asked_by=({ways}{',' if len(key.asked_by) == 1 else ''})"
    fact = f"DocumentKey({quoted(key.name)}, {quoted(str(key.type))}, read_{key.name}, {source})"
    annotation = Code(f"{sql_types.type_facts(key.type).python} | None")
    return _Key(python_name(key.name), annotation, Code(arguments), _statements(scope), Code(fact))


def _settings(key: ir.DocumentKey) -> str:
    """What else the contract's key says, as arguments."""
    settings = {
        "values": quoted(key.among) if key.among else None,
        "default": None if key.otherwise is None else quoted(key.otherwise),
        "only_for": None if key.only_for is None else only_for_fact(key.only_for),
        "unordered": Code("True") if key.unordered else None,
    }
    return "".join(f", {name}={value}" for name, value in settings.items() if value is not None)


def _asked_by(way: ir.AskedBy) -> str:
    match way:
        case ir.ByValues(parameter):
            return f"ByValues({quoted(parameter)})"
        case ir.ByRange(first, last):
            return f"ByRange({quoted(first)}, {quoted(last)})"
        case _:
            assert_never(way)


def _assumed(meaning: Assumed) -> str:
    match meaning:
        case DayOfCapture(zone):
            return f"DayOfCapture({quoted(zone)})"
        case YearOf(parameter):
            return f"YearOf({quoted(parameter)})"
        case YearOfCapture(zone):
            return f"YearOfCapture({quoted(zone)})"
        case Value(text):
            return f"Value({quoted(text)})"
        case _:
            assert_never(meaning)


def _test(test: ir.RuleTest) -> tuple[str, str | None]:
    """The kind and the argument of the test in mlb_contracts.Rule."""
    match test:
        case ir.IsPresent():
            return "present", None
        case ir.IsAbsent():
            return "absent", None
        case ir.HasType(json_type):
            return "type", json_type
        case ir.EqualsParameter(name):
            return "equals_parameter", name
        case _:
            assert_never(test)


def _response(tree: Tree) -> tuple[Identifier, Identifier]:
    """The name of the response in rules, and its struct."""
    return (_DOCUMENT, ROOT) if tree.answer is None else (python_name("answer"), ANSWER)


def _form(form: ir.Form) -> Code:
    return Code(f"Form{quoted((form.method, form.url, form.query))}")


def _items(method: ir.Method, tree: Tree, constants: set[Identifier]) -> _Items | None:
    if method.items is None:
        return None
    scope = _of_response(tree)
    value = scope.value("$", method.items.source.members)
    listed = value.expression if method.items.source.path == "$" else f"{value.expression} or ()"
    scope.say(0, f"return [memoryview(each) for each in {listed}]")
    constants |= scope.constants
    return _Items(quoted(method.items.path), _statements(scope), quoted(method.items.absent))


def _of_response(tree: Tree) -> CodeScope:
    return CodeScope(Names(_TAKEN), Local(_response(tree)[0], tree.answer or tree.root, 0), 0)


def _accept(method: ir.Method, tree: Tree, constants: set[Identifier]) -> Code:
    scope = _of_response(tree)
    for rule in method.rules:
        accept.say(scope, rule)
    constants |= scope.constants
    return _statements(scope)


def _scope(tree: Tree) -> CodeScope:
    return CodeScope(Names(_TAKEN), Local(_DOCUMENT, tree.root, 0), 0)


def _statements(scope: CodeScope) -> Code:
    return Code("\n".join(scope.blocks[0]))
