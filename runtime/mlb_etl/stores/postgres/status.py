"""The status of captures, tables and requests, from the database alone."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from mlb_contracts import Method, times
from mlb_etl import registry
from mlb_etl.stores.postgres import failures, migrate, standing, unreadable
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.failures import FailedRequest
from mlb_etl.stores.postgres.unreadable import UnreadablePath

# This reads no bodies, which PostgreSQL stores out of line.
_STANDING = """
SELECT
    (SELECT count(*) FROM {raw} AS r WHERE {hydrated}),
    count(*), count(*) FILTER (WHERE applied), count(*) FILTER (WHERE behind),
    (SELECT count(*) FROM etl.quarantine WHERE method = {method} AND state = 'waiting'),
    max(newest), count(*) FILTER (WHERE ahead)
FROM (
    SELECT
        max(greatest(captured_at, as_of)) FILTER (WHERE captured_at <= {limit}) AS newest,
        bool_or(shown_as_of > {limit}) AS ahead,
        bool_or(shown_as_of IS NOT NULL) AS applied,
        bool_or(standing = 'pending') AS behind
    FROM ({captures}) AS capture
    GROUP BY {keys}
) AS document
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of a method's captures and documents.

    applied: documents that the tables show; behind: documents with content not applied yet, or applied under another
    mapping; quarantined: captures waiting for a decision; newest: time of the latest response; ahead: documents whose
    tables show a time ahead of the database's clock, so that new captures count as stale.
    """

    method: str
    captures: int
    documents: int
    applied: int
    behind: int
    quarantined: int
    newest: datetime | None
    ahead: int


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """The status of a database. If `migrations`, the ones not applied as in the package, has any, the rest is empty.

    `unreadable` are the values that are NULL in the tables because they could not be read.
    """

    migrations: tuple[migrate.Version, ...] = ()
    methods: tuple[Standing, ...] = ()
    failures: tuple[FailedRequest, ...] = ()
    unreadable: tuple[UnreadablePath, ...] = ()

    @property
    def asks_for_attention(self) -> bool:
        """Whether the user has to act; pending captures don't count, as the next `transform` applies them."""
        return bool(self.migrations or self.failures or any(each.quarantined or each.ahead for each in self.methods))


def read_status(connection: Connection, package: str) -> DatabaseStatus:
    """Read the status of the package's database."""
    undone = tuple(each for each in migrate.versions(connection, package) if each.state != "applied")
    if undone:
        return DatabaseStatus(undone)
    methods = (registry.method(package, name) for name in sorted(registry.methods(package)))
    standings = tuple(_standing(connection, each) for each in methods)
    return DatabaseStatus(
        (), standings, tuple(failures.failed_requests(connection)), tuple(unreadable.count_by_path(connection))
    )


def _standing(connection: Connection, method: Method) -> Standing:
    query = sql.SQL(_STANDING).format(
        method=method.name,
        limit=sql.SQL("clock_timestamp() + {}").format(times.TOLERANCE),
        raw=standing.raw_table(method),
        hydrated=standing.hydrated(method, "r"),
        captures=standing.captures(method),
        keys=standing.key_columns(method, "capture"),
    )
    (found,) = connection.execute(query).fetchall()
    return Standing(method.name, *found)
