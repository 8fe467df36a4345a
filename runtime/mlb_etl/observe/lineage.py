"""Tells OpenLineage of each run: what it reads and writes, with the columns of the tables and where they come from."""

import logging
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from mlb_contracts import Table
from mlb_etl.errors import EtlError
from mlb_etl.observe.bounded import within
from mlb_etl.observe.flow import Flow, Flows
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.runs import Outcome, StartedRun

try:
    from openlineage.client import OpenLineageClient
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
    from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
except ImportError as error:
    raise EtlError("lineage needs the package openlineage-python: pip install 'mlb-etl[observe]'") from error

PATIENCE = 5.0  # seconds for each event
_NAMESPACE = "mlb-etl"
_PRODUCER = f"urn:mlb-etl:{version('mlb-etl')}"
_ENDS = {"done": RunState.COMPLETE, "incomplete": RunState.COMPLETE, "interrupted": RunState.ABORT}
log = logging.getLogger(__name__)


class Lineage:
    """The events of a run; an event that is not taken is logged once, and stops nothing."""

    def __init__(self, run: StartedRun, flows: Flows, databases: Sequence[Database]) -> None:
        self._run = Run(str(run.id))
        name = ".".join(filter(None, (run.command, run.subject)))
        self._job = Job(os.environ.get("OPENLINEAGE_NAMESPACE") or _NAMESPACE, name)
        self._flows = flows
        self._databases = databases
        self._client: OpenLineageClient | None = None
        self._told = False
        for library in ("openlineage", "urllib3"):  # which log each of their attempts
            logging.getLogger(library).setLevel(logging.CRITICAL)
        self._emit(RunState.START)

    def end(self, outcome: Outcome) -> None:
        """Tell how the run ended."""
        self._emit(_ENDS.get(outcome, RunState.FAIL))

    def _emit(self, state: RunState) -> None:
        try:
            within(PATIENCE, lambda: self._send(state))
        except Exception as error:  # noqa: BLE001 - whatever transports of others raise, the run goes on
            log.log(logging.INFO if self._told else logging.WARNING, "OpenLineage takes no events: %s", error)
            self._told = True

    def _send(self, state: RunState) -> None:
        self._client = self._client or OpenLineageClient()
        flows = self._flows()
        event = RunEvent(
            eventTime=datetime.now(UTC).isoformat(),
            producer=_PRODUCER,
            run=self._run,
            job=self._job,
            eventType=state,
            inputs=[InputDataset(*each) for each in dict.fromkeys(_inputs(flows, self._databases))],
            outputs=[each for flow in flows for each in _outputs(flow, self._databases)],
        )
        self._client.emit(event)


def _inputs(flows: Sequence[Flow], databases: Sequence[Database]) -> Iterator[tuple[str, str]]:
    """The namespace and name of each dataset that is read."""
    for flow in flows:
        if flow.captures:
            yield from flow.sources or [(flow.api, flow.method.name)]
        else:
            yield from (each.dataset(flow.method.raw_schema, flow.method.raw_table) for each in databases)


def _outputs(flow: Flow, databases: Sequence[Database]) -> Iterator[OutputDataset]:
    for database in databases:
        if flow.captures:
            yield OutputDataset(*database.dataset(flow.method.raw_schema, flow.method.raw_table))
        for table in flow.method.tables if flow.applies else ():
            yield OutputDataset(*database.dataset(table.schema, table.name), facets=_facets(flow, table))


def _facets(flow: Flow, table: Table) -> dict[str, Any]:
    """The columns of a table, and the places in responses that they come from."""
    types = [(each.name, each.type) for each in table.columns] + [(each.name, each.type) for each in table.derived]
    fields = [schema_dataset.SchemaDatasetFacetFields(*each) for each in types]
    sources = {
        column.name: column_lineage_dataset.Fields(
            [column_lineage_dataset.InputField(flow.api, flow.method.name, path) for path in column.paths]
        )
        for column in table.columns
        if column.paths
    }
    return {
        "schema": schema_dataset.SchemaDatasetFacet(fields=fields),
        "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields=sources),
    }
