"""Work that is done again where that may help, after growing pauses; each retry can be logged, with its cause."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from mlb_etl.errors import DatabaseUnavailable, with_notes

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often to try, and seconds between tries: doubling from the first to the longest, and up to `jitter` more.

    After `patience` seconds in all, it gives up; attempts: None for as many as it has patience for.
    """

    attempts: int | None = 6
    first: float = 0.5
    longest: float = 30.0
    jitter: float = 1.0
    patience: float = 180.0


def retrying(work: Callable[[], T], on: Callable[[Exception], bool | float], retries: Retries) -> T:
    """What the work gives at last; else raises its last error.

    `on` tells of an error whether trying again may help, or after how many seconds it may.
    """
    for attempt in stamina.retry_context(
        on=on,
        attempts=retries.attempts,
        timeout=retries.patience,
        wait_initial=retries.first,
        wait_max=retries.longest,
        wait_jitter=retries.jitter,
    ):
        with attempt:
            return work()
    raise AssertionError("the attempts end with a result or an error")


def set_up_logs() -> None:
    """Let each request be logged once, by its client, and each retry with its cause."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    set_on_retry_hooks([_tell])


def _tell(details: RetryDetails) -> None:
    """Log why something is tried again: a hook of stamina, whose own names no cause."""
    if not isinstance(details.caused_by, DatabaseUnavailable):  # of which its session tells
        log.warning("%s; trying again in %.1f s", with_notes(details.caused_by), details.wait_for)
