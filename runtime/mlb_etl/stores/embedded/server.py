"""A PostgreSQL server of the project's own, in a folder, on a unix socket; it needs no installation.

There is no password: only its own account can enter the socket's folder. If root starts the server, that is a separate
account, see `accounts`.
"""

import logging
import os
import shutil
import signal
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
from mlb_etl.stores.embedded.folder import Folder
from mlb_etl.stores.embedded.socket_folder import SocketFolder

PATIENCE = 60.0  # seconds for a start or a stop; recovery after a crash is slow
PAUSE = 0.02
log = logging.getLogger(__name__)


class Server:
    """The server in the folder `home`; creating the object does not start it."""

    def __init__(
        self, home: Path, *, programs: Path | None = None, settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self.home = home.absolute()
        self._folder, self._socket_folder = Folder(self.home), SocketFolder(self.home)
        self._programs = programs
        self._settings = settings

    def url(self, database: str = "postgres") -> str:
        """The DSN of one of its databases."""
        host = quote(str(self._socket_folder.folder()), safe="")
        return f"postgresql://postgres@/{quote(database, safe='')}?host={host}"

    def running(self) -> bool:
        """Whether the server accepts connections."""
        return pq.PGconn.ping(self.url().encode()) == pq.Ping.OK

    def lost_socket(self) -> bool:
        """Whether the server is alive but unreachable because its socket was removed."""
        pid, state = self._folder.postmaster()
        return pid is not None and state == "ready" and self._socket_folder.lost_socket()

    def start(self) -> bool:
        """Start the server unless it runs, and wait until it accepts connections; return whether it was started.

        It keeps running after this process ends. Raises DatabaseUnavailable with the end of the server's log.
        """
        spawned = asked = False
        deadline = time.monotonic() + PATIENCE
        while not self.running():
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"{self.home}: the server did not start in {PATIENCE:.0f} s{self._folder.log_end()}"
                )
            with self._folder.lock() as lock:
                if lock is not None:
                    if spawned:  # the server ended, which released the lock
                        raise DatabaseUnavailable(f"{self.home}: the server did not start{self._folder.log_end()}")
                    self._spawn(lock)
                    spawned = True
                elif not asked and self.lost_socket():
                    log.warning("%s: the server's socket is gone; restarting the server", self.home)
                    asked = self._ask_to_stop()
            time.sleep(PAUSE)
        if not spawned and os.geteuid() == 0 and accounts.is_nobodys(self.home):  # of an older version
            text = "%s: the server runs as `nobody`, an account that services share; restart it: `mlb-etl db stop`"
            log.warning(text, self.home)
        return spawned

    def stop(self) -> bool:
        """Stop the server, disconnecting its sessions, and wait for its end; return whether it was running."""
        asked = False
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self._folder.lock(create=False) as lock:
                if lock is not None:
                    self._socket_folder.remove()
                    return asked
            asked = asked or self._ask_to_stop()
            time.sleep(PAUSE)
        raise DatabaseUnavailable(f"{self.home}: the server did not stop in {PATIENCE:.0f} s{self._folder.log_end()}")

    def _spawn(self, lock: int) -> None:
        data = self.home.resolve() / "data"
        (data / "postmaster.pid").unlink(missing_ok=True)  # of a dead server: the lock is ours
        account = accounts.for_folder(self.home)
        if account is not None:
            self._folder.hand_to(account)
        programs = binaries.reachable(self._programs or binaries.find_programs("postgres", "initdb"), account)
        if not data.exists():
            self._initdb(programs, data, account, lock)
        self._socket_folder.remove_lock()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self._socket_folder.make(account)}"',
            "unix_socket_permissions": "0700",
            "port": "5432",
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # The shell exits at once, so the server is not our child and leaves no zombie.
        command = ["sh", "-c", '"$@" &', "sh", str(programs / "postgres"), "-D", str(data), *options]
        self._run(command, account, lock)

    def _initdb(self, programs: Path, data: Path, account: Account | None, lock: int) -> None:
        """Create the cluster in a temporary folder and rename it, so that a killed initdb leaves no partial one."""
        for abandoned in data.parent.glob("initdb-*"):
            shutil.rmtree(abandoned)
        work = Path(tempfile.mkdtemp(prefix="initdb-", dir=data.parent))
        command = [str(programs / "initdb"), "-D", str(work), "--username=postgres", "--auth=trust"]
        command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
        with self._named(account, work) as runner:
            code = self._run(command, runner, lock)
        if code != 0:
            raise DatabaseUnavailable(f"{self.home}: initdb failed{self._folder.log_end()}")
        work.rename(data)

    @contextmanager
    def _named(self, account: Account | None, work: Path) -> Iterator[Account | None]:
        """The account to run initdb in `work`; if that is `nobody`, its group gives it access."""
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
        """Run a program as the account, with the lock, in a new session that Ctrl-C here does not reach."""
        with (
            os.fdopen(self._folder.open("log", os.O_APPEND | os.O_CREAT), "ab") as said,
            accounts.explain_account_errors(),
        ):
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

    def _ask_to_stop(self) -> bool:
        """Ask the server that holds the lock to stop; return False if there is none yet."""
        pid, _ = self._folder.postmaster()
        if pid is None:
            return False
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        return True
