"""How documents are asked for: URLs and the parameters of requests."""

import re

from mlbgen.language import spec
from mlbgen.lower.report import Place, Report, did_you_mean

_URL = re.compile(r"/(?:[A-Za-z0-9_.~-]|/|\{[a-z][a-z0-9_]*\})*")
_PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def check_url(report: Report, place: Place, declared: spec.Source) -> None:
    """The URL's parameters are plain, and no parameter comes twice."""
    if _URL.fullmatch(declared.url) is None:
        help_ = "such as /api/v1/people/{person_id}"
        report.add("MG080", place.at("url"), "the URL is no path with parameters in snake case", help_)
    taken = _PARAMETER.findall(declared.url)
    for number, name in enumerate(declared.query or ()):
        if name in taken:
            report.add("MG023", place.at("query", number), f'there is a parameter "{name}" already')
        taken.append(name)


def check_parameter(report: Report, place: Place, name: str, declared: spec.Source, *, offset: int = 0) -> bool:
    """The request can have the parameter: in its URL, or in its query."""
    known = (*_PARAMETER.findall(declared.url), *(declared.query or ()))
    if name not in known:
        help_ = did_you_mean(name, known, "name it in the URL, or in source.query")
        report.add("MG080", place, f'the request has no parameter "{name}"', help_, offset=offset)
    return name in known
