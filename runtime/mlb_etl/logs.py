"""Log lines on standard error: one per record, as text or as JSON."""

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from mlb_etl.errors import printable

LogFormat: TypeAlias = Literal["text", "json"]
Write: TypeAlias = Callable[[str], None]

_CLEAR = "\r\x1b[2K"  # the terminal's line
_LONGEST = 2000  # characters of a message
_about: ContextVar[dict[str, str]] = ContextVar("about")


class LogSettings(NamedTuple):
    """The lowest level that is logged, the format, and the id of the run, which lines in JSON have."""

    level: int
    form: LogFormat
    run_id: str = ""


@contextmanager
def about(facts: Mapping[str, str]) -> Iterator[None]:
    """Add these facts, such as the game and the URL, to lines logged in the block."""
    token = _about.set({**_about.get({}), **facts})
    try:
        yield
    finally:
        _about.reset(token)


def set_up(chosen: LogSettings, write: Write) -> None:
    """Log to `write`, which receives lines without their newline; replaces an earlier set-up."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if isinstance(each, _Handler)]:
        root.removeHandler(handler)
    root.addHandler(_Handler(chosen, write))
    root.setLevel(chosen.level)


def current_settings() -> LogSettings | None:
    """The current set-up; None if the program has its own logging."""
    return next((each.chosen for each in logging.getLogger().handlers if isinstance(each, _Handler)), None)


def set_up_worker(given: LogSettings | None, level: int) -> None:
    """Log in a worker process as the first process does. Without `given`, log from `level` on unless already set up.

    A progress bar that the first process draws on the terminal continues below the line.
    """
    if given is not None or not logging.getLogger().handlers:
        set_up(given or LogSettings(level, "text"), _write_beside)


def _write_beside(line: str) -> None:
    """Write the line in one call, so that lines of several processes don't mix."""
    sys.stderr.write(f"{_CLEAR if sys.stderr.isatty() else ''}{line}\n")
    sys.stderr.flush()


class _Handler(logging.Handler):
    def __init__(self, chosen: LogSettings, write: Write) -> None:
        super().__init__()
        self.chosen = chosen
        self._write = write
        self.setFormatter(_Json(chosen.run_id) if chosen.form == "json" else _Text())

    def emit(self, record: logging.LogRecord) -> None:
        self._write(self.format(record))


class _Text(logging.Formatter):
    """`2024-07-01T12:00:00.123Z WARNING message (game_pk 1, url http://...)`, without a URL that the message has."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: ARG002, N802 - logging's
        """The time in UTC."""
        return _time(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's
        """The line without a traceback."""
        said = printable(record.message, _LONGEST)
        about = _about.get({}).items()
        missing = ", ".join(f"{name} {value}" for name, value in about if name != "url" or value not in said)
        record.message = f"{said} ({printable(missing, _LONGEST)})" if missing else said
        return super().formatMessage(record)


class _Json(logging.Formatter):
    """An object with time, level, run id, logger and message, plus the facts and the exception if there are any."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self._run = {"run_id": run_id} if run_id else {}

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line of JSON."""
        facts: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname,
            **self._run,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if named := _about.get({}):
            facts["about"] = named
        if record.exc_info:
            facts["exception"] = self.formatException(record.exc_info)
        return json.dumps(facts)


def _time(record: logging.LogRecord) -> str:
    time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    return time.replace("+00:00", "Z")
