"""Grants two roles what loading and reading need, and no more: a writer and a reader.

Privileges come from the facts of the package's methods. Rows are written through their table. A role that may read a
table may read its partitions, because otherwise the server would not say which key a row repeats or lacks. Raw tables
share schemas with the tables of data, so default privileges could not tell the two apart; instead the owner grants
again after each migration.
"""

from collections.abc import Iterable, Iterator

from psycopg import sql

from mlb_contracts import Method, limits
from mlb_etl import registry
from mlb_etl.errors import EtlError, shortened
from mlb_etl.stores.postgres import functions, migrate, schema_drift
from mlb_etl.stores.postgres.composing import wrapped_list
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.schema_drift import CONTROL

WRITER, READER = "mlb_writer", "mlb_reader"
WRITTEN = ("drift", "failure", "quarantine", "run", "unreadable", "watermark")  # control tables that loading writes
MIGRATED = ("control_schema_history", "flyway_schema_history", "schema_made")  # and those that migrations write

# What a sighting of a capture changes; all else in a raw table stays as it was stored.
_SIGHTINGS = ("seen", "last_seen_at")
_FUNCTIONS = ", ".join(functions.NAMES)
# Takes back what the roles have on our tables, so that they end up with exactly what follows.
_REVOKE = """\
DO $roles$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT n.nspname, c.relname, r.rolname
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        CROSS JOIN pg_catalog.aclexplode(c.relacl) AS a
        JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
        WHERE n.nspname = ANY({schemas}) AND r.rolname IN ({writer}, {reader}) AND c.relkind IN ('r', 'p')
            AND (n.nspname = 'etl' OR n.nspname || '.' || c.relname = ANY({tables}))
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON %I.%I FROM %I', held.nspname, held.relname, held.rolname);
    END LOOP;
END
$roles$"""
# Changes only partitions on which a role has other privileges than it should: there are a thousand and more.
_PARTITIONS = """\
DO $roles$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT n.nspname, c.relname, r.rolname, p.readable
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = c.oid
        JOIN pg_catalog.pg_roles AS r ON r.rolname IN ({writer}, {reader})
        CROSS JOIN LATERAL (SELECT pg_catalog.has_table_privilege(r.oid, i.inhparent, 'SELECT')) AS p (readable)
        CROSS JOIN LATERAL (
            SELECT pg_catalog.array_agg(a.privilege_type)
            FROM pg_catalog.aclexplode(c.relacl) AS a
            WHERE a.grantee = r.oid
        ) AS h (held)
        WHERE n.nspname = ANY({schemas}) AND c.relispartition AND c.relkind IN ('r', 'p')
            AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
            AND h.held IS DISTINCT FROM CASE WHEN p.readable THEN '{{SELECT}}'::text[] END
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON %I.%I FROM %I', each.nspname, each.relname, each.rolname);
        IF each.readable THEN
            EXECUTE pg_catalog.format('GRANT SELECT ON %I.%I TO %I', each.nspname, each.relname, each.rolname);
        END IF;
    END LOOP;
END
$roles$"""
_GRANT_VIEWS = """\
DO $roles$
DECLARE
    each record;
BEGIN
    FOR each IN
        SELECT n.nspname, c.relname
        FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY({schemas}) AND c.relkind IN ('v', 'm') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')
    LOOP
        EXECUTE pg_catalog.format('GRANT SELECT ON %I.%I TO %I, %I', each.nspname, each.relname, {writer}, {reader});
    END LOOP;
END
$roles$"""
_OWNER = """
SELECT pg_get_userbyid(relowner)::text, pg_has_role(relowner, 'USAGE')
FROM pg_class WHERE oid = 'etl.watermark'::regclass
"""
_ROLES = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)"


def script(package: str, writer: str, reader: str) -> str:
    """The statements that grant both roles their privileges, as a script of one transaction. It may run repeatedly."""
    lines = (f"{each.as_string(None)};\n" for each in _statements(package, writer, reader))
    return "".join(["BEGIN;\n", *lines, "COMMIT;\n"])


def apply(connection: Connection, package: str, writer: str, reader: str) -> None:
    """Grant both roles their privileges, in one transaction.

    Raises EtlError if a role does not exist, or if the session's role does not own the tables.
    """
    migrate.require(connection, package)
    with translate_errors():
        _require_roles(connection, writer, reader)
        with connection.transaction():
            for statement in _statements(package, writer, reader):
                connection.execute(statement)


