"""The command line in processes that start fast, since they inherit the imports, and that can be killed at any call."""

import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Any

from soaking.plan import Crash

PATIENCE = 120.0  # seconds for a command; almost all take less than one
# pyarrow imports pandas, if it is there, with the first array
_INHERITED = [
    "__main__",
    "mlb_etl.cli",
    "mlb_etl.apply.pipeline",
    "mlb_etl.stores.delta.database",
    "sample_later.game",
    "mlb_tables.game.live_game_v1.method",
    "mlb_etl.baseball.cli.live",
    "pandas",
]
FROZEN = -1


class Wrong(Exception):
    """The auditor objects, or a command ended as none may."""


@dataclass(frozen=True)
class Command:
    """`mlb-etl` with these words.

    `server` is the process of the database's server, which a crash may kill; `clock` how far ahead the clock is by
    which captures are timed.
    """

    words: Sequence[str]
    environment: Mapping[str, str]
    output: Path
    crash: Crash | None
    server: int
    clock: timedelta


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or minus the signal; and what it printed."""

    command: str
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON; raises Wrong if it is not."""
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise Wrong(f"what it printed is not JSON\n{self}") from error

    def __str__(self) -> str:
        return f"{self.command}: {self.code}\n{self.stdout[-2000:]}{self.stderr[-2000:]}"


@dataclass(frozen=True)
class Started:
    """A command that runs."""

    command: str
    process: BaseProcess
    output: Path

    def end(self, enough: Event) -> Ended:
        """Wait for its end, which it is told when that is set; if it is not over in time it is killed: code FROZEN."""
        until = time.monotonic() + PATIENCE
        while self.process.exitcode is None and time.monotonic() < until and not enough.is_set():
            self.process.join(0.05)
        if enough.is_set():
            self.process.terminate()
        self.process.join(max(0.0, until - time.monotonic()))
        code = self.process.exitcode
        if code is None:
            self.process.kill()
            self.process.join()
            code = FROZEN
        files = [self.output.with_suffix(end) for end in (".out", ".err")]
        printed = [file.read_text() if file.exists() else "" for file in files]
        return Ended(self.command, code, *printed)


def context() -> ForkServerContext:
    """Where such processes come from."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(_INHERITED)
    return found


def start(of: ForkServerContext, command: Command) -> Started:
    """Start a command."""
    process = of.Process(target=_work, args=(command,))
    process.start()
    return Started(" ".join(command.words), process, command.output)


def _work(command: Command) -> None:
    for end, number in ((".out", 1), (".err", 2)):
        os.dup2(os.open(command.output.with_suffix(end), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.update(command.environment)
    sys.argv = ["mlb-etl", *command.words]
    from mlb_etl.cli import main  # noqa: PLC0415 - they are inherited
    from mlb_etl.http.client import Client  # noqa: PLC0415

    (Client.__init__.__kwdefaults__ or {})["now"] = lambda: datetime.now(UTC) + command.clock
    if command.crash is not None:
        _at_call(command.crash, command.server)
    main()


def _at_call(crash: Crash, server: int) -> None:
    """Crash at that call of a function of the runtime, of any thread."""
    left = [crash.call]

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not frame.f_globals.get("__name__", "").startswith("mlb_etl."):
            return
        left[0] -= 1
        if left[0] == 0:
            if crash.server:
                os.kill(server, signal.SIGQUIT)  # it ends at once, and recovers when it starts
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(profile)
    threading.setprofile(profile)
