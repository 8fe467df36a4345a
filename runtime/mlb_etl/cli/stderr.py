"""Where log lines go: standard error, or above what moves on the terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

_writers: list[Callable[[str], None]] = []


def log(line: str) -> None:
    """Write a line to standard error, above what moves there."""
    (_writers[-1] if _writers else plain)(line)


def plain(line: str) -> None:
    """Write a line to standard error."""
    click.echo(line, err=True)


@contextmanager
def through(write: Callable[[str], None]) -> Iterator[None]:
    """Let `write` have the lines that are logged in the block."""
    _writers.append(write)
    try:
        yield
    finally:
        _writers.remove(write)
