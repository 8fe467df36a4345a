"""Work on other systems that may hang: it gets its time, and is left behind after that."""

import threading
from collections.abc import Callable
from typing import TypeVar

from mlb_etl.errors import EtlError

T = TypeVar("T")


class TooSlowError(EtlError):
    """It took longer than it was given."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """The result of the work, done in a thread of its own; raises its error, and TooSlowError.

    The thread is a daemon, so it ends with the process at the latest.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def do() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - it is raised below
            errors.append(error)

    thread = threading.Thread(target=do, name="bounded", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TooSlowError(f"no answer within {seconds:g} s")
    return results[0]
