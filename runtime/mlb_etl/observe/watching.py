"""What watches a run, where the environment asks for it: metrics, traces, lineage. Each needs a library only then."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from mlb_etl import spans
from mlb_etl.observe import setting
from mlb_etl.observe.flow import Flows
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.runs import Outcome, StartedRun


class Watch(Protocol):
    """Something that wants to know how a run ends."""

    def end(self, outcome: Outcome) -> None:
        """Tell of the end, within a bounded time; raises nothing."""


def begin(run: StartedRun, databases: Sequence[Database], flows: Flows, stuck: Callable[[], str | None]) -> list[Watch]:
    """Begin to watch a run; `stuck` says why it does not go on. Raises EtlError for an invalid MLB_ETL_METRICS."""
    watches: list[Watch] = []
    if (to := setting.destination()) is not None:
        from mlb_etl.observe.reporting import Reporter  # noqa: PLC0415 - it needs an extra that may not be installed

        watches.append(Reporter(to, (run.command, run.subject), databases[0], stuck))
    if setting.wants_lineage():
        from mlb_etl.observe.lineage import Lineage  # noqa: PLC0415 - as above

        watches.append(Lineage(run, flows, databases))
    return watches


@contextmanager
def traced(run: StartedRun) -> Iterator[None]:
    """Record the block as the span of the run, and what is done in it as spans below that."""
    if not setting.wants_traces():
        yield
        return
    from mlb_etl.observe.traces import OpenTelemetry  # noqa: PLC0415 - as above

    tracer = OpenTelemetry()
    spans.set_up(tracer)
    try:
        with spans.span(f"mlb-etl {run.command}", subject=run.subject, run_id=run.run_id):
            yield
    finally:
        spans.set_up(None)
        tracer.flush()
