"""Validate the YAML's data: pydantic's errors become diagnostics in plain words, at their places."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mlbgen.language import spec
from mlbgen.language.source import Location, MappingSource
from mlbgen.lower.report import Place, Report, did_you_mean

_EXPECTED = {
    "string_type": "a string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
}


@dataclass(frozen=True, slots=True)
class _Finding:
    """An error at a location of the data; `branch`: it only says that one branch of a union does not fit."""

    location: Location
    branch: bool
    error: ErrorDetails


def validate(source: MappingSource) -> spec.Mapping:
    """Validate a mapping against the grammar. Raises MappingErrors."""
    try:
        return spec.Mapping.model_validate(source.data)
    except ValidationError as error:
        report = Report()
        findings = [_finding(each, source.data) for each in error.errors(include_url=False)]
        for each in findings:
            if not each.branch:
                _report(report, Place(source, each.location), each.error)
        for location, errors in _unions(findings).items():
            report.add("MG013", Place(source, location), *_of_union(errors))
        report.finish()
        raise


def _finding(error: ErrorDetails, data: Any) -> _Finding:
    """Strip from pydantic's location the branches of unions and missing members, which are not in the data."""
    location: list[str | int] = []
    branch = False
    for part in error["loc"]:
        branch = not _has(data, part)
        if not branch:
            location.append(part)
            data = data[part]
    return _Finding(tuple(location), branch and error["type"] != "missing", error)


def _has(data: object, part: str | int) -> bool:
    if isinstance(data, list):
        return isinstance(part, int)
    return isinstance(data, dict) and part in data


def _unions(findings: list[_Finding]) -> dict[Location, list[ErrorDetails]]:
    """The errors of unions of which no branch fits better than the others."""
    unions: dict[Location, list[ErrorDetails]] = {}
    for each in findings:
        at = each.location
        if each.branch and not any(other.location[: len(at)] == at and not other.branch for other in findings):
            unions.setdefault(at, []).append(each.error)
    return {at: errors for at, errors in unions.items() if not any(other[: len(at)] == at != other for other in unions)}


def _report(report: Report, place: Place, error: ErrorDetails) -> None:
    name = error["loc"][-1] if error["loc"] else ""
    if error["type"] == "extra_forbidden":
        help_ = did_you_mean(str(name), _known_keys(place.location[:-1]))
        report.add("MG010", place.key, f'unknown key "{name}"', help_)
    elif error["type"] == "missing":
        report.add("MG011", place, f'"{name}" is missing')
    elif error["type"] == "value_error":
        report.add("MG014", place, str(error["ctx"]["error"]))
    else:
        report.add("MG013", place, *_of_value(error))


def _of_union(errors: list[ErrorDetails]) -> tuple[str, str]:
    """One message for all branches: that of the branch whose type fits, or else a list of the types."""
    for error in errors:
        if _expected(error) is None:
            return _of_value(error)
    expected = list(dict.fromkeys(filter(None, map(_expected, errors))))
    return f"expected {' or '.join(expected)}, not {_shown(errors[0]['input'])}", ""


def _of_value(error: ErrorDetails) -> tuple[str, str]:
    """Message and help for a value that does not fit."""
    given = error["input"]
    if expected := _expected(error):
        quote = expected == "a string" and isinstance(given, int | float)
        help_ = "quote it" if quote else did_you_mean(str(given), re.findall(r"'([^']+)'", expected), "")
        return f"expected {expected}, not {_shown(given)}", help_
    if error["type"] == "string_too_short":
        return "the string is empty", ""
    if error["type"] == "too_short":
        return f"expected at least {error['ctx']['min_length']} entries, found {error['ctx']['actual_length']}", ""
    if error["type"] == "too_long":
        return f"expected at most {error['ctx']['max_length']} entries, found {error['ctx']['actual_length']}", ""
    if error["type"] == "string_pattern_mismatch":
        return f"{_shown(given)} does not have the form {error['ctx']['pattern']}", ""
    return error["msg"].replace("Input should be", f"{_shown(given)} is not", 1), ""


def _expected(error: ErrorDetails) -> str | None:
    if error["type"] == "literal_error":
        return str(error["ctx"]["expected"])
    return _EXPECTED.get(error["type"])


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "a mapping"
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)


def _known_keys(location: Location) -> set[str]:
    """The keys that the grammar allows at this location."""
    schema = spec.Mapping.model_json_schema()
    nodes = [schema]
    for part in location:
        nodes = [child for node in nodes for each in _branches(node, schema) for child in _children(each, part)]
    return {name for node in nodes for each in _branches(node, schema) for name in each.get("properties", {})}


def _branches(node: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in node:
        yield from _branches(schema["$defs"][node["$ref"].rsplit("/", 1)[-1]], schema)
    for branch in node.get("anyOf", ()):
        yield from _branches(branch, schema)
    yield node


def _children(node: dict[str, Any], part: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(part, int):
        children = [node.get("items")]
    else:
        children = [node.get("properties", {}).get(part), node.get("additionalProperties")]
    yield from (child for child in children if isinstance(child, dict))
