"""Requests to the API: a method's URL with its parameters, checked and quoted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mlb_contracts import Method
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import request_keys

_PLACE = re.compile(r"\{(\w+)\}")
_SEGMENT = re.compile(r"[\w.~-]*\w[\w.~-]*", re.ASCII)  # not empty, and not a step to another folder


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `path` begins with /api and is quoted.

    settles: a prefix of targets of other requests; an answer to this request clears their failures.
    """

    endpoint: str
    method: str
    path: str
    path_params: Mapping[str, str]
    query_params: Mapping[str, str]
    settles: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """All parameters, by name."""
        return {**self.path_params, **self.query_params}

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.query_params)}" if self.query_params else self.path

    @property
    def key(self) -> tuple[object, ...]:
        """The key that its recordings share."""
        return request_key(self.endpoint, self.method, self.path_params, self.query_params)


def request_key(
    endpoint: str, method: str, path_params: Mapping[str, str], query_params: Mapping[str, str]
) -> tuple[object, ...]:
    """The key of a request: the same for the same parameters, in any order."""
    return endpoint, method, tuple(sorted(path_params.items())), tuple(sorted(query_params.items()))


def require_segment(what: str, name: str, value: str) -> None:
    """Raise EtlError unless a parameter's value can stand in a path, as one step to no other folder."""
    if not _SEGMENT.fullmatch(value):
        raise EtlError(f"{what}: {name} can't be {value!r}: letters, digits and .-_~ are expected")


def build_request(method: Method, parameters: Mapping[str, str]) -> Request:
    """Build a request of a method: parameters of the URL template go into the path, all others into the query.

    Uses the first form of the method that knows all parameters. Raises EtlError for a missing or invalid parameter.
    """
    form = method.form(parameters)
    if form is None:
        unknown = method.unknown(parameters)
        possible = ", ".join(method.query or ())
        raise EtlError(
            f"{method.name} takes no parameter {unknown[0]}, since its answer may be only a part; it takes {possible}"
        )
    needed = form.path_parameters | method.key_parameters
    if missing := sorted(needed - parameters.keys()):
        raise EtlError(f"{method.name} needs the parameters {', '.join(sorted(needed))}; {missing[0]} is missing")
    path_params = {name: value for name, value in parameters.items() if name in form.path_parameters}
    for name, value in path_params.items():
        require_segment(method.name, name, value)
    query_params = {name: value for name, value in parameters.items() if name not in path_params}
    if "fields" in query_params:
        raise EtlError(f"{method.name} is never requested with fields: what it leaves out would be lost for good")
    try:
        request_keys.requested_documents(method, parameters)
    except Rejected as why:
        raise EtlError(f"{method.name}: {why}") from why
    path = _PLACE.sub(lambda match: quote(path_params[match[1]], safe=""), form.url)
    below = any(each.url.startswith(f"{form.url}/{{") for each in method.forms)  # other documents
    # A whole answer includes its parts, such as changes since a time.
    settles = None if query_params or below else f"{path}/"
    return Request(method.endpoint, form.method, path, path_params, query_params, settles)
