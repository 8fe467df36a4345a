"""The rows of expert.py as data frames of Polars, which ADBC writes, and the same upserts."""

import adbc_driver_postgresql.dbapi as adbc
import polars as pl
from plain import BEFORE, Plan, batches
from upserts import MERGE, SETTINGS, serve_shares, statement


def load(dsn: str, plan: Plan, shares: int, share: int) -> None:
    schemas = [pl.DataFrame(table.arrow([])).schema for table in plan.tables]
    with adbc.connect(dsn) as connection, connection.cursor() as cursor:
        for setting in SETTINGS:
            cursor.execute(setting)
        for _, rows in batches(dsn, plan, BEFORE, shares, share):
            for table, schema, its in zip(plan.tables, schemas, rows, strict=True):
                pl.DataFrame(its, schema=schema, orient="row").write_database(
                    f"stage_{table.name}",
                    connection,
                    if_table_exists="replace",
                    engine="adbc",
                    engine_options={"temporary": True},
                )
                cursor.execute(statement(MERGE, table).as_string())
            connection.commit()


if __name__ == "__main__":  # which workers import
    serve_shares(load)
