"""Writes metrics at the end of a run: to files for a node exporter, or to a Pushgateway."""

import re
from pathlib import Path

from prometheus_client import CollectorRegistry, push_to_gateway, write_to_textfile

from mlb_etl.errors import EtlError, redacted
from mlb_etl.observe.bounded import within
from mlb_etl.observe.setting import Push, Textfile

JOB = "mlb_etl"
PATIENCE = 10.0  # seconds for a Pushgateway, which must not keep a run waiting
_LONGEST = 100  # characters of a file's name


def send(to: Textfile | Push, run: CollectorRegistry, database: CollectorRegistry, names: tuple[str, str]) -> None:
    """Send the metrics of a run, and those of the database, each to a place where they replace earlier ones.

    `names` are the command and its subject. Raises EtlError if they can't be written.
    """
    if isinstance(to, Textfile):
        _write(to.folder, run, database, names)
    else:
        within(PATIENCE, lambda: _push(to.url, run, database, names))


def _write(folder: Path, run: CollectorRegistry, database: CollectorRegistry, names: tuple[str, str]) -> None:
    """Write two files, each in one step: a reader sees the old or the new one."""
    own = re.sub(r"[^A-Za-z0-9_.-]+", "_", "_".join(filter(None, names)))[:_LONGEST]
    try:
        write_to_textfile(str(folder / f"{JOB}_run_{own}.prom"), run)
        write_to_textfile(str(folder / f"{JOB}.prom"), database)
    except OSError as error:
        raise EtlError(f"MLB_ETL_METRICS: can't write to {folder}: {error.strerror or error}") from error


def _push(url: str, run: CollectorRegistry, database: CollectorRegistry, names: tuple[str, str]) -> None:
    command, subject = names
    try:
        push_to_gateway(url, JOB, run, {"command": command, "subject": subject}, timeout=PATIENCE)
        push_to_gateway(url, JOB, database, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise EtlError(f"MLB_ETL_METRICS: {redacted(url)} takes no metrics: {redacted(str(error))}") from error
