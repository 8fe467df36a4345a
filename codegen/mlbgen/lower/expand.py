"""`for_each`: expand one declaration into several, each with another value in place of the variable."""

import re
from collections.abc import Iterator
from typing import Any, TypeVar

from mlbgen.language import spec
from mlbgen.lower.report import Place, Report, did_you_mean

_VALUE = re.compile(r"[A-Za-z0-9_]+")
_VARIABLE = re.compile(r"\{(\w*)\}")
# In a look-up's key, {name} also names a level.
_OTHER_BRACES = "key"

Repeated = TypeVar("Repeated", spec.Table, spec.Column, spec.Sum)


def expand(report: Report, place: Place, declared: Repeated) -> Iterator[tuple[Place, Repeated]]:
    """Yield the declaration once for each value of its `for_each`; its places record what was replaced."""
    if declared.for_each is None:
        yield place, declared
        return
    ((variable, values),) = declared.for_each.items()
    if not _check(report, place, variable, declared.name):
        return
    data = declared.model_dump(by_alias=True, exclude_unset=True, exclude={"for_each"})
    _check_unknown(report, place, data, variable)
    for index, value in enumerate(values):
        at = place.at("for_each", variable, index)
        if _VALUE.fullmatch(value) is None:
            report.add("MG015", at, f'the value "{value}" may only contain letters, digits and underscores')
        elif value in values[:index]:
            report.add("MG023", at, f'the value "{value}" is listed twice')
        else:
            yield (
                place.replacing(variable, value),
                type(declared).model_validate(_replaced(data, f"{{{variable}}}", value)),
            )


def expanded_names(declared: spec.Table) -> list[str]:
    """The names of the tables that the declaration expands to."""
    loops = declared.for_each or {"": [""]}
    return [declared.name.replace(f"{{{variable}}}", value) for variable, values in loops.items() for value in values]


def _check(report: Report, place: Place, variable: str, name: str) -> bool:
    at = place.at("for_each", variable)
    if not variable.isidentifier():
        report.add("MG015", at.key, f'"{variable}" is not a valid variable name')
    elif any(variable == other for other, _ in place.replaced):
        report.add("MG015", at.key, f'the table\'s for_each already has the variable "{variable}"')
    elif f"{{{variable}}}" not in name:
        help_ = f"put {{{variable}}} into the name, so that the names differ"
        report.add("MG015", at.key, f'the variable "{variable}" is not used in the name', help_)
    else:
        return True
    return False


def _check_unknown(report: Report, place: Place, data: Any, variable: str) -> None:
    """Report braces around an unknown word: they are a mistake, not text."""
    for location, text in _texts(data):
        if _OTHER_BRACES in location or (location[:1] == ("columns",) and _own_variable(data, location)):
            continue
        for match in _VARIABLE.finditer(text):
            if match[1] != variable:
                help_ = did_you_mean(match[1], [variable])
                report.add("MG015", place.at(*location), f"unknown variable {match[0]}", help_, offset=match.start())


def _own_variable(data: Any, location: tuple[str | int, ...]) -> bool:
    """Columns that have a for_each themselves are checked when it is expanded."""
    return "for_each" in data["columns"][location[1]]


def _texts(data: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(data, str):
        yield (), data
    elif isinstance(data, dict):
        yield from (((key, *rest), text) for key, value in data.items() for rest, text in _texts(value))
    elif isinstance(data, list):
        yield from (((index, *rest), text) for index, value in enumerate(data) for rest, text in _texts(value))


def _replaced(data: Any, token: str, value: str) -> Any:
    if isinstance(data, str):
        return data.replace(token, value)
    if isinstance(data, dict):
        return {_replaced(key, token, value): _replaced(member, token, value) for key, member in data.items()}
    if isinstance(data, list):
        return [_replaced(item, token, value) for item in data]
    return data
