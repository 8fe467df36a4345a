"""The status of captures, tables and requests, from the database alone."""

from psycopg import sql

from mlb_contracts import Method, times
from mlb_etl import registry
from mlb_etl.stores.interfaces.operations import DatabaseStatus, Standing
from mlb_etl.stores.postgres import failures, migrate, standing, unreadable
from mlb_etl.stores.postgres.db import Connection

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
