"""How captures, tables and requests stand, from the database alone."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import sql

from mlb_contracts import Method, times
from mlb_etl import registry
from mlb_etl.stores.postgres import failures, migrate, standing, unreadable
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.failures import Failed
from mlb_etl.stores.postgres.unreadable import Counted

# Bodies are not read, as they stand apart from the raw table's rows.
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
    """A method's captures, and the documents that they are of.

    applied: documents that the tables show; behind: documents with content that `transform` has not applied yet, or
    under another mapping; quarantined: captures that wait for a decision; newest: when the last answer came; ahead:
    documents of which the tables show a time that is ahead of the database's clock, so that what comes is stale.
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
class Status:
    """Of a database: migrations that are not as the package has them, and where there are none all else.

    `unreadable` are the values that are NULL in the tables as they could not be read.
    """

    migrations: tuple[migrate.Version, ...] = ()
    methods: tuple[Standing, ...] = ()
    failures: tuple[Failed, ...] = ()
    unreadable: tuple[Counted, ...] = ()

    @property
    def asks_for_attention(self) -> bool:
        """Whether someone has to do something; captures that are yet to be applied are the next transformation's."""
        return bool(self.migrations or self.failures or any(each.quarantined or each.ahead for each in self.methods))


def read(connection: Connection, package: str) -> Status:
    """How the database of that package stands."""
    undone = tuple(each for each in migrate.status(connection, package) if each.state != "applied")
    if undone:
        return Status(undone)
    methods = (registry.method(package, name) for name in sorted(registry.methods(package)))
    standings = tuple(_standing(connection, each) for each in methods)
    return Status((), standings, tuple(failures.listed(connection)), tuple(unreadable.counted(connection)))


def _standing(connection: Connection, method: Method) -> Standing:
    query = sql.SQL(_STANDING).format(
        method=method.name,
        limit=sql.SQL("clock_timestamp() + {}").format(times.TOLERANCE),
        raw=standing.raw_table(method),
        hydrated=standing.hydrated(method, "r"),
        captures=standing.captures(method),
        keys=standing.keys(method, "capture"),
    )
    (found,) = connection.execute(query).fetchall()
    return Standing(method.name, *found)
