"""The functions by which roles that only load make partitions and refresh views, which V4__functions.sql creates."""

import logging
from importlib.resources import files

from mlb_etl.stores.postgres.db import Connection

NAMES = ("etl.create_partition(text, text, text)", "etl.refresh_view(text, text, boolean)")
SCRIPT = "V4__functions.sql"
_LACKING = """
SELECT name FROM unnest(%s::text[]) AS name
WHERE NOT coalesce((SELECT prosecdef FROM pg_proc WHERE oid = to_regprocedure(name)), false)
ORDER BY name
"""
log = logging.getLogger(__name__)


def lacking(connection: Connection) -> list[str]:
    """The functions that were dropped by hand, or that no longer run as their owner."""
    return [name for (name,) in connection.execute(_LACKING, [list(NAMES)])]


def create_again(connection: Connection) -> None:
    """Create them as the migration did; roles have to be granted them again."""
    text = (files(__package__) / "sql" / SCRIPT).read_bytes()
    with connection.transaction():
        connection.execute(text.replace(b"CREATE FUNCTION", b"CREATE OR REPLACE FUNCTION"))
    log.warning("functions in the schema etl were created again: run `mlb-etl schema roles --apply`, if roles use them")
