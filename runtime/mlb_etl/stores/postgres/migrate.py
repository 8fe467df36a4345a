"""Migrates a database to the schema of the generated package, with a history that Flyway can read and continue."""

import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable

import psycopg
from psycopg import sql

from mlb_contracts import migrations
from mlb_contracts.migrations import SCHEMA, SCRIPT, SUMS
from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.stores.interfaces.operations import MigrationState, Version
from mlb_etl.stores.postgres import dependents, functions, schema_drift
from mlb_etl.stores.postgres.db import Connection, message, with_advice
from mlb_etl.stores.postgres.grants import keeping_grants
from mlb_etl.stores.postgres.schema_drift import Notes, SchemaDifference
from mlb_etl.stores.postgres.session import require_utf8, require_writable

LOCK = 0x6D6C625F65746C  # "mlb_etl": one migration at a time per database
_REBUILDS = re.compile(rb"(?:--.*\n)*?-- Rebuilds: (.+)\n")  # in the comment at the top of a script
SHADOW_SCHEMA = "{schema}_rebuild"  # holds rebuilt tables until they replace the old ones
_FILL = re.compile(rb"^-- Here `mlb-etl rebuild` fills the new tables\.$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Track:
    """A sequence of migrations: their folder, their history table in schema etl, and the schemas they change."""

    folder: Traversable
    history: str
    schemas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    version: int
    description: str
    script: str
    text: bytes

    @property
    def checksum(self) -> int:
        """Flyway's checksum: CRC-32 of the lines without their ends, as a signed number."""
        joined = self.text.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"").replace(b"\n", b"")
        crc = zlib.crc32(joined)
        return crc - (1 << 32) if crc >= 1 << 31 else crc

    @property
    def rebuilds(self) -> tuple[str, ...]:
        """The tables that it rebuilds, parents before children; only `mlb-etl rebuild` can fill them."""
        found = _REBUILDS.match(self.text)
        return tuple(found[1].decode().split(", ")) if found else ()


def apply_pending(connection: Connection, package: str) -> list[str]:
    """Apply the pending migrations, oldest first, each in one transaction; return their scripts.

    The one with the functions is applied again if they were dropped. Raises EtlError if the database's history
    contradicts the package.
    """
    require_utf8(connection)
    tracks = _tracks(package)
    is_pending = any(_to_apply(connection, track) for track in tracks)
    if not is_pending and not functions.lacking(connection):  # so it needs neither privileges nor the primary
        return []
    require_writable(connection)
    applied: list[str] = []
    with alone(connection):
        for track in tracks:
            if not _has_history(connection, track):
                _create_history(connection, track)
            notes = Notes(track.history, track.schemas)
            for migration in _to_apply(connection, track):
                with _recorded(connection, track, migration, notes):
                    _execute(connection, migration, migration.text)
                applied.append(migration.script)
        if functions.lacking(connection):
            functions.create_again(connection)
            applied.append(functions.SCRIPT)
    return applied


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A pending migration that rebuilds tables."""

    connection: Connection
    track: Track
    migration: Migration

    def apply(self, ready: Callable[[], None], fill: Callable[[], None]) -> None:
        """Apply it in one transaction: call `ready` first, and `fill` once the new tables exist."""
        before, after = _FILL.split(self.migration.text)
        notes = Notes(self.track.history, self.track.schemas)
        with _recorded(self.connection, self.track, self.migration, notes):
            ready()
            self.connection.execute("SELECT set_config('mlb_etl.rebuild', 'on', true)")
            _execute(self.connection, self.migration, before)
            fill()
            _execute(self.connection, self.migration, after)


@contextmanager
def rebuilding(connection: Connection, package: str, table: str) -> Iterator[Rebuild]:
    """The migration that rebuilds the table, under the migration lock; raises EtlError unless it is the next."""
    with alone(connection):
        control, track = _tracks(package)
        if _to_apply(connection, control):
            raise EtlError("the control tables lack their latest migrations: run `mlb-etl schema init`")
        pending = _to_apply(connection, track)
        wanted = next((each for each in pending if table in each.rebuilds), None)
        if wanted is None:
            raise EtlError(f"no pending migration rebuilds {table}: `mlb-etl schema status` lists the pending ones")
        if wanted != pending[0]:
            raise EtlError(f"{pending[0].script} comes before {wanted.script}: run `mlb-etl schema init`")
        yield Rebuild(connection, track, wanted)


def versions(connection: Connection, package: str) -> list[Version]:
    """The state of each migration, of the runtime and of the package."""
    return [version for track in _tracks(package) for version in _compare(connection, track, _migrations(track))]


def differences(connection: Connection, package: str) -> list[SchemaDifference]:
    """How the tables differ from what the migrations created; empty unless all migrations are applied."""
    if any(version.state != "applied" for version in versions(connection, package)):
        return []
    return schema_drift.find_drift(connection, package, [track.history for track in _tracks(package)])


def is_superseded(connection: Connection, package: str) -> bool:
    """Whether a migration has changed since it was applied, as in databases from before the first release."""
    return any(version.state == "changed" for version in versions(connection, package))


def require(connection: Connection, package: str, *, writing: bool = True) -> None:
    """Raise EtlError unless every migration is applied and, for `writing`, the database is writable."""
    if writing:
        require_writable(connection)
    if _pending(versions(connection, package)):
        raise EtlError("the database lacks the schema or its latest migrations: run `mlb-etl schema init`")


def _tracks(package: str) -> tuple[Track, Track]:
    """The tracks of the runtime and of the generated package."""
    runtime = Track(files(__package__) / "sql", "control_schema_history", (schema_drift.CONTROL,))
    schemas = tuple(schema_drift.schemas(package))
    return runtime, Track(registry.migrations_folder(package), "flyway_schema_history", schemas)


def _migrations(track: Track) -> tuple[Migration, ...]:
    """The migrations in the folder, by version, verified if it has a sum file."""
    files = [path for path in track.folder.iterdir() if path.name == SCHEMA or SCRIPT.fullmatch(path.name)]
    sums = track.folder / SUMS
    if sums.is_file():
        _verify(files, sums.read_text())
    found = (_migration(path, match) for path in files if (match := SCRIPT.fullmatch(path.name)))
    return tuple(sorted(found, key=lambda migration: migration.version))


def _verify(files: Sequence[Traversable], sums: str) -> None:
    """Raise EtlError for a file that the sum file, in the format of sha256sum, contradicts."""
    actual = {each.name: migrations.digest(each.read_bytes()) for each in files}
    for script, _ in sorted(actual.items() ^ migrations.parse_sums(sums).items()):
        raise EtlError(
            f"{script}: differs from {SUMS}; a migration never changes: restore it, or reinstall the package"
        )


def _migration(path: Traversable, match: re.Match[str]) -> Migration:
    return Migration(int(match["version"]), match["description"].replace("_", " "), path.name, path.read_bytes())


def _compare(connection: Connection, track: Track, migrations: Sequence[Migration]) -> list[Version]:
    """The migrations with their states, followed by those that only the database knows."""
    done = _history(connection, track)
    versions = []
    for migration in migrations:
        checksum, installed_on = done.pop(migration.script, (None, None))
        state: MigrationState = (
            "pending" if installed_on is None else "applied" if checksum == migration.checksum else "changed"
        )
        versions.append(Version(migration.script, state, installed_on))
    return versions + [Version(script, "unknown", installed_on) for script, (_, installed_on) in done.items()]


def _history(connection: Connection, track: Track) -> dict[str, tuple[int | None, datetime]]:
    table = sql.Identifier("etl", track.history)
    if not _has_history(connection, track):
        return {}
    query = sql.SQL(
        "SELECT script, checksum, installed_on FROM {} WHERE type = 'SQL' AND success ORDER BY installed_rank"
    )
    return {script: (checksum, on) for script, checksum, on in connection.execute(query.format(table))}


def _has_history(connection: Connection, track: Track) -> bool:
    return connection.execute("SELECT to_regclass(%s)", [f"etl.{track.history}"]).fetchone() != (None,)


def _pending(versions: Sequence[Version]) -> list[str]:
    """The scripts to apply; raises EtlError if applying them would not give the package's schema."""
    for number, version in enumerate(versions):
        if version.state == "changed":
            raise EtlError(
                f"{version.script}: it has changed since it was applied; a migration never changes. If the database is"
                " older than the first release, `mlb-etl schema restart` sets its schemas aside and fills new ones"
            )
        if version.state == "unknown":
            raise EtlError(
                f"the database is newer than the installed package, which lacks {version.script}:"
                " install a newer version"
            )
        if version.state == "pending" and any(later.state == "applied" for later in versions[number:]):
            raise EtlError(f"{version.script}: a later migration has already been applied, so this one can't be")
    return [version.script for version in versions if version.state == "pending"]


