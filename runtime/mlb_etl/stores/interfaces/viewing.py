"""A database for people who look at it: a read-only session, in which neither rows nor time are without bound."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from mlb_contracts import Method
from mlb_etl.stores.interfaces.operations import (
    Changing,
    ChangingDocument,
    DriftedPath,
    Entry,
    FailedRequest,
    PartitionsAhead,
    Standing,
    UnreadablePath,
    Version,
)  # fmt: skip
from mlb_etl.stores.interfaces.runs import RecordedRun

Access: TypeAlias = Literal["readable", "hidden", "missing"]
"""hidden: the table exists, but the session's role may not read it."""

QUARANTINE, RUNS, FAILURES, DRIFT = "etl.quarantine", "etl.run", "etl.failure", "etl.drift"
UNREADABLE, WATERMARK, HISTORY = "etl.unreadable", "etl.watermark", "etl.flyway_schema_history"


@dataclass(frozen=True, slots=True)
class Freshness:
    """The newest times in the rows of a table; None if it has no rows."""

    table: str
    captured_at: datetime | None
    ingested_at: datetime | None


@dataclass(frozen=True, slots=True)
class QuarantinedBody:
    """The response that holds a capture in quarantine; `request` is as the raw table names it."""

    request: str
    data: bytes


class Viewer(Protocol):
    """A read-only session. Methods raise QueryCancelled if a statement takes too long, else as `Stores` do.

    Each table that a method reads can be asked for with `access` before.
    """

    @property
    def name(self) -> str:
        """The database and the role, for people; without secrets."""

    @property
    def role(self) -> str:
        """The session's role."""

    def access(self, tables: Collection[str]) -> Mapping[str, Access]:
        """Whether the role may read each of these tables or views, given as `schema.table`."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Within the block, all methods see the same state."""

    def rows(
        self,
        table: str,
        columns: Sequence[str],
        where: Mapping[str, Sequence[Any]],
        *,
        order: Sequence[str],
        limit: int,
    ) -> list[dict[str, Any]]:
        """The first rows of a table or view whose columns have one of the values; `-column` orders from the largest."""

    def newest(self, table: str) -> Freshness:
        """The newest times in a table; reads all of it."""

    def pending(self) -> list[Version]:
        """The migrations that are not applied as in the package."""

    def standing(self, method: Method) -> Standing:
        """The numbers of a method's captures and documents."""

    def changing(self, wanted: Changing) -> list[ChangingDocument]:
        """The documents that go on changing."""

    def partitions(self) -> list[PartitionsAhead]:
        """How far ahead each table has partitions."""

    def runs(self) -> list[RecordedRun]:
        """The last run of each command and subject, the latest start first."""

    def failures(self, limit: int) -> list[FailedRequest]:
        """The failed requests, the last failure first."""

    def unreadable(self, limit: int) -> list[UnreadablePath]:
        """The values that could not be read, by method, table and path."""

    def drift(self, limit: int) -> list[DriftedPath]:
        """How responses differ from the samples, by method and path."""

    def quarantined(self, limit: int) -> list[Entry]:
        """The captures that wait in quarantine, oldest first."""

    def entry(self, number: int) -> Entry:
        """The capture with this id in quarantine, dropped or not; raises EtlError if there is none."""

    def body(self, entry: Entry) -> QuarantinedBody | None:
        """Its response; None if the raw table lost it. Raises Rejected for a damaged body."""

    def close(self) -> None:
        """Close the session."""


class Viewing(Protocol):
    """Opens read-only sessions."""

    @property
    def package(self) -> str:
        """The import name of the generated package that defines the tables."""

    def open(self) -> Viewer:
        """A new session; raises DatabaseUnavailable, and neither starts a server nor creates a database."""

    def explained(self) -> AbstractContextManager[None]:
        """Raises EtlError instead of errors of the driver that a user can fix, such as a table changed by hand."""
