"""The root of mlbgen's exceptions, and what files of a project that can't be used become."""

from collections.abc import Iterator
from contextlib import contextmanager


class MlbgenError(Exception):
    """Something a user can mend; the message says what, where, why and what to do."""


@contextmanager
def unusable_files() -> Iterator[None]:
    """Raise MlbgenError for a file that can't be read or written, such as a folder in its place."""
    try:
        yield
    except OSError as error:
        raise MlbgenError(f"{error.filename}: can't be used: {error.strerror}") from error
