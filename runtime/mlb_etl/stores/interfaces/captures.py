"""The raw table of a method: storing captures and reading them back."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from mlb_contracts.response import Response
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http.bodies import TooLarge
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.encoding import StoredBody

Fate: TypeAlias = Literal["stored", "seen", "known"]
"""What storing a response did: `stored` added a row, `seen` counted it in the previous row, whose content it repeats,
and `known` changed nothing, because this capture was there already."""


Answered: TypeAlias = tuple[Response, Sequence[HeldDocument]]
"""A response, and the documents that it holds."""


class Past(NamedTuple):
    """A capture with its body, None if that is damaged; `sound` if it is neither damaged nor in quarantine."""

    as_of: datetime
    last_seen_at: datetime
    sound: bool
    data: bytes | None


class RawStore(Protocol):
    """The captures of a method. Document keys are passed as values by name."""

    def store(self, response: Response, held: Sequence[HeldDocument]) -> Fate:
        """Add a response that holds these documents, or count it if the previous response had the same content.

        Raises TooLarge for a body larger than MLB_ETL_MAX_BODY.
        """

    @property
    def batch(self) -> int:
        """How many responses to store at once: 1 where each by itself is as fast."""

    def store_all(self, answers: Sequence[Answered]) -> list[Fate | TooLarge]:
        """Store responses in this order, each as `store` does; return what became of each."""

    def now(self) -> datetime:
        """The time on the database's clock, which all processes share."""

    def require_present(self, response: Response) -> None:
        """Raise Rejected if the response, captured just now, is ahead of the database's clock."""

    def captures(self, scope: Mapping[str, Sequence[Any]]) -> Iterator[StoredCapture]:
        """The captures of the documents in scope, by document and time; `scope` maps keys to the wanted values."""

    def quarantined(self, ids: Sequence[int]) -> list[StoredCapture]:
        """The captures with these quarantine ids, by document and time."""

    def newer(self, keys: Mapping[str, Any]) -> list[StoredCapture]:
        """The captures of a document that are not older than what its tables show, oldest first."""

    def history(self, keys: Mapping[str, Any]) -> Generator[Past, None, None]:
        """The captures of a document, the last seen first; each is read as the caller iterates."""

    def read(self, capture: StoredCapture) -> bytes:
        """The body of a capture; raises Rejected for a damaged one."""

    def read_all(self, captures: Sequence[StoredCapture]) -> Iterator[tuple[StoredCapture, StoredBody]]:
        """The captures with the bodies of their responses; captures of one response share one body.

        All bodies are read before the first is returned, so that decoding keeps its caches.
        """

    def newest(self, request: str) -> bytes | None:
        """The body last seen for a request; None if there is none or it is damaged."""
