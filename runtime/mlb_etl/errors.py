"""The exceptions of mlb_etl, one class for each thing a caller does differently.

    EtlError                     fatal: a user has to change something; the message says what
    ├── DriftFound               fatal, as the mapping says: a response differs from all samples
    ├── DatabaseUnavailable      try again on a new connection: the work can succeed later, or elsewhere
    │   └── QueryCancelled       the connection is as good as before: try again later, or ask for less
    ├── StoreUnavailable         try again later, without losing the response
    ├── Unreachable              try again after a pause
    ├── NotFound                 skip: asking again is useless
    └── Rejected                 quarantine the document, and go on with the others
        ├── CorruptResponse      request the response again, then quarantine
        ├── DuplicateKey         apply again as a document that already has rows, then quarantine
        ├── RowTooLong           apply again through wider staging tables, then quarantine
        ├── ValueRefused         apply again without the values that no column can hold, then quarantine
        └── CheckFailed          find the value that breaks the check, then quarantine

A store translates its driver's errors once, where they occur, into the last four. Callers rely on these classes, never
on `__cause__`, which is only for tracebacks. Any other exception is a bug, ours or the server's: nothing catches it,
and a command ends with exit code 70.
"""

import re

from mlb_contracts.errors import EtlError, Rejected, shortened

__all__ = [
    "CheckFailed",
    "CorruptResponse",
    "DatabaseUnavailable",
    "DriftFound",
    "DuplicateKey",
    "EtlError",
    "NotFound",
    "QueryCancelled",
    "Rejected",
    "RowTooLong",
    "StoreUnavailable",
    "Unreachable",
    "ValueRefused",
    "printable",
    "redacted",
    "shortened",
    "with_notes",
]


class DatabaseUnavailable(EtlError):
    """No connection: the server can't be reached or started, or refuses the login."""


class QueryCancelled(DatabaseUnavailable):
    """The server ended a statement that took too long, or waited too long for a lock."""


class DriftFound(EtlError):
    """A response differs from all samples, and its mapping says that the run fails then."""


class CorruptResponse(Rejected):
    """A response that is cut off, is not JSON, or belongs to another request; repeating the request may help."""


class DuplicateKey(Rejected):
    """A new row has the key of an existing row, of another document or of one that lost its watermark."""


class RowTooLong(Rejected):
    """A row, or its entry in an index, is longer than the store can keep."""


class ValueRefused(Rejected):
    """A value that its column's type can't hold."""


class CheckFailed(Rejected):
    """A row that violates a check of its table; `check` is the name of that check."""

    check: str | None = None


class NotFound(EtlError):
    """The API has no such thing; repeating the request is useless."""


class Unreachable(EtlError):
    """The API does not answer now, but may later: no connection, a timeout, a server error, too many requests.

    retry_after: the seconds that it asks to wait, None if it does not say; overall: it asks to pause all requests.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, overall: bool = False) -> None:
        self.retry_after, self.overall = retry_after, overall
        super().__init__(message)


class StoreUnavailable(EtlError):
    """The object store can't be reached, or refuses a request."""


def with_notes(error: BaseException) -> str:
    """The message of an error, preceded by its notes, such as the request it concerns."""
    return ": ".join((*getattr(error, "__notes__", ()), str(error)))


def redacted(place: str) -> str:
    """A URL or path for messages, without possible secrets: everything before its last `@`, and its query."""
    rest = re.sub(r"[?#].*", "?***", place, flags=re.DOTALL)
    return printable(re.sub(r"^.*@", "***@", rest, flags=re.DOTALL))


def printable(text: object, limit: int = 200) -> str:
    """Text from outside, made safe for a terminal or a log: control and format characters escaped, long text cut."""
    cut = str(text)[: limit + 1]
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
