"""The command line in processes that start fast, since they inherit the imports, and that can be killed at any call."""

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
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
    "sample_tables.game",
    "pandas",
]
FROZEN = -1


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, or minus the signal; and what it printed."""

    command: str
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.stdout)

    def __str__(self) -> str:
        return f"{self.command}: {self.code}\n{self.stdout[-2000:]}{self.stderr[-2000:]}"


@dataclass(frozen=True)
class Started:
    """A command that runs."""

    command: str
    process: BaseProcess
    output: Path

    def end(self) -> Ended:
        """Wait for its end; one that is not over in time is killed, and its code is FROZEN."""
        self.process.join(PATIENCE)
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


def start(
    of: ForkServerContext,
    words: Sequence[str],
    environment: Mapping[str, str],
    output: Path,
    *,
    crash: Crash | None = None,
    server: int | None = None,
) -> Started:
    """Start `mlb-etl` with these words; `server` is the process of the database's server, which a crash may kill."""
    process = of.Process(target=_work, args=(list(words), dict(environment), output, crash, server))
    process.start()
    return Started(" ".join(words), process, output)


def _work(words: list[str], environment: dict[str, str], output: Path, crash: Crash | None, server: int | None) -> None:
    for end, number in ((".out", 1), (".err", 2)):
        os.dup2(os.open(output.with_suffix(end), os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.update(environment)
    sys.argv = ["mlb-etl", *words]
    if crash is not None:
        _at_call(crash, server)
    from mlb_etl.cli import main  # noqa: PLC0415 - it is inherited

    main()


def _at_call(crash: Crash, server: int | None) -> None:
    """Crash at that call of a function of the runtime, of any thread."""
    left = [crash.call]

    def profile(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not frame.f_globals.get("__name__", "").startswith("mlb_etl."):
            return
        left[0] -= 1
        if left[0] == 0:
            if crash.server and server is not None:
                os.kill(server, signal.SIGQUIT)  # it ends at once, and recovers when it starts
            else:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(profile)
    threading.setprofile(profile)
