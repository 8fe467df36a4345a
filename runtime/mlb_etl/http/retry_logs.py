"""How retries are logged: once each, with their cause, by the program that sets it up."""

import logging

from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from mlb_etl.errors import DatabaseUnavailable, told

log = logging.getLogger(__name__)


def set_up_logs() -> None:
    """Let each request be logged once, by its client, and each retry with its cause."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    set_on_retry_hooks([_tell])


def _tell(details: RetryDetails) -> None:
    """Log why something is tried again: a hook of stamina, whose own names no cause."""
    if not isinstance(details.caused_by, DatabaseUnavailable):  # of which its session tells
        log.warning("%s; trying again in %.1f s", told(details.caused_by), details.wait_for)
