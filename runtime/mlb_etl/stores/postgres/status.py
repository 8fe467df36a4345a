"""The status of captures, tables and requests, from the database alone."""

from collections.abc import Iterator

from psycopg import sql

from mlb_contracts import Method, times
from mlb_etl import registry
from mlb_etl.stores.interfaces.operations import Changing, ChangingDocument, DatabaseStatus, Standing, Version
from mlb_etl.stores.postgres import ahead, drift, failures, migrate, standing, unreadable
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.runs import Runs

# This reads no bodies, which PostgreSQL stores out of line.
_STANDING = """
SELECT
    (SELECT count(*) FROM {raw} AS r WHERE {hydrated}),
    count(*), count(*) FILTER (WHERE applied), count(*) FILTER (WHERE behind),
    (SELECT count(*) FROM etl.quarantine WHERE method = {method} AND state = 'waiting'),
    max(newest), count(*) FILTER (WHERE ahead), max(latest_shown), min(behind_since)
FROM (
    SELECT
        max(greatest(captured_at, as_of)) FILTER (WHERE captured_at <= {limit}) AS newest,
        bool_or(shown_as_of > {limit}) AS ahead,
        bool_or(shown_as_of IS NOT NULL) AS applied,
        bool_or(standing = 'pending') AS behind,
        max(as_of) FILTER (WHERE shown AND as_of <= {limit}) AS latest_shown,
        min(captured_at) FILTER (WHERE standing = 'pending') AS behind_since
    FROM ({captures}) AS capture
    GROUP BY {keys}
) AS document
"""


_CHANGING = """
SELECT
    {document}, t.{column},
    (SELECT max(r.last_seen_at) FROM {documents} AS d JOIN {raw} AS r ON {captured} WHERE {same})
FROM {table} AS t
WHERE t.{column} <> ALL ({settled})
ORDER BY 1
"""


def read_status(connection: Connection, package: str, changing: Changing | None = None) -> DatabaseStatus:
    """Read the status of the package's database."""
    undone = tuple(pending(connection, package))
    if undone:
        return DatabaseStatus(undone)
    methods = (registry.method(package, name) for name in sorted(registry.methods(package)))
    standings = tuple(method_standing(connection, each) for each in methods)
    return DatabaseStatus(
        methods=standings,
        failures=tuple(failures.failed_requests(connection)),
        unreadable=tuple(unreadable.count_by_path(connection)),
        drift=tuple(drift.count_by_method(connection)),
        partitions=tuple(ahead.partitions_ahead(connection, package)),
        changing=tuple(changing_documents(connection, package, changing)) if changing else (),
        runs=tuple(Runs(connection).last()),
    )


def pending(connection: Connection, package: str) -> list[Version]:
    """The migrations that are not applied as in the package."""
    return [each for each in migrate.versions(connection, package) if each.state != "applied"]


def changing_documents(connection: Connection, package: str, wanted: Changing) -> Iterator[ChangingDocument]:
    """The documents that go on changing, if the package has their method."""
    if wanted.method not in registry.methods(package):
        return
    method = registry.method(package, wanted.method)
    schema, _, table = wanted.table.partition(".")
    keys = (sql.Identifier(key.name) for key in method.document)
    query = sql.SQL(_CHANGING).format(
        document=standing.document_json(method, "t"),
        column=sql.Identifier(wanted.column),
        documents=standing.documents_table(method),
        raw=standing.raw_table(method),
        captured=standing.in_capture("d", "r"),
        same=sql.SQL(" AND ").join(sql.SQL("d.{key} = t.{key}").format(key=key) for key in keys),
        table=sql.Identifier(schema, table),
        settled=sorted(wanted.settled),
    )
    for document, state, seen_at in connection.execute(query):
        yield ChangingDocument(method.name, document, state, seen_at)


def method_standing(connection: Connection, method: Method) -> Standing:
    """The numbers of a method's captures and documents."""
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
