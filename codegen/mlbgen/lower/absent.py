"""`absent`: the JSON used for a document that was requested but is not in the response."""

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import JsonValue

from mlb_contracts import sql_types
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower.report import Place, Report, did_you_mean
from mlbgen.lower.scope import NOTHING_SEEN, Root, kind, value_type
from mlbgen.samples.shape import Shape
from mlbgen.samples.values import json_type, value_at

_KEY = re.compile(r"\{(\w*)\}")


def absent(
    report: Report, place: Place, declared: spec.Source, keys: Sequence[ir.DocumentKey], root: Root
) -> str | None:
    """The JSON, with `{name}` in place of the key of that name, unquoted for a number. None without `absent`."""
    if declared.absent is None:
        return None
    if declared.items is None or not any(key.asked_by for key in declared.document.values()):
        needed = "source.items" if declared.items is None else "asked_by, which says which documents a request asks for"
        report.add("MG044", place.key, f'"absent" has no effect without {needed}', "remove it")
        return None
    by_name: dict[str, ir.DocumentKey] = {key.name: key for key in keys}
    text = _text(report, place, declared.absent, root.shape, by_name)
    for key in keys:
        if isinstance(key.value, ir.PathValue):
            _check_key(report, place, declared.absent, key.name, key.value.references[0])
    return text


def _check_key(report: Report, place: Place, value: JsonValue, name: str, reference: ir.Reference) -> None:
    """Check that an absent document has its key where other documents have theirs."""
    if value_at(value, reference.members) != f"{{{name}}}":
        where = ".".join(reference.members)
        message = f'"absent" lacks the key "{name}", which is read from {where}'
        report.add("MG082", place, message, f'write "{{{name}}}" there')


def _text(report: Report, place: Place, value: JsonValue, shape: Shape, keys: Mapping[str, ir.DocumentKey]) -> str:
    """The JSON of a value, checked against the shape that samples have at its place."""
    if isinstance(value, dict) and "map" not in shape.types:
        members = []
        for name, inner in value.items():
            at = place.at(name)
            if name not in shape.members:
                help_ = did_you_mean(name, shape.members)
                report.add("MG031", at.key, f'no sample response has "{name}" here', help_)
            members.append(
                f"{json.dumps(name)}:{_text(report, at, inner, shape.members.get(name, NOTHING_SEEN), keys)}"
            )
        return f"{{{','.join(members)}}}"
    if isinstance(value, list):
        inner_shape = shape.items or NOTHING_SEEN
        texts = [_text(report, place.at(number), each, inner_shape, keys) for number, each in enumerate(value)]
        return f"[{','.join(texts)}]"
    if isinstance(value, str) and _KEY.search(value):
        return _with_keys(report, place, value, shape, keys)
    if value is not None and shape.types and not _is_possible(json_type(value), shape):
        message = f"{json.dumps(value, ensure_ascii=False)} does not fit: in samples this is {kind(value_type(shape))}"
        report.add("MG082", place, message)
    return json.dumps(value, ensure_ascii=False)


def _is_possible(found: str, shape: Shape) -> bool:
    types = {"object" if each == "map" else each for each in shape.types}
    return found in types or (found == "integer" and "number" in types) or types == {"null"}


def _with_keys(report: Report, place: Place, text: str, shape: Shape, keys: Mapping[str, ir.DocumentKey]) -> str:
    """The JSON of a string that contains keys, or of a number that is one key."""
    for match in _KEY.finditer(text):
        if match[1] not in keys:
            help_ = did_you_mean(match[1], keys)
            report.add("MG015", place, f"unknown document key {match[0]}", help_, offset=match.start())
            return "null"
    if "string" in shape.types or not shape.types & {"integer", "number"}:
        return json.dumps(text, ensure_ascii=False)
    whole = _KEY.fullmatch(text)
    if whole is None or sql_types.type_facts(keys[whole[1]].type).python != "int":
        report.add("MG082", place, f'"{text}" does not fit: in samples this is {kind(value_type(shape))}')
    return text
