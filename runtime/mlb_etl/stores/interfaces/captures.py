"""The raw table of a method, as captures are stored in it and read back."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from mlb_contracts.response import Response
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.encoding import Kept

Fate: TypeAlias = Literal["stored", "seen", "known"]
"""What became of a response: a row of its own, counted in that of the same content before, or there already."""


class Past(NamedTuple):
    """A capture with its body, None where that is damaged; `sound` where it is not, and not in quarantine."""

    as_of: datetime
    last_seen_at: datetime
    sound: bool
    data: bytes | None


class RawStore(Protocol):
    """The captures of a method. Document keys are given as values by name."""

    def store(self, response: Response, held: Sequence[HeldDocument]) -> Fate:
        """Add a response that holds these documents, or count it where the answer before it had its content.

        Raises TooLarge for a body of more than MLB_ETL_MAX_BODY.
        """

    def now(self) -> datetime:
        """The time on the database's clock, which all processes share."""

    def require_present(self, response: Response) -> None:
        """Raise Rejected where this machine, whose time a response of now has, is ahead of the database's clock."""

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[StoredCapture]:
        """The captures of the documents in scope, by document and time; `scope` has the values wanted of some keys."""

    def quarantined(self, ids: Sequence[int]) -> list[StoredCapture]:
        """The captures that stand in quarantine under these numbers, by document and time."""

    def newer(self, keys: Mapping[str, Any]) -> list[StoredCapture]:
        """The captures of a document from the time on that its tables show, oldest first."""

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """The captures of a document, the last that was seen first; each is read when it is asked for."""

    def read(self, capture: StoredCapture) -> bytes:
        """The body of a capture; raises Rejected for a damaged one."""

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, Kept]]:
        """The captures with the bodies of their answers, the same one for the same answer.

        All are read before one is given, so that decoding keeps its caches.
        """

    def newest(self, request: str) -> bytes | None:
        """The answer to a request when it was last seen, None where it never was, or that is damaged."""
