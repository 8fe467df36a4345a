"""dlt, told the same tables: rows as Arrow data, with columns, types and primary keys, merged by its own loader.

The settings are the fastest that were found: files of CSV, which COPY reads (Parquet, which ADBC writes, took 1.9 times
as much CPU), not compressed (0.8 times as much), the strategy "upsert" ("delete-insert" took 1.1 times as much), and as
many workers as the others have. Which captures it has read stands in dlt's own state, as its incremental loads keep it.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plain import BEFORE, PlainTable, Plan, batches, read_plan
from served import given, serve

told = given()
os.environ |= dict.fromkeys(("EXTRACT__WORKERS", "NORMALIZE__WORKERS", "LOAD__WORKERS"), str(told["workers"]))
os.environ |= {
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
}
import dlt  # noqa: E402 - it reads settings when it is imported


def hints(table: PlainTable) -> Any:
    """What dlt is told of a table."""
    merge = {"disposition": "merge", "strategy": "upsert"}
    return dlt.mark.make_hints(table_name=table.name, primary_key=table.key, write_disposition=merge)


@dlt.resource(name="games")
def games(plan: Plan, *, only_tables: bool) -> Iterator[Any]:
    """The rows of all games that no earlier run has read; or none, for the tables to be there."""
    if only_tables:
        for table in plan.tables:
            yield dlt.mark.with_hints(table.arrow([]), hints(table), create_table_variant=True)
        return
    state = dlt.current.resource_state()
    for since, rows in batches(told["dsn"], plan, state.get("since", BEFORE)):
        for table, its in zip(plan.tables, rows, strict=True):
            if its:
                yield dlt.mark.with_hints(table.arrow(its), hints(table), create_table_variant=True)
        state["since"] = since


def main() -> None:
    plan = read_plan(Path(told["plan"]))
    pipeline = dlt.pipeline(
        "bench",
        pipelines_dir=told["folder"],
        destination=dlt.destinations.postgres(told["dsn"].replace("@/", ":none@localhost/")),  # it demands both
        dataset_name="dlt",
    )

    def load(*, only_tables: bool = False) -> None:
        made = games(plan, only_tables=only_tables)
        pipeline.run(made, loader_file_format="csv").raise_on_failed_jobs()

    load(only_tables=True)
    serve(load)


if __name__ == "__main__":  # which workers import
    main()
