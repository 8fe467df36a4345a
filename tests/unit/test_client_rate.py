"""The rate limit, over threads and processes."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from pyrate_limiter import RateItem

from mlb_etl.errors import EtlError
from mlb_etl.http.client import Client
from mlb_etl.http.rate import RateLimit
from mlb_etl.settings import Settings

WORKER = """
import sys, threading
from pathlib import Path
from mlb_etl.http.rate import RateLimit
limit = RateLimit(Path(sys.argv[1]), 100)
put = limit._bucket.put
def noted(item):
    taken = put(item)
    if taken:
        print(item.timestamp, flush=True)
    return taken
limit._bucket.put = noted
for _ in range(40):
    limit.wait(threading.Event())
"""
RUNS = threading.Event()  # work that nobody stops


def gaps(times: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise(sorted(times))]


def test_one_rate_for_several_processes(tmp_path: Path) -> None:
    """No two requests are closer in time than the rate allows, whichever process sends them."""
    command = [sys.executable, "-c", WORKER, str(tmp_path / "rate.sqlite")]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    times = [float(line) for worker in workers for line in worker.communicate()[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert len(times) == 120
    assert min(gaps(times)) >= 10, "milliseconds"


def test_one_rate_for_several_threads(tmp_path: Path) -> None:
    limit = RateLimit(tmp_path / "rate.sqlite", 100)
    assert limit._bucket is not None
    put, times = limit._bucket.put, list[float]()

    def noted(item: RateItem) -> bool:
        if taken := bool(put(item)):
            times.append(item.timestamp)
        return taken

    limit._bucket.put = noted  # type: ignore[method-assign]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: limit.wait(RUNS), range(40)))
    assert len(times) == 40
    assert min(gaps(times)) >= 10, "milliseconds"


def test_waiting_for_the_rate_limit_can_be_stopped(tmp_path: Path) -> None:
    limit, stopped = RateLimit(tmp_path / "rate.sqlite", 0.001), threading.Event()
    limit.wait(stopped)
    began = time.monotonic()
    threading.Timer(0.2, stopped.set).start()
    limit.wait(stopped)
    assert time.monotonic() - began < 10


def test_the_first_request_does_not_wait(tmp_path: Path) -> None:
    began = time.monotonic()
    RateLimit(tmp_path / "new" / "rate.sqlite", 0.01).wait(RUNS)
    assert time.monotonic() - began < 1


def test_no_limit(tmp_path: Path) -> None:
    limit = RateLimit(tmp_path / "rate.sqlite", float("inf"))
    began = time.monotonic()
    for _ in range(1000):
        limit.wait(RUNS)
    assert time.monotonic() - began < 1
    assert list(tmp_path.iterdir()) == []


def test_setting_the_clock_back_does_not_block_requests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = RateLimit(tmp_path / "rate.sqlite", 20)
    limit.wait(RUNS)
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() - 3600 * 10**9)
    began = time.monotonic()
    delay = limit._delay()
    assert delay > 0
    limit.wait(RUNS)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(("job", "waits"), [(None, 100), (20, 100), (4, 250)])
def test_a_job_can_only_be_slower_than_the_settings(tmp_path: Path, job: float | None, waits: int) -> None:
    client = Client.of(Settings(None, tmp_path, "", "http://127.0.0.1:8000", rate=10), rate=job)
    assert client._limit._interval == waits


def test_each_api_has_its_own_rate_limit(tmp_path: Path) -> None:
    for api in ("https://statsapi.mlb.com", "http://127.0.0.1:8000", "http://127.0.0.1:8001/x"):
        RateLimit.of(tmp_path, api, 1).wait(RUNS)
    assert {path.name for path in (tmp_path / "rate").glob("*.sqlite")} == {
        "statsapi.mlb.com.sqlite",
        "127.0.0.1_8000.sqlite",
        "127.0.0.1_8001.sqlite",
    }


@pytest.mark.parametrize("folder", ["file/rate", "file.sqlite"])
def test_a_folder_that_is_none(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "file.sqlite").mkdir()
    with pytest.raises(EtlError, match=r"the rate limit can't be kept in .*MLB_ETL_DATA"):
        RateLimit(tmp_path / folder, 1)
