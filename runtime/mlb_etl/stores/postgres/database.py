"""Implements the database interface of `mlb_etl.stores.interfaces` on PostgreSQL."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Self

from mlb_contracts import Method
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate, refusals
from mlb_etl.stores.postgres.archive import Archive
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.drift import Drift
from mlb_etl.stores.postgres.dsn import parse_dsn
from mlb_etl.stores.postgres.failures import Failures
from mlb_etl.stores.postgres.operations import PostgresOperations
from mlb_etl.stores.postgres.quarantine import Quarantine
from mlb_etl.stores.postgres.raw import RawWriter
from mlb_etl.stores.postgres.runs import Runs
from mlb_etl.stores.postgres.upsert import Upsert


class PostgresStores:
    """The stores of the database, on a connection in autocommit mode."""

    def __init__(self, connection: Connection, package: str) -> None:
        self.connection = connection
        self._package = package

    @translate_errors()
    def require_migrated(self, *, writing: bool = True) -> None:
        """As `Stores` says."""
        migrate.require(self.connection, self._package, writing=writing)

    def raw(self, method: Method) -> RawWriter:
        """As `Stores` says."""
        return RawWriter(self.connection, method)

    def archive(self, method: Method) -> Archive:
        """As `Stores` says."""
        return Archive(self.connection, method)

    @translate_errors()
    def tables(self, method: Method) -> Upsert:
        """As `Stores` says."""
        return Upsert(self.connection, method)

    def quarantine(self, method: Method, fingerprint: str | None = None) -> Quarantine:
        """As `Stores` says."""
        return Quarantine(self.connection, method.name, fingerprint)

    def drift(self, method: Method) -> Drift:
        """As `Stores` says."""
        return Drift(self.connection, method.name)

    def failures(self) -> Failures:
        """As `Stores` says."""
        return Failures(self.connection)

    def runs(self) -> Runs:
        """As `Stores` says."""
        return Runs(self.connection)

    def tidy(self, method: Method) -> None:
        """As `Stores` says: autovacuum does it."""

    def operations(self) -> PostgresOperations:
        """As `Stores` says."""
        return PostgresOperations(self.connection, self._package)

    def close(self) -> None:
        """As `Stores` says."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Postgres:
    """The database in the settings: the one that their DSN names, or the embedded one in their data folder."""

    settings: Settings = field(repr=False)

    @property
    def package(self) -> str:
        """As `Database` says."""
        return self.settings.tables

    @property
    def batches_a_unit(self) -> int:
        """As `Database` says."""
        return 1

    def dataset(self, schema: str, table: str) -> tuple[str, str]:
        """As `Database` says; a server on a Unix socket is that of localhost."""
        parts = parse_dsn(db.dsn(self.settings))
        host, port = parts.get("host", "").split(",")[0], parts.get("port", "").split(",")[0]
        place = "localhost" if not host or host.startswith(("/", "@")) else host
        name = parts.get("dbname") or parts.get("user") or "postgres"
        return f"postgres://{place}:{port or 5432}", f"{name}.{schema}.{table}"

    def open(self) -> PostgresStores:
        """As `Database` says."""
        return PostgresStores(db.connect(self.settings), self.package)

    def explained(self) -> AbstractContextManager[None]:
        """As `Database` says."""
        return refusals.translated(self.settings)
