"""The outcome of capturing, as text and as JSON."""

from typing import Any

import click

from mlb_etl.capture.capturer import CaptureCounts, Failure
from mlb_etl.cli import report
from mlb_etl.errors import Rejected
from mlb_etl.jobs.worker import IngestResult


def failures(captured: CaptureCounts) -> None:
    """Print each failed request with its reason, then the totals."""
    report.some(captured.failures, _failure, "failed")
    click.echo(
        f"stored {captured.stored}, unchanged {captured.seen}, skipped {captured.skipped},"
        f" failed {len(captured.failures)}"
    )


def _failure(failure: Failure) -> None:
    title = f"failed {failure.target.name}"
    if isinstance(failure.why, Rejected):
        report.rejected(title, failure.why)
    else:
        click.echo(f"{title}: {failure.why}")


def outcome_json(done: IngestResult) -> dict[str, Any]:
    """The outcome as JSON data."""
    captured = done.captured
    numbers = {"stored": captured.stored, "unchanged": captured.seen, "skipped": captured.skipped}
    failed = [
        {"request": each.target.request.target, "error": type(each.why).__name__, "reason": str(each.why)}
        for each in captured.failures
    ]
    return {**numbers, "failures": failed, "transform": report.counts_json(done.counts) if done.counts else None}
