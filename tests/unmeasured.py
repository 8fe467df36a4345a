"""Where coverage would disturb what a test measures itself, seconds or the size of files, or only take time."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def environment() -> dict[str, str]:
    """That of this process, for a program in which coverage does not start: it takes time, and writes a file."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@contextmanager
def untraced() -> Iterator[None]:
    """Switch tracing off in this thread, for a while."""
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(tracer)
