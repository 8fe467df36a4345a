"""A database, its quarantine, and its failed requests."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, Self

from mlb_contracts import Method
from mlb_contracts.change import Change
from mlb_etl.errors import NotFound, Rejected, Unreachable
from mlb_etl.http.request import Request
from mlb_etl.laws.counts import Quarantined
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.stores.interfaces.archive import ArchiveStore
from mlb_etl.stores.interfaces.captures import RawStore
from mlb_etl.stores.interfaces.operations import Operations
from mlb_etl.stores.interfaces.runs import RunStore
from mlb_etl.stores.interfaces.tables import TableStore


class QuarantineStore(Protocol):
    """The captures of a method that could not be applied, each with the reason."""

    def add(self, capture: StoredCapture, why: Rejected) -> int | None:
        """Record why the capture can't be applied; return the entry's id.

        Returns None if another worker has applied this capture or a newer one meanwhile.
        """

    def leave(self, captures: Iterable[StoredCapture]) -> None:
        """Remove the entries of captures that need no decision any more, whichever worker recorded them."""

    def waiting(self, numbers: Sequence[int]) -> Iterator[Quarantined]:
        """The undecided entries with these ids, by id."""


class DriftedCapture(NamedTuple):
    """A capture, and how it differs from the samples."""

    capture: StoredCapture
    changes: Sequence[Change]


class DriftStore(Protocol):
    """How captures of a method differ from the samples."""

    def record(self, drifted: Sequence[DriftedCapture]) -> None:
        """Add the changes of captures to those recorded."""


class FailureStore(Protocol):
    """Requests whose last attempt failed, each with the cause."""

    def noting(self, request: Request) -> AbstractContextManager[None]:
        """Record the request as failed if the block raises; otherwise forget its earlier failures."""

    def note(self, request: Request, why: NotFound | Rejected | Unreachable) -> None:
        """Record that the request failed. If that fails too, only log it: the first failure matters more."""

    def forget(self, request: Request) -> None:
        """Forget the failures of a request that was answered, and of the requests that it settles."""


class Stores(Protocol):
    """The stores of a database on one connection, for one thread at a time.

    They raise the errors of `mlb_etl.errors`, DatabaseUnavailable if the connection is lost. Any other is a bug.
    """

    def require_migrated(self, *, writing: bool = True) -> None:
        """Raise EtlError unless the database has the tables of the package and, for `writing`, can be written to."""

    def raw(self, method: Method) -> RawStore:
        """The captures of a method."""

    def archive(self, method: Method) -> ArchiveStore:
        """The same captures, for people to read."""

    def tables(self, method: Method) -> TableStore:
        """The tables of a method; call it once per connection, which then belongs to them."""

    def quarantine(self, method: Method, fingerprint: str | None = None) -> QuarantineStore:
        """The quarantine of a method, for captures that can't be applied under the mapping with this fingerprint.

        Pass None if it does not matter whether they were applied before.
        """

    def drift(self, method: Method) -> DriftStore:
        """How captures of a method differ; units record by themselves what they apply."""

    def failures(self) -> FailureStore:
        """The requests that failed."""

    def runs(self) -> RunStore:
        """The runs of commands; works on a database that is not migrated, too."""

    def tidy(self, method: Method) -> None:
        """Do the upkeep that is due after another of many small units, if any is."""

    def operations(self) -> Operations:
        """The database as operators see it; only `status` works on one that is not migrated."""

    def close(self) -> None:
        """Close the connection."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


class Database(Protocol):
    """Opens connections. It can be pickled, so that each process opens its own."""

    @property
    def package(self) -> str:
        """The import name of the generated package that defines its tables."""

    @property
    def batches_a_unit(self) -> int:
        """How many batches of documents a unit takes: more where beginning and ending one is dear."""

    def dataset(self, schema: str, table: str) -> tuple[str, str]:
        """The namespace and name of a table, as OpenLineage has them, without secrets."""

    def open(self) -> Stores:
        """A new connection; raises DatabaseUnavailable."""

    def explained(self) -> AbstractContextManager[None]:
        """Raises EtlError instead of errors of the driver that a user can fix, such as a table changed by hand."""
