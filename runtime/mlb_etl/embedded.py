"""An own PostgreSQL server in a folder, on a unix socket: made, started, found and stopped without an installation.

Who works on the folder holds a lock on its file `lock`: a starter, initdb, and the server itself, which inherits it
with the open file. So the system says whether a server of this folder lives, whatever was killed when; a
pid file, which can outlive its process and name another, is never believed.
"""

import fcntl
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from psycopg import pq

from mlb_etl import binaries
from mlb_etl.binaries import Account
from mlb_etl.errors import DatabaseUnavailable

SOCKET = ".s.PGSQL.5432"
SOCKET_BYTES = 103  # the shortest limit of the systems: macOS; Linux has 107
PATIENCE = 60.0  # seconds for a start or a stop; recovery after a crash takes its time
PAUSE = 0.02


class Server:
    """A server of the folder `home`; making the object starts nothing."""

    def __init__(
        self, home: Path, *, programs: Path | None = None, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.home = home.absolute()
        self._programs = programs
        self._settings = settings

    def url(self, database: str = "postgres") -> str:
        """The DSN; the socket's folder shuts out other people, so there is no password."""
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self._socket_folder()), safe='')}"

    def running(self) -> bool:
        """Whether the server accepts connections."""
        return pq.PGconn.ping(self.url().encode()) == pq.Ping.OK

    def start(self) -> bool:
        """Make sure that the server runs, and return when it accepts connections; False when it did already.

        It keeps running when this process ends. Raises DatabaseUnavailable with the end of the server's log.
        """
        spawned = False
        deadline = time.monotonic() + PATIENCE
        while not self.running():
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(f"{self.home}: the server did not start in {PATIENCE:.0f} s{self._log_end()}")
            with self._lock() as lock:
                if lock is not None:
                    if spawned:  # its server ended and so released the lock
                        raise DatabaseUnavailable(f"{self.home}: the server did not start{self._log_end()}")
                    self._spawn(lock)
                    spawned = True
            time.sleep(PAUSE)
        return spawned

    def stop(self) -> bool:
        """Stop the server, cutting its sessions, and return when it has ended; False when none ran."""
        asked = False
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._lock(create=False) as lock:
                if lock is not None:
                    self._remove_socket_folder()
                    return asked
            if not asked and self.running():
                os.kill(self._pid(), signal.SIGINT)
                asked = True
            time.sleep(PAUSE)
        raise DatabaseUnavailable(f"{self.home}: the server did not stop in {PATIENCE:.0f} s{self._log_end()}")

    def _spawn(self, lock: int) -> None:
        account = self._account()
        programs = binaries.reachable(self._programs or binaries.find("postgres", "initdb"), account)
        data = self.home.resolve() / "data"
        (self.home / "log").touch()
        for path in (self.home, self.home / "lock", self.home / "log"):
            _give(path, account)
        if not data.exists():
            self._initdb(programs, data, account, lock)
        for stale in (data / "postmaster.pid", self._socket_folder() / f"{SOCKET}.lock"):
            stale.unlink(missing_ok=True)  # of a dead server: the lock is ours
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self._make_socket_folder(account)}"',
            "unix_socket_permissions": "0700",
            "port": "5432",
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # The shell leaves at once, so the server is nobody's child and needs nobody to wait for it.
        command = ["sh", "-c", '"$@" &', "sh", str(programs / "postgres"), "-D", str(data), *options]
        self._run(command, account, lock)

    def _initdb(self, programs: Path, data: Path, account: Account | None, lock: int) -> None:
        """Make the cluster beside its place and move it there: a killed initdb leaves nothing that looks whole."""
        for abandoned in data.parent.glob("initdb-*"):
            shutil.rmtree(abandoned)
        work = Path(tempfile.mkdtemp(prefix="initdb-", dir=data.parent))
        _give(work, account)
        command = [str(programs / "initdb"), "-D", str(work), "--username=postgres", "--auth=trust"]
        code = self._run([*command, "--encoding=UTF8", "--locale=C", "--no-instructions"], account, lock)
        if code != 0:
            raise DatabaseUnavailable(f"{self.home}: initdb failed{self._log_end()}")
        work.rename(data)

    def _run(self, command: Sequence[str], account: Account | None, lock: int) -> int:
        """Run a program as the account, with the lock, in a session of its own, which Ctrl-C here does not reach."""
        with (self.home / "log").open("ab") as log:
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                pass_fds=(lock,),
                start_new_session=True,
            )
        return done.returncode

    @contextmanager
    def _lock(self, *, create: bool = True) -> Iterator[int | None]:
        """The lock of the folder as an open file, or None where someone else has it."""
        try:
            if create:
                self._make_home()
            handle = os.open(self.home / "lock", os.O_RDWR | os.O_CREAT if create else os.O_RDWR, 0o600)
        except FileNotFoundError:  # no folder, no server
            yield -1
            return
        except OSError as error:
            raise DatabaseUnavailable(f"the embedded database's folder can't be used: {error}") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield handle
        finally:
            os.close(handle)

    def _make_home(self) -> None:
        """Make the folder; where the account can't reach it, as a link to one in binaries.STATE that it can."""
        if self.home.exists():
            return
        self.home.parent.mkdir(parents=True, exist_ok=True)
        account = self._account()
        if account is None or account.reaches(self.home.parent):
            self.home.mkdir(mode=0o700, exist_ok=True)
            return
        binaries.STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="postgres-", dir=binaries.STATE))
        try:
            self.home.symlink_to(place)
        except FileExistsError:  # another starter was faster
            place.rmdir()

    def _account(self) -> Account | None:
        """When this process is root: the owner of the folder or of the one it will be in, and nobody in root's own."""
        if os.geteuid() != 0:
            return None
        owner = next(folder for folder in (self.home, *self.home.parents) if folder.exists()).stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
        nobody = pwd.getpwnam("nobody")
        return Account(nobody.pw_uid, nobody.pw_gid)

    def _socket_folder(self) -> Path:
        """The folder itself, or where its path can't be a socket's, the one that its link `run` names."""
        try:
            return (self.home / "run").readlink()
        except OSError:  # no link, or not ours to read
            return self.home.resolve()

    def _make_socket_folder(self, account: Account | None) -> Path:
        if _can_hold_socket(self.home.resolve()):
            return self.home.resolve()
        run, folder = self.home / "run", self._socket_folder()
        if not run.is_symlink() or not _is_private(folder, account):
            folder = Path(tempfile.mkdtemp(prefix="mlb-etl-"))
            _give(folder, account)
            run.unlink(missing_ok=True)
            run.symlink_to(folder)
        return folder

    def _remove_socket_folder(self) -> None:
        run = self.home / "run"
        if run.is_symlink():
            shutil.rmtree(run.readlink(), ignore_errors=True)  # it may be gone, or someone else's
            run.unlink()

    def _pid(self) -> int:
        return int((self.home / "data" / "postmaster.pid").read_text().split("\n", 1)[0])

    def _log_end(self, lines: int = 5) -> str:
        log = self.home / "log"
        end = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
        return "".join(f"\n  {line}" for line in end)


def _can_hold_socket(folder: Path) -> bool:
    """Whether a socket's path can be that long, and lists of folders and hosts can have it."""
    return len(os.fsencode(folder / SOCKET)) <= SOCKET_BYTES and not set(',"') & set(str(folder))


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _is_private(folder: Path, account: Account | None) -> bool:
    """Whether the folder is the account's alone: in a shared place it may have been cleaned away and taken."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    facts = folder.stat()
    return facts.st_uid == (account.uid if account else os.geteuid()) and not stat.S_IMODE(facts.st_mode) & 0o077
