"""Documents: whether a response holds one or several, their keys, and how requests ask for them."""

import re

from mlb_contracts import sql_types
from mlbgen import ir
from mlbgen.language import spec
from mlbgen.language.names import SqlName
from mlbgen.lower import naming
from mlbgen.lower.columns import UNKNOWN, check_scalar, column_type
from mlbgen.lower.only_for import lower_only_for
from mlbgen.lower.report import Place, Report
from mlbgen.lower.requests import check_parameter
from mlbgen.lower.scope import NOTHING_SEEN, RESPONSE, PathScope, Root, kind, value_type
from mlbgen.samples.shape import Shape

_ASKED_BY = re.compile(r"(?P<first>[A-Za-z]\w*)(\.\.(?P<last>[A-Za-z]\w*))?", re.ASCII)


def lower_items(
    report: Report, place: Place, declared: spec.Source, shape: Shape, mapped: set[str]
) -> tuple[ir.Items | None, Root]:
    """The items that are documents, or None if the whole response is one, and the root of the documents' paths."""
    ((name, text),) = (declared.items or {RESPONSE: RESPONSE}).items()
    if declared.items is None:
        return None, Root(shape)
    at = place.at("items", name)
    good = naming.check_variable(report, at.key, name, "item")
    target = PathScope(Root(shape), mapped).resolve(report, at, text)
    if target is None:
        return None, Root(NOTHING_SEEN, name)
    found = Root(target.shape.items or NOTHING_SEEN, name, f"{target.reference.path}[*]")
    if target.each is None or target.reference.type != "array":
        help_ = f"append [*], as in {text}[*]" if target.reference.type == "array" else ""
        message = f"{target.reference.path} is {kind(target.reference.type)}, but source.items needs a list"
        if target.each is None and target.reference.type == "array":
            message = f"{target.reference.path} is a list; source.items needs its items"
        report.add("MG032", at, message, help_)
    elif target.each.where is not None or target.each.names:
        report.add("MG032", at, "every item is a document, so a filter is not allowed", offset=target.each_offset)
    elif value_type(found.shape) != "object":
        report.add("MG032", at, f"each item is {kind(value_type(found.shape))}, but a document must be an object")
    elif good:
        return ir.Items(target.reference, None), found
    return None, found


def lower_keys(report: Report, place: Place, declared: spec.Source, scope: PathScope) -> tuple[ir.DocumentKey, ...]:
    """The keys of the document."""
    found: list[ir.DocumentKey] = []
    for name, key in declared.document.items():
        at = place.at("document", name)
        good = naming.check_document_key(report, at.key, name)
        sql_type = column_type(report, at.at("type"), key.type)
        value, where, json_type = _value(report, at, declared, key, scope)
        asked_by = _all_asked_by(report, at.at("asked_by"), declared, key)
        good &= _check_settings(report, at, declared, key)
        before: dict[str, ir.DocumentKey] = {each.name: each for each in found}
        only_for = lower_only_for(report, at.at("only_for"), key.only_for, before)
        if sql_type is UNKNOWN or value is None:
            continue
        if key.default is not None:
            check_scalar(report, at.at("default"), key.default, sql_type)
        if sql_types.decoding(sql_type, json_type) is None:
            report.add("MG040", at.at("type"), f"{where} is {kind(json_type)}, which can't fill {sql_type}")
        elif good:
            found.append(
                ir.DocumentKey(
                    name=SqlName(name),
                    type=sql_type,
                    value=value,
                    description=key.description,
                    asked_by=asked_by,
                    among=tuple(key.values),
                    otherwise=key.default,
                    only_for=only_for,
                    unordered=key.unordered,
                )
            )
    return tuple(found)


def _check_settings(report: Report, place: Place, declared: spec.Source, key: spec.DocumentKey) -> bool:
    """Check that each setting of a key has an effect, and that one does not need another."""
    in_items = declared.items is not None
    needed = {
        "values": (in_items and key.path is not None and key.type == "text", "source.items and a path to a text"),
        "only_for": (in_items and key.parameter is not None, "source.items and a parameter"),
        "default": (key.path is not None or key.only_for is not None, "a path or only_for"),
        "unordered": (key.parameter is not None and key.type == "text", "a parameter and the type text"),
    }
    errors = report.count
    for setting, (holds, what) in needed.items():
        if setting in key.model_fields_set and not holds:
            report.add("MG044", place.at(setting).key, f'"{setting}" has no effect without {what}', "remove it")
    if key.only_for is not None and key.default is None:
        message = 'a key with "only_for" needs a "default" for the other documents'
        report.add("MG084", place.at("only_for").key, message, "such as default: 0, or default: '' for a text")
    return report.count == errors


def _value(
    report: Report, place: Place, declared: spec.Source, key: spec.DocumentKey, scope: PathScope
) -> tuple[ir.PathValue | ir.ParameterValue | None, str, ir.ValueType]:
    """The source of a key's value, the same in words, and its JSON type."""
    if key.parameter is not None:
        of_each = key.parameter not in declared.assume
        good = check_parameter(report, place.at("parameter"), key.parameter, declared, of_each=of_each)
        return ir.ParameterValue(key.parameter) if good else None, f"the parameter {key.parameter}", "string"
    reference = scope.value(report, place.at("path"), key.path or "")
    if reference is None:
        return None, "", "any"
    return ir.PathValue((reference,)), reference.path, reference.type


def _all_asked_by(report: Report, place: Place, declared: spec.Source, key: spec.DocumentKey) -> tuple[ir.AskedBy, ...]:
    if key.asked_by and (declared.items is None or key.path is None):
        needed = (
            "source.items"
            if declared.items is None
            else "path: a parameter already says which document a request asks for"
        )
        report.add("MG044", place.key, f'"asked_by" has no effect without {needed}', "remove it")
        return ()
    found: list[ir.AskedBy] = []
    for number, text in enumerate(key.asked_by):
        way = _asked_by(report, place.at(number), text, declared, key)
        if way in found:
            report.add("MG023", place.at(number), f'"{text}" is listed twice')
        elif way is not None:
            found.append(way)
    return tuple(found)


def _asked_by(
    report: Report, place: Place, text: str, declared: spec.Source, key: spec.DocumentKey
) -> ir.AskedBy | None:
    match = _ASKED_BY.fullmatch(text)
    if match is None:
        help_ = "write one parameter, such as personIds, or a range of two, such as startDate..endDate"
        report.add("MG080", place, f'"{text}" is neither a parameter nor a range of two', help_)
        return None
    first, last = match["first"], match["last"]
    good = [
        check_parameter(report, place, name, declared, of_each=False, offset=match.start(part))
        for part, name in (("first", first), ("last", last))
        if name is not None
    ]
    if not all(good):
        return None
    if last is None:
        return ir.ByValues(first)
    if key.type.strip().lower() != "date":
        report.add("MG040", place, f"a range needs a key of type date, not {key.type}", "use a single parameter")
        return None
    return ir.ByRange(first, last)
