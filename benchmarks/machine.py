"""A server of its own, databases that are copies of one, and the clock."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from typing import Self

import psycopg
from psycopg import sql

from mlb_etl.settings import Settings
from mlb_etl.stores.embedded.server import Server

_WRITTEN = """
SELECT pg_current_wal_insert_lsn() - '0/0', (
    SELECT coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)
    FROM unnest(%s::regclass[]) AS t (name)
    CROSS JOIN LATERAL (SELECT relid FROM pg_partition_tree(t.name) UNION SELECT t.name) AS part
    JOIN pg_stat_user_tables AS s USING (relid)
)
"""
_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

_PATIENCE = 6_000  # hundredths of a second


@dataclass(frozen=True, slots=True)
class Run:
    """One run: milliseconds, CPU milliseconds of clients and of the server, rows written, bytes of WAL, peak MB."""

    ms: float
    client_cpu: float
    server_cpu: float
    rows: int = 0
    wal: int = 0
    peak_mb: int = 0

    @property
    def cpu(self) -> float:
        """Of clients and server."""
        return self.client_cpu + self.server_cpu


def medians(runs: Sequence[Run], games: int) -> dict[str, float]:
    """Of the runs of all rounds, a game; the memory is the highest."""
    names = ("ms", "client_cpu", "server_cpu", "rows", "wal")
    found = {name: median(getattr(run, name) for run in runs) / games for name in names}
    spread = {"fastest": min(run.ms for run in runs) / games, "slowest": max(run.ms for run in runs) / games}
    return found | spread | {"peak_mb": max(run.peak_mb for run in runs)}


class Machine:
    """An embedded PostgreSQL with its durable settings, in a folder for all that is made."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder = folder
        self._server = server
        self._postmaster = int((server.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    def dsn(self, database: str) -> str:
        return self._server.url(database)

    def settings(self, database: str, package: str) -> Settings:
        return Settings(self.dsn(database), self.folder, package)

    def cpu(self) -> tuple[float, float]:
        """Milliseconds of CPU so far, of this process with those below it, and of the server."""
        return cpu_ms(os.getpid()), cpu_ms(self._postmaster)

    @contextmanager
    def database(self, name: str, template: str = "template0") -> Iterator[str]:
        """A copy of a database, by its name."""
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
            connection.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))
            os.sync()  # what was there before is not to be written to the disk while a run is clocked
            try:
                yield name
            finally:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def clock(self, run: Callable[[], object], database: str, tables: Sequence[str] = ()) -> Run:
        """What a run costs, and writes in these tables; if it returns a number, that is its peak memory."""
        written, wal = self._written(database, tables)
        clients, server = self.cpu()
        start = perf_counter()
        peak = run()
        ms = (perf_counter() - start) * 1000
        written_after, wal_after = self._written(database, tables)
        clients_after, server_after = self.cpu()
        return Run(
            ms=ms,
            client_cpu=clients_after - clients,
            server_cpu=server_after - server,
            rows=written_after - written,
            wal=wal_after - wal,
            peak_mb=peak if isinstance(peak, int) else 0,
        )

    def _written(self, database: str, tables: Sequence[str]) -> tuple[int, int]:
        """Rows so far in the tables, and bytes of WAL; a session tells of its own when it has ended."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            for _ in range(_PATIENCE):
                if connection.execute(_OTHERS).fetchone() == (0,):
                    break
                sleep(0.01)
            else:
                raise RuntimeError(f"sessions of {database} do not end")
            sleep(0.1)  # until the server has waited for their processes, and so has their CPU times
            [(wal, rows)] = connection.execute(_WRITTEN, [[*tables]]).fetchall()
        return int(rows), int(wal)


def cpu_ms(pid: int) -> float:
    """Milliseconds of CPU of a process and those below it, as far as they live or were waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return 0.0
    own = sum(map(int, fields[11:15])) * 1000 / os.sysconf("SC_CLK_TCK")  # utime, stime, cutime, cstime
    return own + sum(cpu_ms(int(child)) for child in children)


@contextmanager
def machine(**settings: str) -> Iterator[Machine]:
    """A machine that is gone in the end; its server has these settings besides its own."""
    folder = Path(tempfile.mkdtemp(prefix="mlb-etl-bench-"))
    folder.chmod(0o711)
    server = Server(folder / "postgres", settings=settings)
    server.start()
    try:
        yield Machine(folder, server)
    finally:
        server.stop()
        shutil.rmtree(folder)


class Program:
    """A contender that runs, and loads when it is told to (served.py)."""

    def __init__(self, command: Sequence[str], path: Sequence[Path]) -> None:
        own = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
        self._ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno(), env=own)
        self._lines = self._ours.makefile("rw")

    def __enter__(self) -> Self:
        self._answer()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._ours.close()
        self._process.wait()

    def load(self) -> int:
        """Load, and return the memory at its peak, in MB."""
        self._lines.write("load\n")
        self._lines.flush()
        return int(self._answer())

    def _answer(self) -> str:
        if not (line := self._lines.readline()):
            raise SystemExit(f"a contender ended with {self._process.wait()}: {self._process.args!r:.200}")
        return line
