"""The folder of an embedded server: its lock, files, owner and pid file.

Every process that works on the folder holds a lock on its file `lock`: the starting process, initdb, and the server
itself, which inherits the open file. The lock therefore shows whether a server is alive, whichever process was killed.
The pid file may outlive its process and name another one, so it counts only if that process has the lock file open.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.embedded import accounts, binaries
from mlb_etl.stores.embedded.accounts import Account
from mlb_etl.stores.embedded.socket_folder import SOCKET

_STATE = 7  # line of the pid file, counted from 0
_OURS = re.compile(rf"data|lock|log|run|initdb-.*|{re.escape(SOCKET)}(\.lock)?")  # the contents of a server's folder


class Folder:
    """The folder at `home`, which need not exist."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @contextmanager
    def lock(self, *, create: bool = True) -> Iterator[int | None]:
        """The lock of the folder as an open file; None if another process holds it."""
        try:
            if create:
                self._make_home()
            handle = self.open("lock", os.O_CREAT if create else 0)
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

    def open(self, name: str, flags: int) -> int:
        """Open a file of the folder, but never follow a link: its owner could point it at a file of root's."""
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
        """Create the folder; if the account can't reach it, as a link to one in binaries.STATE."""
        if self.home.exists():
            return
        self.home.parent.mkdir(parents=True, exist_ok=True)
        account = accounts.for_folder(self.home)
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
        except OSError:  # another process was faster
            place.rmdir()

    def hand_to(self, account: Account) -> None:
        """Give the folder to the account, if an older version created it for another one."""
        if self.home.stat().st_uid == account.uid:
            return
        strange = [each.name for each in self.home.iterdir() if not _OURS.fullmatch(each.name)]
        if strange or (self.home.is_symlink() and self.home.lstat().st_uid != 0):
            what = f"contains {strange[0]}" if strange else "is a link that root did not create"
            raise DatabaseUnavailable(f"{self.home} may hold only the embedded server's files, but {what}: move it")
        account.take(self.home.resolve())

    def postmaster(self) -> tuple[int | None, str]:
        """The server's process id and state, such as `ready`; None if that process does not hold the lock."""
        try:
            lines = (self.home / "data" / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (FileNotFoundError, IndexError, ValueError):  # not written yet, or not completely
            return None, ""
        state = lines[_STATE].strip() if len(lines) > _STATE else ""
        return (pid if _has_open(pid, self.home / "lock") else None), state

    def log_end(self, lines: int = 5) -> str:
        """The last lines of the server's log, each preceded by a line break."""
        log = self.home / "log"
        end = log.read_text(errors="replace").splitlines()[-lines:] if log.exists() else []
        return "".join(f"\n  {line}" for line in end)


def _has_open(pid: int, path: Path) -> bool:
    """Whether the process has the file open; without /proc, as on macOS, this is assumed."""
    files = Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").exists():
        return True
    with suppress(OSError):  # the process ended, or belongs to another user
        return any(each.exists() and each.samefile(path) for each in files.iterdir())
    return False
