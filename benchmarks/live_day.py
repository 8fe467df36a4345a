"""A day of fifteen simulated games at one poll a second each, followed by `mlb-etl live`: whole feeds, then patches.

Simulator, service and PostgreSQL are programs of their own on this machine. The latency is from the request of a
capture to the commit of its rows, whose time the server keeps.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
import psycopg
from machine import cpu_ms, machine

from mlb_sim import times

PROGRAMS = Path(sys.executable).parent
DAY, MOST_ON = date(2024, 4, 21), (16, 40)  # twelve of the fifteen games are on, as many as ever in this season
LOOK = 0.1  # seconds between two looks at what was committed
COMMITTED = """
SELECT document ->> 'game_pk', as_of, extract(epoch FROM pg_xact_commit_timestamp(xmin) - as_of) * 1000
FROM etl.watermark WHERE method = 'game.liveGameV1'
"""
STARTING = "SELECT count(*) < 12 FROM etl.watermark WHERE method = 'game.liveGameV1'"
STORED = """
SELECT sum(seen), count(*), sum(octet_length(body)),
    (SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree('game.live_game_v1'))
FROM game.live_game_v1
"""


@contextmanager
def program(*command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A program of the project, ended by SIGTERM."""
    environment = os.environ | variables
    with subprocess.Popen(
        [PROGRAMS / command[0], *command[1:]], env=environment, stdout=subprocess.PIPE, text=True
    ) as it:
        try:
            yield it
        finally:
            it.terminate()


def follow(seconds: float, *options: str) -> dict[str, Any]:
    """Follow the games for so long, once the first captures of all are in the tables."""
    serve = ["mlb-sim", "serve", "--season", "2024", "--date", DAY.isoformat(), "--wait", "1"]
    with machine(track_commit_timestamp="on") as on, program(*serve) as simulator:
        api = next(iter(simulator.stdout or ())).strip()
        now = times.to_datetime(times.at(DAY, *MOST_ON, offset=-4))
        httpx.post(f"{api}/sim/clock", json={"now": now.isoformat()}).raise_for_status()
        own = {"MLB_ETL_DSN": on.dsn("postgres"), "MLB_ETL_BASE_URL": api, "MLB_ETL_RATE": "off"}
        subprocess.run(
            [PROGRAMS / "mlb-etl", "schema", "init"], env=os.environ | own, check=True, stdout=subprocess.DEVNULL
        )
        live = ["mlb-etl", "live", "--date", DAY.isoformat(), "--interval", "1", *options]
        with psycopg.connect(on.dsn("postgres"), autocommit=True) as connection, program(*live, **own) as service:
            while connection.execute(STARTING).fetchall() == [(True,)]:
                if service.poll() is not None:
                    sys.exit("mlb-etl live has ended")
                time.sleep(LOOK)
            before = {row[:2] for row in connection.execute(COMMITTED)}
            cpu = {"live": cpu_ms(service.pid), "postgres": on.cpu()[1]}
            polls, *_ = connection.execute(STORED).fetchall()[0]
            found: dict[tuple[str, Any], float] = {}
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                found |= {row[:2]: float(row[2]) for row in connection.execute(COMMITTED)}
                time.sleep(LOOK)
            after_cpu = {"live": cpu_ms(service.pid), "postgres": on.cpu()[1]}
            after, captures, body_bytes, table_bytes = connection.execute(STORED).fetchall()[0]
        latencies = [latency for key, latency in found.items() if key not in before]
        cut = quantiles(latencies, n=100)
        return {
            "captures_per_second": float(after - polls) / seconds,
            "applied": len(latencies),
            "latency_ms": {"p50": cut[49], "p95": cut[94], "p99": cut[98], "most": max(latencies)},
            "cores": {name: (ms - cpu[name]) / seconds / 1000 for name, ms in after_cpu.items()},
            "captures": captures,
            "body_bytes_per_capture": float(body_bytes) / captures,
            "table_bytes_per_capture": float(table_bytes) / captures,
        }


def measure(seconds: float) -> dict[str, dict[str, Any]]:
    """With whole feeds, and with patches."""
    return {"whole feeds": follow(seconds), "patches": follow(seconds, "--diff")}
