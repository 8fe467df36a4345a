"""Runs of commands: etl.run in a lake."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.arrow import TIME
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.delta.marks import again
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.interfaces.runs import MOST, Outcome, RecordedRun, StartedRun, state_of
from mlb_etl.stores.texts import storable_text

TABLE = "run"
SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("command", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("started_at", TIME, nullable=False),
        pa.field("seen_at", TIME, nullable=False),
        pa.field("ended_at", TIME),
        pa.field("outcome", pa.string()),
        pa.field("counts", pa.string(), nullable=False),
    ]
)
_MATCHING = "t.id = s.id"


class Runs:
    """Records runs in a lake."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake

    def start(self, run: StartedRun) -> None:
        """As `RunStore` says."""
        if self._lake.exists(lakes.CONTROL, TABLE):
            again(partial(self._start, run))

    def _start(self, run: StartedRun) -> None:
        table, now = self._lake.open(lakes.CONTROL, TABLE), datetime.now(UTC)
        row = {
            "id": str(run.id),
            "run_id": run.run_id,
            "command": run.command,
            "subject": storable_text(run.subject),
            "started_at": now,
            "seen_at": now,
            "counts": "{}",
        }
        old = sorted((each for each in records(table) if each["command"] == run.command), key=_started)[: -MOST + 1]
        lakes.merge(table, lakes.changes(SCHEMA, [row, *(each | {GONE: True} for each in old)]), _MATCHING)

    def see(self, run: StartedRun) -> None:
        """As `RunStore` says."""
        again(lambda: self._change(run, {"seen_at": datetime.now(UTC)}))

    def end(self, run: StartedRun, outcome: Outcome, counts: Mapping[str, Mapping[str, float]]) -> None:
        """As `RunStore` says."""
        now = datetime.now(UTC)
        changed = {"seen_at": now, "ended_at": now, "outcome": outcome, "counts": json.dumps(counts)}
        again(lambda: self._change(run, changed))

    def _change(self, run: StartedRun, changed: Mapping[str, Any]) -> None:
        if not self._lake.exists(lakes.CONTROL, TABLE):
            return
        table = self._lake.open(lakes.CONTROL, TABLE)
        its = [{**row, **changed} for row in records(table) if row["id"] == str(run.id)]
        if its:
            lakes.merge(table, lakes.changes(SCHEMA, its), _MATCHING, insert=False)

    def last(self) -> list[RecordedRun]:
        """As `RunStore` says."""
        rows = records(self._lake.open(lakes.CONTROL, TABLE))
        newest = {(row["command"], row["subject"]): row for row in sorted(rows, key=_started)}
        now = datetime.now(UTC)
        return [
            RecordedRun(
                row["run_id"],
                row["command"],
                row["subject"],
                state_of(row["outcome"], row["seen_at"], now),
                row["started_at"],
                row["ended_at"],
                json.loads(row["counts"]),
            )
            for row in sorted(newest.values(), key=_started, reverse=True)
        ]


def _started(row: Mapping[str, Any]) -> datetime:
    started: datetime = row["started_at"]
    return started
