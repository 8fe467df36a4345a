"""A database, and what it keeps besides captures and tables."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, Self

from mlb_contracts import Method
from mlb_etl.errors import NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.laws.counts import Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.interfaces.archive import ArchiveStore
from mlb_etl.stores.interfaces.captures import RawStore
from mlb_etl.stores.interfaces.tables import TableStore


class QuarantineStore(Protocol):
    """The captures of a method that were not applied, each with the reason."""

    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        """Note that the capture can't be applied, and why; returns the note's number.

        None where others have applied the capture meanwhile, or a newer one.
        """

    def leave(self, captures: Iterable[StoredCapture]) -> None:
        """Forget the captures, on which there is nothing left to decide, whoever has noted them and when."""

    def waiting(self, numbers: Sequence[int]) -> Iterator[Quarantined]:
        """Those of these numbers on which nobody has decided yet, by number."""


class FailureStore(Protocol):
    """Requests that failed when they were last made, each with the cause."""

    def noting(self, request: Request) -> AbstractContextManager[None]:
        """Keep of the request whether the block fails, and why; what was kept before is forgotten where it does not."""

    def note(self, request: Request, why: NotFound | Rejected | Unreachable) -> None:
        """Keep that the request failed. Where it can't be kept that is only logged: the failure matters more."""

    def forget(self, request: Request) -> None:
        """The request was answered, and with it those that it settles."""


class Stores(Protocol):
    """All that a database keeps, on one connection, for one thread at a time.

    Its errors are those of `mlb_etl.errors`, and DatabaseUnavailable where the connection is lost; others are bugs.
    """

    def require_migrated(self, *, writing: bool = True) -> None:
        """Raise EtlError unless the database has the tables of the package and, for `writing`, can be written to."""

    def raw(self, method: Method) -> RawStore:
        """The captures of a method."""

    def archive(self, method: Method) -> ArchiveStore:
        """The same captures, as people read them."""

    def tables(self, method: Method) -> TableStore:
        """The tables of a method; once a connection, which then is theirs."""

    def quarantine(self, method: Method, fingerprint: str | None = None) -> QuarantineStore:
        """The quarantine of a method, into which captures go that can't be applied under the mapping of a fingerprint.

        None where it does not matter whether they were applied before.
        """

    def failures(self) -> FailureStore:
        """What is kept of requests that fail."""

    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Database(Protocol):
    """Where the stores are. It can be pickled, so that each process opens connections of its own."""

    @property
    def package(self) -> str:
        """The import name of the generated package whose tables it has."""

    def open(self) -> Stores:
        """A new connection; raises DatabaseUnavailable."""
