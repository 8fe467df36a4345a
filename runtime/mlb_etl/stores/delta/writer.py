"""Who writes: names a unit of this process, and tells whether the writer of a claim can still be at work."""

import os
import socket
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

LEASE = timedelta(minutes=10)
"""How long a claim holds; who takes it over later makes all commits of its writer fail."""
_at_work: set[str] = set()  # the units of this process


def new_writer() -> str:
    """A name for one unit: the machine and its start, the process and its start, and a number of its own."""
    writer = "/".join((_machine(), str(os.getpid()), _started(os.getpid()), uuid.uuid4().hex))
    _at_work.add(writer)
    return writer


def may_be_at_work(writer: str, claimed_at: datetime) -> bool:
    """Whether the unit with that name can still be at work; `claimed_at` is when it claimed its documents."""
    if datetime.now(UTC) - claimed_at >= LEASE:
        return False
    machine, _, rest = writer.partition("/")
    process, _, rest = rest.partition("/")
    if machine != _machine() or not process.isdecimal():
        return True
    if int(process) == os.getpid():
        return writer in _at_work
    return _started(int(process)) == rest.partition("/")[0] != ""


def finished(writer: str) -> None:
    """Note that a unit of this process has ended, whether it could give its documents back or not."""
    _at_work.discard(writer)


def _machine() -> str:
    """The machine since its start, as after it no process is what it was."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = "unknown"
    return f"{socket.gethostname()}:{boot}".replace("/", "_")


def _started(process: int) -> str:
    """When the process started, as the system counts; empty if there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return _running(process)


def _running(process: int) -> str:
    """On systems that don't tell when a process started."""
    if Path("/proc/self/stat").exists():
        return ""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        pass
    return "unknown"
