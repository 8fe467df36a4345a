"""Connections of ADBC's drivers, which speak Arrow.

They are used below their DBAPI layer: importing that loads pandas and Polars where they are installed, 65 MB.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Literal

import adbc_driver_manager as manager
import pyarrow as pa
from adbc_driver_manager import StatementOptions


class Adbc:
    """A connection in autocommit mode; errors are those of adbc_driver_manager."""

    def __init__(self, database: manager.AdbcDatabase) -> None:
        self._database = database
        try:
            self._connection = manager.AdbcConnection(database)
        except BaseException:
            database.close()
            raise

    def run(self, statement: str) -> None:
        """Execute a statement that gives no rows."""
        with closing(manager.AdbcStatement(self._connection)) as its:
            its.set_sql_query(statement)
            its.execute_update()

    @contextmanager
    def query(self, statement: str, options: Mapping[str, str] | None = None) -> Iterator[pa.RecordBatchReader]:
        """The rows of a query, within the block."""
        with closing(manager.AdbcStatement(self._connection)) as its:
            its.set_options(**options or {})
            its.set_sql_query(statement)
            stream, _ = its.execute_query()
            with pa.RecordBatchReader.from_stream(stream) as rows:
                yield rows

    def ingest(self, table: str, rows: pa.RecordBatchReader, mode: Literal["append", "create"]) -> int:
        """Write rows to a table that is there, or to a new one; return their number."""
        options = {
            StatementOptions.INGEST_TARGET_TABLE.value: table,
            StatementOptions.INGEST_MODE.value: f"adbc.ingest.mode.{mode}",
        }
        with closing(manager.AdbcStatement(self._connection)) as its:
            its.set_options(**options)
            its.bind_stream(rows)
            return int(its.execute_update())

    def close(self) -> None:
        """Close the connection; a transaction that is open is rolled back."""
        self._connection.close()
        self._database.close()
