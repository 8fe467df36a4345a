"""Programs on a real terminal: a pseudo-terminal of the system, and what a person sees on its screen."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pyte

PATIENCE = 60.0  # seconds


@dataclass
class Seen:
    """What was on the screen each time that the program had written, the last time, and how the program ended."""

    screens: list[list[str]] = field(default_factory=list)
    written: bytes = b""
    returncode: int = -1
    cursor_hidden: bool = False

    @property
    def last(self) -> list[str]:
        """The lines that are left."""
        return self.screens[-1]

    @property
    def text(self) -> str:
        return "\n".join(self.last)


@dataclass(frozen=True)
class Process:
    """A program that runs on a terminal."""

    pid: int
    terminal: int

    def type(self, keys: str) -> None:
        """As if a person had typed it; \\x03 is Ctrl-C."""
        os.write(self.terminal, keys.encode())


def run(
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    columns: int = 80,
    stdout: int | None = None,
    meanwhile: Callable[["Process", list[str]], None] = lambda *_: None,
) -> Seen:
    """Run a program on a terminal so wide, with much scrolled back; its standard output may go elsewhere.

    `meanwhile` is called with what is on the screen after each time that the program wrote.
    """
    screen = pyte.Screen(columns, 400)
    stream = pyte.ByteStream(screen)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 400, columns, 0, 0))
    given = {"TERM": "xterm-256color", **{k: v for k, v in environment.items() if k not in {"COLUMNS", "LINES"}}}
    seen = Seen()
    with subprocess.Popen(
        command, env=given, stdin=theirs, stdout=theirs if stdout is None else stdout, stderr=theirs,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - the child only makes two system calls
    ) as process:  # fmt: skip
        os.close(theirs)
        deadline = time.monotonic() + PATIENCE
        while some := _read(ours, deadline):
            stream.feed(some)
            seen.written += some
            seen.screens.append([line.rstrip() for line in screen.display if line.strip()])
            meanwhile(Process(process.pid, ours), seen.last)
        os.close(ours)
        seen.returncode = process.wait(PATIENCE)
    seen.cursor_hidden = screen.cursor.hidden
    return seen


def _take_terminal() -> None:
    """So that Ctrl-C, written to our end, reaches the program."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(terminal: int, deadline: float) -> bytes:
    ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
    assert ready, "it writes no more, and does not end"
    try:
        return os.read(terminal, 65536)
    except OSError:  # the end of a terminal
        return b""
