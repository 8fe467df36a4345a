"""Prometheus and its Pushgateway, as Debian has them, for tests; and what a dashboard asks of it."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mlb_etl.observe import catalog
from mlb_etl.observe.catalog import Metric

METRICS = [*catalog.COUNTED.values(), *(each for each in vars(catalog).values() if isinstance(each, Metric))]
CHART = Path(__file__).parents[1] / "helm" / "mlb-data-platform" / "files"
RULES = CHART / "rules.yaml"
PATIENCE = 60.0  # seconds, on a busy machine


def sample_names(metric: Metric) -> tuple[str, ...]:
    """The names of the samples of a metric, as queries have them."""
    match metric.kind:
        case "counter":
            return (f"{metric.name}_total",)
        case "histogram":
            return tuple(f"{metric.name}_{part}" for part in ("bucket", "count", "sum"))
        case _:
            return (metric.name,)


def program(name: str) -> str:
    """The path of a program of Prometheus; the test is skipped without it."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed: apt-get install prometheus prometheus-pushgateway")
    return found


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def started(*command: str, ready: str, folder: Path) -> Iterator[None]:
    """A server that answers at `ready`, until the block ends."""
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            until(lambda: answers(ready))
            yield
        finally:
            process.kill()
            process.wait()


@contextmanager
def scraping(target: str, folder: Path) -> Iterator[str]:
    """The URL of a Prometheus that scrapes this address each second, and has the chart's rules."""
    folder.mkdir()
    port = free_port()
    job = {"job_name": "live", "static_configs": [{"targets": [target]}]}
    settings = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES)],
        "scrape_configs": [job],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(settings))
    url = f"http://127.0.0.1:{port}"
    with started(
        program("prometheus"), f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={folder / 'data'}",
        f"--config.file={folder / 'prometheus.yml'}",
        ready=f"{url}/-/ready", folder=folder,
    ):  # fmt: skip
        yield url


@contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """The URL of a Pushgateway."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = program("prometheus-pushgateway"), f"--web.listen-address=127.0.0.1:{port}"
    with started(*command, ready=f"{url}/-/ready", folder=folder):
        yield url


def query(url: str, expression: str) -> list[dict[str, Any]]:
    """The series that Prometheus answers with."""
    answer = httpx.get(f"{url}/api/v1/query", params={"query": expression}).json()
    assert answer["status"] == "success", (expression, answer)
    found: list[dict[str, Any]] = answer["data"]["result"]
    return found


def panels() -> list[dict[str, Any]]:
    """The panels of the dashboard."""
    found: list[dict[str, Any]] = json.loads((CHART / "dashboard.json").read_text())["panels"]
    return found


def panel_queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def alerts() -> list[dict[str, Any]]:
    """The rules of the chart."""
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def until(done: Callable[[], bool]) -> None:
    """Return when it is done; fail if it takes too long."""
    end = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)
