"""Brings a database to the schema of the generated package, with a history that Flyway can read and go on with."""

import hashlib
import re
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal, TypeAlias

import psycopg
from psycopg import sql

from mlb_etl import registry
from mlb_etl.db import Connection, message
from mlb_etl.errors import EtlError

State: TypeAlias = Literal["applied", "pending", "changed", "unknown"]

LOCK = 0x6D6C625F65746C  # "mlb_etl": one migration at a time in a database
SUMS = "migrations.sum"
_SCRIPT = re.compile(r"V(?P<version>[0-9]+)__(?P<description>\w+)\.sql")


@dataclass(frozen=True, slots=True)
class Line:
    """Migrations that follow each other: their folder, and the table in schema etl that remembers them."""

    folder: Traversable
    history: str


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
    applied: list[str] = []
    with _alone(connection):
        for line in _lines(package):
            _create_history(connection, line)
            migrations = {migration.script: migration for migration in _migrations(line)}
            pending = _pending(_compare(connection, line, tuple(migrations.values())))
            for script in pending:
                _apply(connection, line, migrations[script])
            applied += pending
    return applied


def status(connection: Connection, package: str) -> list[Version]:
    """How the database stands to each migration of the runtime and of the package."""
    return [version for line in _lines(package) for version in _compare(connection, line, _migrations(line))]


def require(connection: Connection, package: str) -> None:
    """Raise EtlError unless every migration is applied."""
    if _pending(status(connection, package)):
        raise EtlError("the database lacks the schema or its newest part: run `mlb-etl schema init`")


def _lines(package: str) -> tuple[Line, Line]:
    """The runtime's own line and that of the generated package."""
    runtime = Line(files("mlb_etl") / "sql", "control_schema_history")
    return runtime, Line(registry.migrations(package), "flyway_schema_history")


def _migrations(line: Line) -> tuple[Migration, ...]:
    """The folder's migrations by version; those with a sum file must be as it says."""
    found = [_migration(path, match) for path in line.folder.iterdir() if (match := _SCRIPT.fullmatch(path.name))]
    sums = line.folder / SUMS
    if sums.is_file():
        _verify(found, sums.read_text())
    return tuple(sorted(found, key=lambda migration: migration.version))


def _verify(migrations: Sequence[Migration], sums: str) -> None:
    """Raise EtlError for a script that is not as the sum file says, whose lines sha256sum reads too."""
    actual = {(hashlib.sha256(each.text).hexdigest(), each.script) for each in migrations}
    noted = {tuple(line.split()) for line in sums.splitlines() if not line.startswith("#")}
    for _, script in sorted(actual ^ noted):
        raise EtlError(
            f"{script}: not as {SUMS} says; a migration never changes: restore it, or install the package again"
        )


def _migration(path: Traversable, match: re.Match[str]) -> Migration:
    return Migration(int(match["version"]), match["description"].replace("_", " "), path.name, path.read_bytes())


def _compare(connection: Connection, line: Line, migrations: Sequence[Migration]) -> list[Version]:
    """The migrations with their states, and after them what only the database knows."""
    done = _history(connection, line)
    versions = []
    for migration in migrations:
        checksum, installed_on = done.pop(migration.script, (None, None))
        state: State = "pending" if installed_on is None else "applied" if checksum == migration.checksum else "changed"
        versions.append(Version(migration.script, state, installed_on))
    return versions + [Version(script, "unknown", installed_on) for script, (_, installed_on) in done.items()]


def _history(connection: Connection, line: Line) -> dict[str, tuple[int | None, datetime]]:
    table = sql.Identifier("etl", line.history)
    if connection.execute("SELECT to_regclass(%s)", [f"etl.{line.history}"]).fetchone() == (None,):
        return {}
    query = sql.SQL(
        "SELECT script, checksum, installed_on FROM {} WHERE type = 'SQL' AND success ORDER BY installed_rank"
    )
    return {script: (checksum, on) for script, checksum, on in connection.execute(query.format(table))}


def _pending(versions: Sequence[Version]) -> list[str]:
    """The scripts to apply; raises EtlError where applying them would not lead to the package's schema."""
    for number, version in enumerate(versions):
        if version.state == "changed":
            raise EtlError(
                f"{version.script}: it was applied to the database with another text; a migration never changes"
            )
        if version.state == "unknown":
            raise EtlError(
                f"{version.script}: the database has it, the installed package does not: install a newer package"
            )
        if version.state == "pending" and any(later.state == "applied" for later in versions[number:]):
            raise EtlError(f"{version.script}: a later migration is applied already; the order can't be kept")
    return [version.script for version in versions if version.state == "pending"]


def _apply(connection: Connection, line: Line, migration: Migration) -> None:
    started = time.monotonic()
    insert = sql.SQL(
        "INSERT INTO {}"
        " (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)"
        " SELECT coalesce(max(installed_rank), 0) + 1, %s, %s, 'SQL', %s, %s, current_user, %s, true FROM {}"
    )
    table = sql.Identifier("etl", line.history)
    try:
        with connection.transaction():
            connection.execute(migration.text)
            elapsed = round((time.monotonic() - started) * 1000)
            facts = (str(migration.version), migration.description, migration.script, migration.checksum, elapsed)
            connection.execute(insert.format(table, table), facts)
    except psycopg.Error as error:
        raise EtlError(f"{migration.script}: {message(error)}; nothing of it was applied") from error


def _create_history(connection: Connection, line: Line) -> None:
    text = (files("mlb_etl") / "sql" / "history.sql").read_text()
    names = {"table": sql.Identifier("etl", line.history), "index": sql.Identifier(f"{line.history}_s_idx")}
    connection.execute(sql.SQL(text).format(**names, key=sql.Identifier(f"{line.history}_pk")))


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    connection.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
