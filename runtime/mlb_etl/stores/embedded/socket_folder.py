"""Where the embedded server's socket is: a folder that shuts out all other people, at a path that a socket can have."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from mlb_etl.stores.embedded.accounts import Account

SOCKET = ".s.PGSQL.5432"
SOCKET_BYTES = 103  # the shortest limit of the systems: macOS; Linux has 107


class SocketFolder:
    """The place of the socket of a server in the folder `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._run = home / "run"

    def folder(self) -> Path:
        """The folder itself, or where its path can't be a socket's, the one that its link `run` names."""
        try:
            return self._run.readlink()
        except OSError:  # no link, or not ours to read
            return self._home.resolve()

    def lost_socket(self) -> bool:
        """Whether there is no socket in it."""
        return not (self.folder() / SOCKET).exists()

    def remove_lock(self) -> None:
        """Remove the lock that a dead server left on the socket."""
        (self.folder() / f"{SOCKET}.lock").unlink(missing_ok=True)

    def make(self, account: Account | None) -> Path:
        """The folder for a server of the account, made anew where it is no longer there or no longer private."""
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
        """Remove a folder that was made for the socket alone."""
        run, folder = self._run, self.folder()
        if not run.is_symlink():
            return
        with suppress(OSError):  # it may be gone, or someone else's
            for name in (SOCKET, f"{SOCKET}.lock"):
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
        run.unlink()


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
