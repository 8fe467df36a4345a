"""What the two plain loaders with upserts share: statements, settings, and a process for each share of the games."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from time import sleep

from plain import PlainTable, Plan, read_plan
from psycopg import sql
from served import given, own_peak, serve

STAGE = "CREATE TEMPORARY TABLE {stage} (LIKE {into} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
COPY = "COPY {stage} ({columns}) FROM STDIN (FORMAT BINARY)"
MERGE = "INSERT INTO {into} ({columns}) SELECT {columns} FROM {stage} ON CONFLICT ({key}) DO UPDATE SET {changed}"
SETTINGS = ("SET temp_buffers = '64MB'", "SET jit = off", "SET plan_cache_mode = force_generic_plan")

Load = Callable[[str, Plan, int, int], None]
"""Loads a share of the games: DSN, plan, number of shares, and which one."""


def serve_shares(load: Load) -> None:
    """Serve, with as many processes as there are workers, which wait before the clock starts.

    They are spawned, since Polars's threads would hang in forks.
    """
    told = given()
    shares = told["workers"]
    each = partial(_load_share, load, told["dsn"], Path(told["plan"]), shares)
    with ProcessPoolExecutor(shares, get_context("spawn")) as pool:
        wait([pool.submit(sleep, 0.5) for _ in range(shares)])  # none takes two
        serve(lambda: max(pool.map(each, range(shares))))


def _load_share(load: Load, dsn: str, plan: Path, shares: int, share: int) -> int:
    load(dsn, read_plan(plan), shares, share)
    return own_peak()


def statement(text: str, table: PlainTable) -> sql.Composed:
    """The statement for a table."""
    changed = (sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in {*table.columns} - {*table.key})
    return sql.SQL(text).format(
        into=sql.Identifier("plain", table.name),
        stage=sql.Identifier(f"stage_{table.name}"),
        columns=sql.SQL(", ").join(map(sql.Identifier, table.columns)),
        key=sql.SQL(", ").join(map(sql.Identifier, table.key)),
        changed=sql.SQL(", ").join(changed),
    )