def _to_apply(connection: Connection, track: Track) -> list[Migration]:
    """The pending migrations of a track, oldest first."""
    migrations = {migration.script: migration for migration in _migrations(track)}
    return [migrations[script] for script in _pending(_compare(connection, track, tuple(migrations.values())))]


@contextmanager
def _recorded(connection: Connection, track: Track, migration: Migration, notes: Notes) -> Iterator[None]:
    """A transaction in which the block applies the migration, and which then records it in the history."""
    started = time.monotonic()
    insert = sql.SQL(
        "INSERT INTO {}"
        " (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)"
        " SELECT coalesce(max(installed_rank), 0) + 1, %s, %s, 'SQL', %s, %s, current_user, %s, true FROM {}"
    )
    table = sql.Identifier("etl", track.history)
    try:
        with connection.transaction():
            with notes.noting(connection), keeping_grants(connection, migration.rebuilds):
                yield
            elapsed = round((time.monotonic() - started) * 1000)
            facts = (str(migration.version), migration.description, migration.script, migration.checksum, elapsed)
            connection.execute(insert.format(table, table), facts)
    except psycopg.errors.LockNotAvailable as error:
        text = f"{migration.script}: another session uses a table that it changes, and kept it waiting too long"
        raise EtlError(f"{text}; nothing was applied: try again") from error
    except psycopg.errors.FeatureNotSupported as error:
        text = f"{migration.script}: {message(error)}: a migration is one transaction and must not end it"
        raise EtlError(f"{text}; nothing was applied") from error
    except psycopg.Error as error:
        raise EtlError(f"{migration.script}: {with_advice(error)}; nothing was applied") from error


def _execute(connection: Connection, migration: Migration, text: bytes) -> None:
    """Run a migration, or a part of it, in a PL/pgSQL block, where the server refuses COMMIT, ROLLBACK and the like."""
    code = sql.Literal(text.decode("utf-8-sig")).as_string(connection)
    statement = sql.SQL("DO {}").format(f"BEGIN EXECUTE {code}; END")
    dependents.run_keeping_views(connection, migration.script, text, lambda: connection.execute(statement))


def _create_history(connection: Connection, track: Track) -> None:
    text = (files(__package__) / "sql" / "history.sql").read_text()
    names = {"table": sql.Identifier("etl", track.history), "index": sql.Identifier(f"{track.history}_s_idx")}
    connection.execute(sql.SQL(text).format(**names, key=sql.Identifier(f"{track.history}_pk")))


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Hold the migration lock during the block."""
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
