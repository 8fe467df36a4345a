"""Forms of a method: each is a URL and the parameters that requests to it can have."""

import re
from collections.abc import Iterator

from mlbgen import ir
from mlbgen.language import spec
from mlbgen.lower import naming
from mlbgen.lower.report import Place, Report, did_you_mean

_URL = re.compile(r"/(?:[A-Za-z0-9_.~-]|/|\{[A-Za-z][A-Za-z0-9_]*\})*")
_PARAMETER = re.compile(r"\{([A-Za-z][A-Za-z0-9_]*)\}")


def forms(report: Report, place: Place, declared: spec.Source) -> tuple[ir.Form, ...]:
    """The forms, starting with that of the source itself.

    Several forms can share a URL if their queries differ: the parameters decide which form a request has.
    """
    found: list[ir.Form] = []
    for at, form in _declared(place, declared):
        _check_names(report, at, form)
        made = ir.Form(form.method or declared.method, form.url, None if form.query is None else tuple(form.query))
        if any(_same(made, each) for each in found):
            report.add("MG023", at.at("url"), f'there is already a form "{form.url}" of {made.method}')
        found.append(made)
    return tuple(found)


def _same(first: ir.Form, second: ir.Form) -> bool:
    """Whether the same requests can have either form."""
    same_query = None in (first.query, second.query) or {*(first.query or ())} == {*(second.query or ())}
    return (first.method, first.url) == (second.method, second.url) and same_query


def check_parameter(
    report: Report, place: Place, name: str, declared: spec.Source, *, of_each: bool = True, offset: int = 0
) -> bool:
    """Check that requests of each form, or without `of_each` of any form, can have the parameter in URL or query."""
    by_form = [(form.url, _parameters(form)) for _, form in _declared(place, declared)]
    lacking = [url for url, parameters in by_form if name not in parameters]
    if not lacking or (not of_each and len(lacking) < len(by_form)):
        return True
    known = {each for _, parameters in by_form for each in parameters}
    if name in known:
        help_ = "add it to the URL or the query of each form: a document key or a rule needs it"
        report.add("MG080", place, f'requests to {lacking[0]} have no parameter "{name}"', help_, offset=offset)
    else:
        help_ = did_you_mean(name, known, "add it to the URL or to source.query")
        report.add("MG080", place, f'the request has no parameter "{name}"', help_, offset=offset)
    return False


def _declared(place: Place, declared: spec.Source) -> Iterator[tuple[Place, spec.Source | spec.Form]]:
    yield place, declared
    for number, form in enumerate(declared.forms):
        yield place.at("forms", number), form


def _parameters(form: spec.Source | spec.Form) -> tuple[str, ...]:
    return (*_PARAMETER.findall(form.url), *(form.query or ()))


def _check_names(report: Report, place: Place, form: spec.Source | spec.Form) -> None:
    """Check the method's name and the URL, and that no parameter is declared twice."""
    naming.check_package(report, place.at("method"), form.method or "")
    if _URL.fullmatch(form.url) is None:
        help_ = "for example /api/v1/people/{personId}"
        message = "the URL must be a path, with parameters such as {personId}"
        report.add("MG080", place.at("url"), message, help_)
    taken = _PARAMETER.findall(form.url)
    if twice := next((name for name in taken if taken.count(name) > 1), None):
        report.add("MG023", place.at("url"), f'there is already a parameter "{twice}"')
    for number, name in enumerate(form.query or ()):
        if name in taken:
            report.add("MG023", place.at("query", number), f'there is already a parameter "{name}"')
        taken.append(name)
