"""Where log lines go: to standard error, or above the display on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_writers: list[Callable[[str], None]] = []


def log(line: str) -> None:
    """Write a line to standard error, above a display that is redrawn there."""
    (_writers[-1] if _writers else write_line)(line)


def write_line(line: str) -> None:
    """Write a line to standard error."""
    click.echo(line, err=True)


@contextmanager
def through(write: Callable[[str], None]) -> Iterator[None]:
    """Pass lines logged in the block to `write`."""
    _writers.append(write)
    try:
        yield
    finally:
        _writers.remove(write)
