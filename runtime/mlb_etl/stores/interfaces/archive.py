"""The captures in the raw tables, for people who inspect or export them."""

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from mlb_contracts.response import Response
from mlb_etl.errors import Rejected
from mlb_etl.stores.encoding import StoredBody


@dataclass(frozen=True, slots=True)
class CaptureFilter:
    """Selects captures whose request has, for each parameter here, one of its values.

    since, before: bounds of `captured_at`, the first inclusive; digest: a prefix of `content_hash` in hexadecimal.
    """

    parameters: Mapping[str, Sequence[str]] = field(default_factory=dict)
    since: datetime | None = None
    before: datetime | None = None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """A capture without its body. Its columns are not validated, so the parameters may not be objects of strings.

    stored: size of the body in the table, in bytes; size: of the decoded body, None if the stored one does not say.
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
        """The name of the method that was requested."""
        return f"{self.endpoint}.{self.method}"

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of the request by name, path parameters first; columns that aren't objects are ignored."""
        path, query = (each if isinstance(each, dict) else {} for each in (self.path_params, self.query_params))
        return path | query | path

    def response(self, kept: StoredBody) -> Response:
        """The response with this body; raises Rejected if the body or the parameters are damaged."""
        data = bytes(kept.decoded())
        if (found := hashlib.sha256(data).digest()) != self.content_hash:
            reason = "the body has changed since it was captured: its SHA-256 differs from content_hash"
            raise Rejected(reason, path="body", value=found.hex())
        return replace(self.request, data=data)

    @property
    def request(self) -> Response:
        """The response without its body; raises Rejected if the parameters are damaged."""
        return Response(
            self.endpoint,
            self.method,
            _texts(self.path_params, "path_params"),
            _texts(self.query_params, "query_params"),
            self.url,
            self.status_code,
            self.captured_at,
            b"",
        )


class ArchiveStore(Protocol):
    """The captures of a method, for people to read."""

    def recent(self, wanted: CaptureFilter, limit: int) -> list[CaptureRecord]:
        """The newest captures, latest first."""

    def count(self, wanted: CaptureFilter) -> int:
        """The number of captures."""

    def newest(self, wanted: CaptureFilter) -> tuple[CaptureRecord, StoredBody] | None:
        """The latest capture, with its body; raises EtlError if the digest fits several contents."""

    def each(self, wanted: CaptureFilter) -> Generator[tuple[CaptureRecord, StoredBody], None, None]:
        """The captures with their bodies, oldest first: one snapshot, read one by one as the caller iterates."""


def _texts(found: object, path: str) -> dict[str, str]:
    """The parameters of a request; raises Rejected if they are not an object of strings."""
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Rejected("an object of strings is expected, the parameters of a request", path=path, value=found)
    return found
