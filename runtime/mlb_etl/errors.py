"""The exceptions of mlb_etl, one class for each thing a caller does differently."""

import re

from mlb_contracts.errors import EtlError, Rejected, shortened

__all__ = [
    "CorruptResponse",
    "DatabaseUnavailable",
    "EtlError",
    "NotFound",
    "Rejected",
    "StoreUnavailable",
    "Unreachable",
    "printable",
    "redacted",
    "shortened",
    "told",
]


class DatabaseUnavailable(EtlError):
    """No connection: the server can't be reached, started or logged in to."""


class CorruptResponse(Rejected):
    """An answer that came broken, or is another's: asked for once more, the right one may come."""


class NotFound(EtlError):
    """The API has no such thing; asking again is of no use."""


class Unreachable(EtlError):
    """The API gives no answer now, and may later: no connection, a time-out, an error of its own, too many requests.

    retry_after: seconds that it asks to wait, None where it does not say; overall: with every request, not only this.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, overall: bool = False) -> None:
        self.retry_after, self.overall = retry_after, overall
        super().__init__(message)


class StoreUnavailable(EtlError):
    """The object store can't be reached, or refuses what it is asked."""


def told(error: BaseException) -> str:
    """What an error says, behind its notes, such as the request that it is about."""
    return ": ".join((*getattr(error, "__notes__", ()), str(error)))


def redacted(place: str) -> str:
    """A URL or path for messages, without what may be a secret: all before its last `@`, and its query."""
    rest = re.sub(r"[?#].*", "?***", place, flags=re.DOTALL)
    return printable(re.sub(r"^.*@", "***@", rest, flags=re.DOTALL))


def printable(text: object, limit: int = 200) -> str:
    """Text from outside as it may go to a terminal or a log: control and format characters escaped, cut where long."""
    cut = str(text)[: limit + 1]
    shown = "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in cut)
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"
