"""Retries of work after growing pauses, where that may help; each retry can be logged with its cause."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import stamina
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from mlb_etl import tally
from mlb_etl.errors import DatabaseUnavailable, with_notes

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often to try, and the seconds between tries, which double from `first` to `longest`, plus up to `jitter`.

    Retrying ends after `patience` seconds in total, or after `attempts` tries, if not None.
    """

    attempts: int | None = 6
    first: float = 0.5
    longest: float = 30.0
    jitter: float = 1.0
    patience: float = 180.0


def retrying(work: Callable[[], T], on: Callable[[Exception], bool | float], retries: Retries) -> T:
    """Do the work until it succeeds, and return its result; raises the last error.

    `on` returns whether retrying after an error may help, or after how many seconds.
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
    """Log each request once, by the client instead of httpx, and each retry with its cause."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    set_on_retry_hooks([_tell])


def _tell(details: RetryDetails) -> None:
    """Count a retry and log its cause: a hook for stamina, whose own hook does not."""
    tally.add("retries", type(details.caused_by).__name__)
    if not isinstance(details.caused_by, DatabaseUnavailable):  # apply.pipeline.Session logs that
        log.warning("%s; trying again in %.1f s", with_notes(details.caused_by), details.wait_for)
