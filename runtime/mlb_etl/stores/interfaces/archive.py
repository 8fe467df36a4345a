"""What the raw tables hold, capture by capture, for people who look at them and take them elsewhere."""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from mlb_contracts.response import Response
from mlb_etl.errors import Rejected
from mlb_etl.stores.encoding import Kept


@dataclass(frozen=True, slots=True)
class Filter:
    """Which captures: those whose request had one of these values of each parameter, from a time on, before another.

    digest: how `content_hash` begins, in hexadecimal digits.
    """

    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: datetime | None = None
    before: datetime | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture without its body; `parameters` and the like are as the raw table has them, right or wrong.

    stored: bytes that the body has in the table; size: bytes that it had when it came, None where it does not say.
    """

    endpoint: str
    method: str
    path_params: Any
    query_params: Any
    url: str
    status_code: int
    captured_at: datetime
    as_of: datetime
    last_seen_at: datetime
    seen: int
    content_hash: bytes
    encoding: str
    stored: int
    size: int | None

    @property
    def name(self) -> str:
        """Of the method that was asked."""
        return f"{self.endpoint}.{self.method}"

    @property
    def parameters(self) -> dict[str, Any]:
        """All of the request, by name, those in the path first; none where that can't be read."""
        path, query = (each if isinstance(each, dict) else {} for each in (self.path_params, self.query_params))
        return path | query | path

    def response(self, kept: Kept) -> Response:
        """The response with this body; raises Rejected where the body or what was asked is damaged."""
        data = bytes(kept.whole())
        if (found := hashlib.sha256(data).digest()) != self.content_hash:
            raise Rejected("its body is not the one that came: its SHA-256 is another", path="body", value=found.hex())
        return Response(
            self.endpoint,
            self.method,
            _texts(self.path_params, "path_params"),
            _texts(self.query_params, "query_params"),
            self.url,
            self.status_code,
            self.captured_at,
            data,
        )


class ArchiveStore(Protocol):
    """The captures of a method, as they are read by people."""

    def listed(self, wanted: Filter, limit: int) -> list[Captured]:
        """The newest captures, the last that was made first."""

    def count(self, wanted: Filter) -> int:
        """How many captures there are."""

    def newest(self, wanted: Filter) -> tuple[Captured, Kept] | None:
        """The last capture that was made, with its body; raises EtlError where a digest means several contents."""

    def each(self, wanted: Filter) -> Generator[tuple[Captured, Kept], None, None]:
        """The captures with their bodies, oldest first; each is read when it is asked for, all as they are now."""


def _texts(found: object, path: str) -> dict[str, str]:
    """The parameters of a request; raises Rejected for what is none."""
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Rejected("the parameters of a request are expected, each a text", path=path, value=found)
    return found
