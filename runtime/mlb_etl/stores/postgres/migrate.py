"""Brings a database to the schema of the generated package, with a history that Flyway can read and go on with."""

import re
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypeAlias

import psycopg
from psycopg import sql

from mlb_contracts import migrations
from mlb_contracts.migrations import SCHEMA, SCRIPT, SUMS
from mlb_etl import registry
from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres import schema_drift
from mlb_etl.stores.postgres.db import Connection, explained, message
from mlb_etl.stores.postgres.schema_drift import Difference
from mlb_etl.stores.postgres.session import require_utf8, require_writable

State: TypeAlias = Literal["applied", "pending", "changed", "unknown"]

LOCK = 0x6D6C625F65746C  # "mlb_etl": one migration at a time in a database
_REBUILDS = re.compile(rb"(?:--.*\n)*?-- Rebuilds: (.+)\n")  # in the comment at the top
SHADOW_SCHEMA = "{schema}_rebuild"  # the schema of tables that are made anew, until they take the place of the old ones
_FILL = re.compile(rb"^-- Here `mlb-etl rebuild` fills the new tables\.$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Track:
    """Migrations that follow each other: their folder, the table in schema etl that remembers them, their schemas."""

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
        """Flyway's: CRC-32 of the lines without their ends, as a signed number."""
        joined = self.text.removeprefix(b"\xef\xbb\xbf").replace(b"\r", b"").replace(b"\n", b"")
        crc = zlib.crc32(joined)
        return crc - (1 << 32) if crc >= 1 << 31 else crc

    @property
    def rebuilds(self) -> tuple[str, ...]:
        """The tables that it makes anew, parents before children, and that only a rebuild can fill."""
        found = _REBUILDS.match(self.text)
        return tuple(found[1].decode().split(", ")) if found else ()


@dataclass(frozen=True, slots=True)
class Version:
    """A migration and how the database stands to it; unknown: it was applied, and the package does not have it."""

    script: str
    state: State
    installed_on: datetime | None


def init(connection: Connection, package: str) -> list[str]:
    """Apply what is pending, oldest first, each migration in one transaction; return their scripts.

    Raises EtlError where the database and the package disagree about the past.
    """
    require_utf8(connection)
    tracks = _tracks(package)
    if not any(_to_apply(connection, track) for track in tracks):  # then no privilege is needed, nor a primary
        return []
    require_writable(connection)
    applied: list[str] = []
    with alone(connection):
        for track in tracks:
            if not _has_history(connection, track):
                _create_history(connection, track)
            for migration in _to_apply(connection, track):
                with _recorded(connection, track, migration):
                    _execute(connection, migration.text)
                applied.append(migration.script)
    return applied


@dataclass(frozen=True, slots=True)
class Rebuild:
    """A pending migration that makes tables anew, and the way to apply it."""

    connection: Connection
    track: Track
    migration: Migration

    def apply(self, ready: Callable[[], None], fill: Callable[[], None]) -> None:
        """Apply it in one transaction, in which `ready` is called first, and `fill` when the new tables are there."""
        before, after = _FILL.split(self.migration.text)
        with _recorded(self.connection, self.track, self.migration):
            ready()
            self.connection.execute("SELECT set_config('mlb_etl.rebuild', 'on', true)")
            _execute(self.connection, before)
            fill()
            _execute(self.connection, after)


@contextmanager
def rebuilding(connection: Connection, package: str, table: str) -> Iterator[Rebuild]:
    """The migration that makes that table anew, while nobody else migrates; raises EtlError unless it is the next."""
    with alone(connection):
        control, track = _tracks(package)
        if _to_apply(connection, control):
            raise EtlError("the database lacks the control tables or their newest part: run `mlb-etl schema init`")
        pending = _to_apply(connection, track)
        wanted = next((each for each in pending if table in each.rebuilds), None)
        if wanted is None:
            raise EtlError(f"no pending migration makes {table} anew: `mlb-etl schema status` lists what is pending")
        if wanted != pending[0]:
            raise EtlError(f"{pending[0].script} comes before {wanted.script}: run `mlb-etl schema init`")
        yield Rebuild(connection, track, wanted)


def status(connection: Connection, package: str) -> list[Version]:
    """How the database stands to each migration of the runtime and of the package."""
    return [version for track in _tracks(package) for version in _compare(connection, track, _migrations(track))]


def differences(connection: Connection, package: str) -> list[Difference]:
    """What of the tables differs from what the migrations made, where all of them are applied."""
    if any(version.state != "applied" for version in status(connection, package)):
        return []
    return schema_drift.differences(connection, package, [track.history for track in _tracks(package)])


def is_superseded(connection: Connection, package: str) -> bool:
    """Whether a migration was applied with another text, as in databases that are older than the first release."""
    return any(version.state == "changed" for version in status(connection, package))


def require(connection: Connection, package: str, *, writing: bool = True) -> None:
    """Raise EtlError unless every migration is applied, and the database can be written to where that is wanted."""
    if writing:
        require_writable(connection)
    if _pending(status(connection, package)):
        raise EtlError("the database lacks the schema or its latest migrations: run `mlb-etl schema init`")


def _tracks(package: str) -> tuple[Track, Track]:
    """The runtime's own track and that of the generated package."""
    runtime = Track(files(__package__) / "sql", "control_schema_history", (schema_drift.CONTROL,))
    schemas = tuple(schema_drift.schemas(package))
    return runtime, Track(registry.migrations_folder(package), "flyway_schema_history", schemas)


def _migrations(track: Track) -> tuple[Migration, ...]:
    """The folder's migrations by version; those with a sum file must be as it says."""
    files = [path for path in track.folder.iterdir() if path.name == SCHEMA or SCRIPT.fullmatch(path.name)]
    sums = track.folder / SUMS
    if sums.is_file():
        _verify(files, sums.read_text())
    found = (_migration(path, match) for path in files if (match := SCRIPT.fullmatch(path.name)))
    return tuple(sorted(found, key=lambda migration: migration.version))


def _verify(files: Sequence[Traversable], sums: str) -> None:
    """Raise EtlError for a file that is not as the sum file says, whose lines sha256sum reads too."""
    actual = {each.name: migrations.digest(each.read_bytes()) for each in files}
    for script, _ in sorted(actual.items() ^ migrations.parse_sums(sums).items()):
        raise EtlError(
            f"{script}: not as {SUMS} says; a migration never changes: restore it, or install the package again"
        )


def _migration(path: Traversable, match: re.Match[str]) -> Migration:
    return Migration(int(match["version"]), match["description"].replace("_", " "), path.name, path.read_bytes())


def _compare(connection: Connection, track: Track, migrations: Sequence[Migration]) -> list[Version]:
    """The migrations with their states, and after them what only the database knows."""
    done = _history(connection, track)
    versions = []
    for migration in migrations:
        checksum, installed_on = done.pop(migration.script, (None, None))
        state: State = "pending" if installed_on is None else "applied" if checksum == migration.checksum else "changed"
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
    """The scripts to apply; raises EtlError where applying them would not lead to the package's schema."""
    for number, version in enumerate(versions):
        if version.state == "changed":
            raise EtlError(
                f"{version.script}: it was applied to the database with another text; a migration never changes. If the"
                " database is older than the first release, `mlb-etl schema restart` sets its schemas aside and fills"
                " new ones"
            )
        if version.state == "unknown":
            raise EtlError(
                f"the database is newer than the installed package, which lacks {version.script}:"
                " install a newer version"
            )
        if version.state == "pending" and any(later.state == "applied" for later in versions[number:]):
            raise EtlError(f"{version.script}: a later migration is applied already; the order can't be kept")
    return [version.script for version in versions if version.state == "pending"]


def _to_apply(connection: Connection, track: Track) -> list[Migration]:
    """What is pending of a track, oldest first."""
    migrations = {migration.script: migration for migration in _migrations(track)}
    return [migrations[script] for script in _pending(_compare(connection, track, tuple(migrations.values())))]


@contextmanager
def _recorded(connection: Connection, track: Track, migration: Migration) -> Iterator[None]:
    """One transaction, in which the migration is applied and then noted in the history."""
    started = time.monotonic()
    insert = sql.SQL(
        "INSERT INTO {}"
        " (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)"
        " SELECT coalesce(max(installed_rank), 0) + 1, %s, %s, 'SQL', %s, %s, current_user, %s, true FROM {}"
    )
    table = sql.Identifier("etl", track.history)
    try:
        with connection.transaction():
            with schema_drift.noting(connection, track.history, track.schemas):
                yield
            elapsed = round((time.monotonic() - started) * 1000)
            facts = (str(migration.version), migration.description, migration.script, migration.checksum, elapsed)
            connection.execute(insert.format(table, table), facts)
    except psycopg.errors.LockNotAvailable as error:
        text = f"{migration.script}: others use a table that it changes, and it does not make them wait for long"
        raise EtlError(f"{text}; nothing of it was applied: run it again") from error
    except psycopg.errors.FeatureNotSupported as error:
        text = f"{migration.script}: {message(error)}: a migration is one transaction, which it can't end by itself"
        raise EtlError(f"{text}; nothing of it was applied") from error
    except psycopg.Error as error:
        raise EtlError(f"{migration.script}: {explained(error)}; nothing of it was applied") from error


def _execute(connection: Connection, text: bytes) -> None:
    """Run the statements inside a block of PL/pgSQL, where the server refuses COMMIT, ROLLBACK and the like."""
    code = sql.Literal(text.decode("utf-8-sig")).as_string(connection)
    connection.execute(sql.SQL("DO {}").format(f"BEGIN EXECUTE {code}; END"))


def _create_history(connection: Connection, track: Track) -> None:
    text = (files(__package__) / "sql" / "history.sql").read_text()
    names = {"table": sql.Identifier("etl", track.history), "index": sql.Identifier(f"{track.history}_s_idx")}
    connection.execute(sql.SQL(text).format(**names, key=sql.Identifier(f"{track.history}_pk")))


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Nobody else migrates the database as long as the block lasts."""
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
