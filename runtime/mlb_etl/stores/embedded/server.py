"""An own PostgreSQL server in a folder, on a unix socket: made, started, found and stopped without an installation.

Whoever works on the folder holds a lock on its file `lock`: a starter, initdb, and the server itself, which inherits it
with the open file. So the system says whether a server of this folder lives, whatever was killed when. The pid file can
outlive its process and name another one: it is believed only of a process that has the lock's file open.

The socket's folder shuts out all other people, and the server has an account of its own where root starts it: see
`accounts`. So there is no password.
"""

import fcntl
import logging
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from psycopg import pq

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.embedded import accounts, binaries
from mlb_etl.stores.embedded.accounts import Account

SOCKET = ".s.PGSQL.5432"
SOCKET_BYTES = 103  # the shortest limit of the systems: macOS; Linux has 107
PATIENCE = 60.0  # seconds for a start or a stop; recovery after a crash takes its time
PAUSE = 0.02
_STATE = 7  # the line of the pid file, from 0
_OURS = re.compile(rf"data|lock|log|run|initdb-.*|{re.escape(SOCKET)}(\.lock)?")  # what is in a server's folder
log = logging.getLogger(__name__)


class Server:
    """A server of the folder `home`; making the object starts nothing."""

    def __init__(
        self, home: Path, *, programs: Path | None = None, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.home = home.absolute()
        self._programs = programs
        self._settings = settings

    def url(self, database: str = "postgres") -> str:
        """The DSN of one of its databases."""
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self._socket_folder()), safe='')}"

    def running(self) -> bool:
        """Whether the server accepts connections."""
        return pq.PGconn.ping(self.url().encode()) == pq.Ping.OK

    def lost_socket(self) -> bool:
        """Whether the server lives and nobody can reach it, since its socket was removed."""
        pid, state = self._postmaster()
        return pid is not None and state == "ready" and not (self._socket_folder() / SOCKET).exists()

    def start(self) -> bool:
        """Make sure that the server runs, and return when it accepts connections; False when it did already.

        It keeps running when this process ends. Raises DatabaseUnavailable with the end of the server's log.
        """
        spawned = asked = False
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
                elif not asked and self.lost_socket():
                    log.warning("%s: the server's socket is gone, so it is started anew", self.home)
                    asked = self._ask_to_stop()
            time.sleep(PAUSE)
        if not spawned and os.geteuid() == 0 and accounts.is_nobodys(self.home):  # of an older version
            log.warning("%s: the server runs as nobody, as services do: `mlb-etl db stop` and start it anew", self.home)
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
            asked = asked or self._ask_to_stop()
            time.sleep(PAUSE)
        raise DatabaseUnavailable(f"{self.home}: the server did not stop in {PATIENCE:.0f} s{self._log_end()}")

    def _spawn(self, lock: int) -> None:
        data = self.home.resolve() / "data"
        (data / "postmaster.pid").unlink(missing_ok=True)  # of a dead server: the lock is ours
        account = accounts.of(self.home)
        if account is not None:
            self._own(account)
        programs = binaries.reachable(self._programs or binaries.find("postgres", "initdb"), account)
        if not data.exists():
            self._initdb(programs, data, account, lock)
        (self._socket_folder() / f"{SOCKET}.lock").unlink(missing_ok=True)
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

    def _own(self, account: Account) -> None:
        """Hand the folder over to the account, if an older version made it for another one."""
        if self.home.stat().st_uid == account.uid:
            return
        strange = [each.name for each in self.home.iterdir() if not _OURS.fullmatch(each.name)]
        if strange or (self.home.is_symlink() and self.home.lstat().st_uid != 0):
            what = f"holds {strange[0]}" if strange else "is a link that root did not make"
            raise DatabaseUnavailable(f"{self.home} is for the files of a server, and {what}: move it away")
        account.take(self.home.resolve())

    def _initdb(self, programs: Path, data: Path, account: Account | None, lock: int) -> None:
        """Make the cluster beside its place and move it there: a killed initdb leaves nothing that looks whole."""
        for abandoned in data.parent.glob("initdb-*"):
            shutil.rmtree(abandoned)
        work = Path(tempfile.mkdtemp(prefix="initdb-", dir=data.parent))
        command = [str(programs / "initdb"), "-D", str(work), "--username=postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        with self._named(account, work) as runner:
            code = self._run(command, runner, lock)
        if code != 0:
            raise DatabaseUnavailable(f"{self.home}: initdb failed{self._log_end()}")
        work.rename(data)

    @contextmanager
    def _named(self, account: Account | None, work: Path) -> Iterator[Account | None]:
        """An account that may run initdb in `work`: where it is `nobody`, only its group lets it in."""
        runner = account and accounts.named(account)
        if account is None or runner is None:
            yield None
            return
        runner.take(work)
        self.home.chmod(0o700 if runner == account else 0o710)
        try:
            yield runner
        finally:
            account.take(work)
            self.home.chmod(0o700)

    def _run(self, command: Sequence[str], account: Account | None, lock: int) -> int:
        """Run a program as the account, with the lock, in a session of its own, which Ctrl-C here does not reach."""
        with os.fdopen(self._open("log", os.O_APPEND | os.O_CREAT), "ab") as said, accounts.explained():
            done = subprocess.run(
                command,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
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
            handle = self._open("lock", os.O_CREAT if create else 0)
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

    def _open(self, name: str, flags: int) -> int:
        """A file of the folder; never through a link, which its owner could lead to a file of root's."""
        try:
            handle = os.open(self.home / name, os.O_RDWR | os.O_NOFOLLOW | flags, 0o600)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise DatabaseUnavailable(f"the embedded database's folder can't be used: {error}") from error
        owner = self.home.stat()
        if flags & os.O_CREAT and os.geteuid() == 0:
            os.fchown(handle, owner.st_uid, owner.st_gid)
        return handle

    def _make_home(self) -> None:
        """Make the folder; where the account can't reach it, as a link to one in binaries.STATE that it can."""
        if self.home.exists():
            return
        self.home.parent.mkdir(parents=True, exist_ok=True)
        account = accounts.of(self.home)
        near = account is None or account.reaches(self.home.parent)
        if not near:
            binaries.STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        place = Path(tempfile.mkdtemp(prefix="postgres-", dir=self.home.parent if near else binaries.STATE))
        if account is not None:
            account.take(place)
        try:
            if near:
                place.rename(self.home)
            else:
                self.home.symlink_to(place)
        except OSError:  # another starter was faster
            place.rmdir()

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
        run, folder = self.home / "run", self._socket_folder()
        if not run.is_symlink():
            return
        with suppress(OSError):  # it may be gone, or someone else's
            for name in (SOCKET, f"{SOCKET}.lock"):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
        run.unlink()

    def _ask_to_stop(self) -> bool:
        """Ask the server that holds the lock to stop; False where there is none yet."""
        pid, _ = self._postmaster()
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        return True

    def _postmaster(self) -> tuple[int | None, str]:
        """The server's process and its state, such as `ready`; None where no process of that number has the lock."""
        try:
            lines = (self.home / "data" / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):  # it is about to be written
            return None, ""
        state = lines[_STATE].strip() if len(lines) > _STATE else ""
        return (pid if _has_open(pid, self.home / "lock") else None), state

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


def _has_open(pid: int, path: Path) -> bool:
    """Whether the process has the file open; where the system does not tell (macOS), that it lives."""
    files = Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").exists():
        return True
    with suppress(OSError):  # it ended, or is someone else's
        return any(each.exists() and each.samefile(path) for each in files.iterdir())
    return False
