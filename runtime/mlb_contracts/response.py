"""A captured response of the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from mlb_contracts import conventions, requests, times


@dataclass(frozen=True, slots=True)
class Response:
    """A response with the request it answers; `data` is its body, byte for byte.

    Raises Rejected if `captured_at` is out of the range that `times.capture_time` accepts.
    """

    endpoint: str
    method: str
    path_params: Mapping[str, str]
    query_params: Mapping[str, str]
    url: str
    status_code: int
    captured_at: datetime
    data: bytes

    def __post_init__(self) -> None:
        times.capture_time(self.captured_at, "$.captured_at")

    @property
    def parameters(self) -> dict[str, str]:
        """All parameters of the request, by name."""
        return {**self.query_params, **self.path_params}

    @property
    def request(self) -> str:
        """The normal form of the request as it was made."""
        return requests.normal_form(self.method, self.parameters)

    @property
    def hydrations(self) -> list[str]:
        """The hydrations that the request asked for."""
        found = conventions.installed()
        return sorted(found.hydrations(self.query_params.get(found.hydrate, ""))) if found.hydrate else []

    @property
    def as_of(self) -> datetime:
        """The time whose state it shows: that of the request, or a past time that it asked for."""
        asked = conventions.installed().as_of(self.query_params)
        if asked is None:
            return self.captured_at
        return min(times.capture_time(asked, "$.query_params"), self.captured_at)
