"""The folder of the embedded server's socket: private, and with a path short enough for a socket."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from mlb_etl.stores.embedded.accounts import Account

SOCKET = ".s.PGSQL.5432"
SOCKET_BYTES = 103  # the limit of macOS; Linux allows 107


class SocketFolder:
    """The socket folder of a server in the folder `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._run = home / "run"

    def folder(self) -> Path:
        """`home`, or if its path can't hold a socket, the target of the link `run` in it."""
        try:
            return self._run.readlink()
        except OSError:  # no link, or not ours to read
            return self._home.resolve()

    def lost_socket(self) -> bool:
        """Whether the socket is missing."""
        return not (self.folder() / SOCKET).exists()

    def remove_lock(self) -> None:
        """Remove the socket's lock file that a dead server left."""
        (self.folder() / f"{SOCKET}.lock").unlink(missing_ok=True)

    def make(self, account: Account | None) -> Path:
        """The folder for a server of the account, created again if it is missing or no longer private."""
        if _can_hold_socket(self._home.resolve()):
            return self._home.resolve()
        run, folder = self._run, self.folder()
        if not run.is_symlink() or not _is_private(folder, account):
            folder = Path(tempfile.mkdtemp(prefix="mlb-etl-"))
            _give(folder, account)
            run.unlink(missing_ok=True)
            run.symlink_to(folder)
        return folder

    def remove(self) -> None:
        """Remove the folder if it was created only for the socket."""
        run, folder = self._run, self.folder()
        if not run.is_symlink():
            return
        with suppress(OSError):  # it may be gone, or belong to another user
            for name in (SOCKET, f"{SOCKET}.lock"):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
        run.unlink()


def _can_hold_socket(folder: Path) -> bool:
    """Whether the path is short enough for a socket, and free of characters that separate or quote in lists."""
    return len(os.fsencode(folder / SOCKET)) <= SOCKET_BYTES and not set(',"') & set(str(folder))


def _give(path: Path, account: Account | None) -> None:
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _is_private(folder: Path, account: Account | None) -> bool:
    """Whether only the account can enter the folder: /tmp may have been cleaned, and the name taken by others."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    facts = folder.stat()
    return facts.st_uid == (account.uid if account else os.geteuid()) and not stat.S_IMODE(facts.st_mode) & 0o077
