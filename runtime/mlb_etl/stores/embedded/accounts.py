"""Chooses the account of the embedded server if this process is root, because PostgreSQL refuses to run as root.

It is the owner of the folder if that is not root; otherwise an unused user id, one per folder. It is not `nobody`,
because other services run as that and could read the files, or connect and run programs with COPY.
"""

import os
import pwd
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mlb_etl.errors import DatabaseUnavailable

OWN = range(60_706, 61_184)  # systems assign these ids neither to people nor to services


@dataclass(frozen=True, slots=True)
class Account:
    """The ids of a user and a group."""

    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether the account may enter or execute `path`; the system decides, by all its rules."""
        command = ["sh", "-c", 'test -x "$0"', str(path)]
        with explain_account_errors():
            done = subprocess.run(command, check=False, cwd="/", user=self.uid, group=self.gid, extra_groups=[])
        return done.returncode == 0

    def take(self, folder: Path) -> None:
        """Take ownership of a folder and everything below it, without following links, which may be planted."""
        with explain_account_errors():
            for _, _, names, handle in os.fwalk(folder):
                os.fchown(handle, self.uid, self.gid)
                for name in names:
                    os.chown(name, self.uid, self.gid, dir_fd=handle, follow_symlinks=False)


def for_folder(folder: Path) -> Account | None:
    """The account for a server in `folder`, which need not exist; None unless this process is root."""
    if os.geteuid() != 0:
        return None
    nearest = next(each for each in (folder, *folder.parents) if each.exists())
    owner = nearest.stat()
    return own() if owner.st_uid == 0 or is_nobodys(nearest) else Account(owner.st_uid, owner.st_gid)


def is_nobodys(folder: Path) -> bool:
    """Whether the folder belongs to `nobody`, the account of services that have none of their own."""
    nobody = _nobody()
    return nobody is not None and folder.stat().st_uid == nobody.uid


def own() -> Account:
    """An unused account."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    number = secrets.choice([each for each in OWN if each not in taken])
    return Account(number, number)


def named(account: Account) -> Account:
    """The account itself if it has a name, as initdb requires; otherwise `nobody`, in the account's own group."""
    try:
        pwd.getpwuid(account.uid)
    except KeyError:
        nobody = _nobody()
        if nobody is None:
            raise DatabaseUnavailable("this system has no account `nobody`, which initdb needs here") from None
        return Account(nobody.uid, account.gid)
    return account


def _nobody() -> Account | None:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return None
    return Account(entry.pw_uid, entry.pw_gid)


@contextmanager
def explain_account_errors() -> Iterator[None]:
    """Explain failures on systems, such as small containers, where root can't switch to another account."""
    try:
        yield
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseUnavailable(
            f"the embedded server can't run under its own account here ({error}): don't run mlb-etl as root,"
            " or set MLB_ETL_DSN to another server"
        ) from error
