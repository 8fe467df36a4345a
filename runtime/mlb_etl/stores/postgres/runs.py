"""Runs of commands: etl.run."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from mlb_etl.stores.interfaces.runs import MOST, Outcome, RecordedRun, StartedRun, state_of
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.texts import storable_text

_EXISTS = "SELECT to_regclass('etl.run') IS NOT NULL"
_START = "INSERT INTO etl.run (id, run_id, command, subject) VALUES (%s, %s, %s, %s)"
# Runs that start at the same time skip what the other deletes.
_FORGET = """
DELETE FROM etl.run WHERE id IN (
    SELECT id FROM etl.run WHERE command = %(command)s AND started_at < (
        SELECT started_at FROM etl.run WHERE command = %(command)s ORDER BY started_at DESC OFFSET %(most)s LIMIT 1
    )
    FOR UPDATE SKIP LOCKED
)
"""
_SEE = "UPDATE etl.run SET seen_at = clock_timestamp() WHERE id = %s"
_END = """
UPDATE etl.run SET seen_at = clock_timestamp(), ended_at = clock_timestamp(), outcome = %s, counts = %s WHERE id = %s
"""
_LAST = """
SELECT run_id, command, subject, outcome, seen_at, clock_timestamp(), started_at, ended_at, counts FROM (
    SELECT DISTINCT ON (command, subject) * FROM etl.run ORDER BY command, subject, started_at DESC
) AS last
ORDER BY started_at DESC, command, subject
"""


class Runs:
    """Records runs, on a connection in autocommit mode."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @translate_errors()
    def start(self, run: StartedRun) -> None:
        """As `RunStore` says."""
        if self._connection.execute(_EXISTS).fetchone() != (True,):
            return
        self._connection.execute(_START, (run.id, run.run_id, run.command, storable_text(run.subject)))
        self._connection.execute(_FORGET, {"command": run.command, "most": MOST - 1})

    @translate_errors()
    def see(self, run: StartedRun) -> None:
        """As `RunStore` says."""
        self._connection.execute(_SEE, (run.id,))

    @translate_errors()
    def end(self, run: StartedRun, outcome: Outcome, counts: Mapping[str, Mapping[str, float]]) -> None:
        """As `RunStore` says."""
        self._connection.execute(_END, (outcome, Jsonb(counts), run.id))

    @translate_errors()
    def last(self) -> list[RecordedRun]:
        """As `RunStore` says."""
        found = self._connection.execute(_LAST)
        return [
            RecordedRun(
                run_id, command, subject, state_of(outcome, seen_at, now), started_at, ended_at, _sorted(counts)
            )
            for run_id, command, subject, outcome, seen_at, now, started_at, ended_at, counts in found
        ]


def _sorted(counts: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Counts by name, as jsonb has them in an order of its own."""
    return {name: dict(sorted(its.items())) for name, its in sorted(counts.items())}
