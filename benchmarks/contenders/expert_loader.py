"""The plain loader of expert.py: binary COPY into temporary tables, and upserts."""

import psycopg
from plain import BEFORE, Plan, batches
from upserts import COPY, MERGE, SETTINGS, STAGE, serve_shares, statement


def load(dsn: str, plan: Plan, shares: int, share: int) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for setting in SETTINGS:
            connection.execute(setting)
        for table in plan.tables:
            connection.execute(statement(STAGE, table))
        for _, rows in batches(dsn, plan, BEFORE, shares, share):
            with connection.transaction():
                for table, its in zip(plan.tables, rows, strict=True):
                    cursor = connection.cursor()
                    with cursor.copy(statement(COPY, table)) as copy:
                        copy.set_types([*table.columns.values()])
                        for row in its:
                            copy.write_row(row)
                    cursor.execute(statement(MERGE, table), prepare=True)


if __name__ == "__main__":  # which workers import
    serve_shares(load)
