"""The base class of mlbgen's exceptions, and their translation of errors of the file system."""

from collections.abc import Iterator
from contextlib import contextmanager


class MlbgenError(Exception):
    """An error that the user can fix; the message says what, where, why and what to do."""


@contextmanager
def unusable_files() -> Iterator[None]:
    """Turn an OSError in the block, such as a folder in place of a file, into MlbgenError."""
    try:
        yield
    except OSError as error:
        raise MlbgenError(f"{error.filename}: can't be used: {error.strerror}") from error
