"""The rate limit: one bucket for all threads and processes that share a data folder."""

import math
import re
import sqlite3
import threading
import time
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from pyrate_limiter import Rate, RateItem, SQLiteBucket

from mlb_etl import tally
from mlb_etl.errors import EtlError

_SECOND = 1000  # milliseconds, in which buckets count


class RateLimit:
    """Lets at most `rate` requests per second pass, evenly spaced, over all processes that use the same file."""

    def __init__(self, file: Path, rate: float) -> None:
        self._interval = 0 if math.isinf(rate) else max(1, math.ceil(_SECOND / rate))
        self._bucket: SQLiteBucket | None = None
        if self._interval:
            self._bucket = _bucket(file, Rate(1, self._interval))

    @classmethod
    def of(cls, data: Path, api: str, rate: float) -> Self:
        """The limit for the API's host, so that requests to a simulator don't count as requests to the real API."""
        host = re.sub(r"[^\w.-]", "_", urlsplit(api).netloc)
        return cls(data / "rate" / f"{host}.sqlite", rate)

    def wait(self, stopped: threading.Event) -> None:
        """Wait until a request may be sent, and count it; or until the work is stopped."""
        began: float | None = None
        while not stopped.is_set() and (delay := self._delay()) > 0:
            began = began or time.monotonic()
            stopped.wait(delay / _SECOND)
        if began is not None:
            tally.add("rate_limit_waits")
            tally.add("rate_limit_wait_seconds", number=time.monotonic() - began)

    def close(self) -> None:
        """Close the file."""
        if self._bucket is not None:
            self._bucket.conn.close()

    def _delay(self) -> int:
        """Take a slot and return 0, or return the milliseconds until one is free."""
        if self._bucket is None:
            return 0
        with self._bucket.lock:
            request = RateItem("request", time.time_ns() // 1_000_000)
            if self._bucket.put(request):
                self._bucket.leak(request.timestamp)
                return 0
            delay = cast(
                "int", self._bucket.waiting(request)
            )  # immediate; only other kinds of buckets return awaitables
            if delay > self._interval + 1:  # the clock was set back, so counted requests lie in the future
                self._bucket.flush()
            return max(1, delay)


def _bucket(file: Path, rate: Rate) -> SQLiteBucket:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return SQLiteBucket.init_from_file([rate], db_path=str(file), use_file_lock=True)
    except (OSError, sqlite3.Error) as error:
        raise EtlError(f"the rate limit can't be kept in {file}: {error}; is MLB_ETL_DATA right?") from error