def _require_roles(connection: Connection, *names: str) -> None:
    [(owner, ours)] = connection.execute(_OWNER).fetchall()
    if not ours:
        raise EtlError(f"only {owner}, the owner of the tables, can grant privileges on them: set MLB_ETL_DSN to it")
    if owner in names:
        raise EtlError(f"{owner} owns the tables: choose another role")
    found = {name for (name,) in connection.execute(_ROLES, [list(names)])}
    for name in names:
        if name not in found:
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD '...'").format(sql.Identifier(name)).as_string(None)
            raise EtlError(f"role {name} does not exist: an administrator creates it with {made}")


def _statements(package: str, writer: str, reader: str) -> Iterator[sql.Composed]:
    for name in (writer, reader):
        if not 0 < len(name.encode()) <= limits.NAME_BYTES or "\0" in name:
            raise EtlError(f"not the name of a role, which has 1 to {limits.NAME_BYTES} bytes: {shortened(name)}")
    if writer == reader:
        raise EtlError(f"writer and reader are both {writer}: two roles are expected")
    methods = [registry.method(package, name) for name in registry.methods(package)]
    yield from _reset(package, methods, writer, reader)
    yield from _to_writer(package, methods, sql.Identifier(writer))
    yield from _to_reader(package, methods, sql.Identifier(reader))
    schemas = sql.Literal(schema_drift.schemas(package))
    for form in (_PARTITIONS, _GRANT_VIEWS):
        yield sql.SQL(form).format(schemas=schemas, writer=sql.Literal(writer), reader=sql.Literal(reader))


def _reset(package: str, methods: list[Method], writer: str, reader: str) -> Iterator[sql.Composed]:
    schemas = [*schema_drift.schemas(package), CONTROL]
    both = _names([(writer,), (reader,)])
    yield sql.SQL("REVOKE ALL ON SCHEMA {} FROM {}").format(_names((each,) for each in schemas), both)
    default = "ALTER DEFAULT PRIVILEGES IN SCHEMA {} REVOKE ALL ON TABLES FROM {}"
    yield sql.SQL(default).format(_names((each,) for each in schemas), both)
    tables = [".".join(each) for each in (*_data(methods), *_raw(methods), *_documents(methods))]
    yield sql.SQL(_REVOKE).format(
        schemas=sql.Literal(schemas), writer=sql.Literal(writer), reader=sql.Literal(reader), tables=sql.Literal(tables)
    )


def _to_writer(package: str, methods: list[Method], writer: sql.Identifier) -> Iterator[sql.Composed]:
    schemas = _names((each,) for each in [*schema_drift.schemas(package), CONTROL])
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schemas, writer)
    yield _grant("SELECT, INSERT, UPDATE, DELETE", ((CONTROL, name) for name in WRITTEN), writer)
    yield _grant("SELECT", ((CONTROL, name) for name in MIGRATED), writer)
    yield _grant(f"SELECT, INSERT, UPDATE ({', '.join(_SIGHTINGS)})", _raw(methods), writer)
    yield _grant("SELECT, INSERT", _documents(methods), writer)
    yield _grant("SELECT, INSERT, UPDATE, DELETE", _data(methods), writer)
    yield sql.SQL(f"GRANT EXECUTE ON FUNCTION {_FUNCTIONS} TO {{}}").format(writer)


def _to_reader(package: str, methods: list[Method], reader: sql.Identifier) -> Iterator[sql.Composed]:
    yield sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(
        _names((each,) for each in schema_drift.schemas(package)), reader
    )
    yield _grant("SELECT", _data(methods), reader)


def _grant(what: str, on: Iterable[tuple[str, str]], to: sql.Identifier) -> sql.Composed:
    return sql.SQL(f"GRANT {what} ON\n    {{}}\nTO {{}}").format(_names(on), to)


def _names(of: Iterable[tuple[str, ...]]) -> sql.SQL:
    return wrapped_list((sql.Identifier(*each) for each in of), 4)


def _data(methods: list[Method]) -> list[tuple[str, str]]:
    return [(table.schema, table.name) for method in methods for table in method.tables]


def _raw(methods: list[Method]) -> list[tuple[str, str]]:
    return sorted({(method.raw_schema, method.raw_table) for method in methods})


def _documents(methods: list[Method]) -> list[tuple[str, str]]:
    return sorted({(method.raw_schema, method.documents_table) for method in methods})
