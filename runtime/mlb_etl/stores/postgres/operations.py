"""Implements the operators' view of a database on PostgreSQL."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from mlb_contracts import Method
from mlb_etl.stores.interfaces.operations import (
    BrokenCheck,
    Changing,
    ComparedDocument,
    DatabaseStatus,
    DriftedPath,
    Entry,
    EntryFilter,
    SumDifference,
    UnreadablePath,
)  # fmt: skip
from mlb_etl.stores.postgres import drift, failures, quarantine, status, sums, unreadable, verify
from mlb_etl.stores.postgres.db import Connection, translate_errors


class PostgresOperations:
    """A database as operators see it, on a connection in autocommit mode."""

    def __init__(self, connection: Connection, package: str) -> None:
        self._connection = connection
        self._package = package

    @translate_errors()
    def status(self, changing: Changing | None = None) -> DatabaseStatus:
        """As `Operations` says."""
        return status.read_status(self._connection, self._package, changing)

    def forget_failures(self) -> None:
        """As `Operations` says."""
        failures.forget_all(self._connection)

    @translate_errors()
    def unreadable(self) -> list[UnreadablePath]:
        """As `Operations` says."""
        return unreadable.count_by_path(self._connection)

    @translate_errors()
    def drifted(self, method: str | None, since: datetime | None) -> list[DriftedPath]:
        """As `Operations` says."""
        return drift.drifted_paths(self._connection, method, since)

    @translate_errors()
    def forget_drift(self, method: str | None, since: datetime | None) -> None:
        """As `Operations` says."""
        drift.forget(self._connection, method, since)

    def entries(self, wanted: EntryFilter) -> list[Entry]:
        """As `Operations` says."""
        return quarantine.entries(self._connection, wanted)

    def mark_dropped(self, numbers: Sequence[int]) -> None:
        """As `Operations` says."""
        quarantine.mark_dropped(self._connection, numbers)

    def compare(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[ComparedDocument]:
        """As `Operations` says."""
        with translate_errors():
            yield from verify.compare_documents(self._connection, method, scope)

    def different_sums(
        self, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None
    ) -> Iterator[SumDifference]:
        """As `Operations` says."""
        with translate_errors():
            yield from sums.different_sums(self._connection, method, scope, season)

    def broken_checks(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
        """As `Operations` says."""
        with translate_errors():
            yield from sums.broken_checks(self._connection, method, scope)
