"""Explains database errors that a user can fix, for the command line."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from mlb_etl.errors import EtlError, with_notes
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate


def explain(error: Exception, settings: Settings | None = None) -> str | None:
    """Why the database refused, and what to do; None if the error is a bug of ours or not from a database.

    A correct statement fails if the tables were changed by hand, so they are compared with the migrations: those of the
    database in the settings, by default in the environment's.
    """
    if not isinstance(error, psycopg.Error):
        return None
    try:
        db.reraise(error)
    except EtlError as ours:
        return with_notes(ours)
    except psycopg.Error:
        changed = _changed_by_hand(settings or Settings.from_environment())
        return changed and f"the database refuses: {db.message(error)}; {changed}"


@contextmanager
def translated(settings: Settings) -> Iterator[None]:
    """Raise EtlError instead of the driver's errors that a user can fix; the settings name the database."""
    try:
        yield
    except psycopg.Error as error:
        if (why := explain(error, settings)) is None:
            raise
        raise EtlError(why) from error


def _changed_by_hand(settings: Settings) -> str | None:
    """The first difference between the tables and what the migrations created."""
    with suppress(EtlError, psycopg.Error), db.connect(settings) as connection:
        for each in migrate.differences(connection, settings.tables):
            if each.state != "extra":
                return f"{each}; `mlb-etl schema status` lists all changes made by hand"
    return None
