"""The rate limit: one bucket for all threads and processes that work in one data folder."""

import math
import re
import sqlite3
import threading
import time
from pathlib import Path
from typing import Self, cast
from urllib.parse import urlsplit

from pyrate_limiter import Rate, RateItem, SQLiteBucket

from mlb_etl.errors import EtlError

_SECOND = 1000  # milliseconds, in which buckets count


class RateLimit:
    """Lets at most `rate` requests a second pass, evenly, counting those of everyone who uses the same file."""

    def __init__(self, file: Path, rate: float) -> None:
        self._interval = 0 if math.isinf(rate) else max(1, math.ceil(_SECOND / rate))
        self._bucket: SQLiteBucket | None = None
        if self._interval:
            self._bucket = _bucket(file, Rate(1, self._interval))

    @classmethod
    def of(cls, data: Path, api: str, rate: float) -> Self:
        """The limit of an API, by its host: a simulator's requests are not the real API's."""
        host = re.sub(r"[^\w.-]", "_", urlsplit(api).netloc)
        return cls(data / "rate" / f"{host}.sqlite", rate)

    def wait(self, stopped: threading.Event) -> None:
        """Return when a request may be sent, which counts from now on, or when the work is stopped."""
        while not stopped.is_set() and (delay := self._delay()) > 0:
            stopped.wait(delay / _SECOND)

    def close(self) -> None:
        """Let go of the file."""
        if self._bucket is not None:
            self._bucket.conn.close()

    def _delay(self) -> int:
        """Take a place, or say how long none is free: 0 or milliseconds."""
        if self._bucket is None:
            return 0
        with self._bucket.lock:
            request = RateItem("request", time.time_ns() // 1_000_000)
            if self._bucket.put(request):
                self._bucket.leak(request.timestamp)
                return 0
            delay = cast("int", self._bucket.waiting(request))  # at once: other kinds of buckets are awaited
            if delay > self._interval + 1:  # the clock was set back: what is counted lies in its future
                self._bucket.flush()
            return max(1, delay)


def _bucket(file: Path, rate: Rate) -> SQLiteBucket:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return SQLiteBucket.init_from_file([rate], db_path=str(file), use_file_lock=True)
    except (OSError, sqlite3.Error) as error:
        raise EtlError(f"the rate limit can't be kept in {file}: {error}; is MLB_ETL_DATA right?") from error
