"""What is asked of the API: a method's URL with its parameters, checked and quoted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from mlb_contracts import Method, requests
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import request_keys

_PLACE = re.compile(r"\{(\w+)\}")
_SEGMENT = re.compile(r"[\w.~-]*\w[\w.~-]*", re.ASCII)  # so neither empty nor a step to another folder


@dataclass(frozen=True, slots=True)
class Request:
    """A request by its meaning; `path` begins with /api and is quoted.

    settles: how targets of other requests begin, the failures of which an answer to this one makes up for.
    """

    endpoint: str
    method: str
    path: str
    path_params: Mapping[str, str]
    query_params: Mapping[str, str]
    settles: str | None = None

    @property
    def parameters(self) -> dict[str, str]:
        """All of them, by name."""
        return {**self.path_params, **self.query_params}

    @property
    def target(self) -> str:
        """The path with the query."""
        return f"{self.path}?{urlencode(self.query_params)}" if self.query_params else self.path

    @property
    def name(self) -> str:
        """As raw tables tell requests apart."""
        return requests.normal_form(self.method, self.parameters)

    @property
    def key(self) -> tuple[object, ...]:
        """What recordings of it have in common."""
        return request_key(self.endpoint, self.method, self.path_params, self.query_params)


def request_key(
    endpoint: str, method: str, path_params: Mapping[str, str], query_params: Mapping[str, str]
) -> tuple[object, ...]:
    """Of a request: the same for the same parameters, in whatever order they are."""
    return endpoint, method, tuple(sorted(path_params.items())), tuple(sorted(query_params.items()))


def build_request(method: Method, parameters: Mapping[str, str]) -> Request:
    """The request of a method: parameters in its URL's template go there, others behind it.

    Of the method's forms it is the first that knows all of them. Raises EtlError for one that is missing or does not
    fit.
    """
    form = method.form(parameters)
    if form is None:
        unknown = method.unknown(parameters)
        possible = ", ".join(method.query or ())
        raise EtlError(
            f"{method.name} is never asked with {unknown[0]}, perhaps for a part only; {possible} are possible"
        )
    needed = form.path_parameters | method.key_parameters
    if missing := sorted(needed - parameters.keys()):
        raise EtlError(f"{method.name} is asked with {', '.join(sorted(needed))}; {missing[0]} is missing")
    path_params = {name: value for name, value in parameters.items() if name in form.path_parameters}
    for name, value in path_params.items():
        if not _SEGMENT.fullmatch(value):
            raise EtlError(f"{method.name}: {name} can't be {value!r}: letters, digits and .-_~ are expected")
    query_params = {name: value for name, value in parameters.items() if name not in path_params}
    if "fields" in query_params:
        raise EtlError(f"{method.name} is never asked with fields: what it leaves out would be lost for good")
    try:
        request_keys.requested_documents(method, parameters)
    except Rejected as why:
        raise EtlError(f"{method.name}: {why}") from why
    path = _PLACE.sub(lambda match: quote(path_params[match[1]], safe=""), form.url)
    settles = None if query_params else f"{path}/"  # the whole has its parts, such as changes since a time
    return Request(method.endpoint, form.method, path, path_params, query_params, settles)
