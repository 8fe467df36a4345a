"""Spans of work, for traces: a run, a request, a batch. Nothing is measured until a tracer is set up.

Rooms open spans, and know nothing of who records them. A worker process gets the tracer of the first one.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Tracer(Protocol):
    """Records spans. It can be pickled inside a span, and then goes on below it in another process."""

    def span(self, name: str, facts: Mapping[str, str | int]) -> AbstractContextManager[object]:
        """A span that lasts as long as the block, below the one that is open."""

    def flush(self) -> None:
        """Send what was recorded, within a bounded time; never raises."""


_tracer: Tracer | None = None


def set_up(tracer: Tracer | None) -> None:
    """Record spans by this tracer from now on; with None, none."""
    global _tracer  # noqa: PLW0603 - as logging has one state for each process
    _tracer = tracer


def tracer() -> Tracer | None:
    """The tracer of this process, if any."""
    return _tracer


@contextmanager
def span(name: str, **facts: str | int) -> Iterator[None]:
    """Record the block as a span with these facts."""
    if _tracer is None:
        yield
        return
    with _tracer.span(name, facts):
        yield
