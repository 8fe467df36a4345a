"""The API for Python callers. Only this module and the command line choose a concrete database."""

from dataclasses import replace

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.interfaces.viewing import Viewing
from mlb_etl.stores.postgres.database import Postgres
from mlb_etl.stores.postgres.viewing import PostgresViewing


def database(settings: Settings) -> Database:
    """The database of the settings: PostgreSQL, or a lake if the DSN is delta:PLACE."""
    if settings.lake is None:
        return Postgres(settings)
    from mlb_etl.stores.delta.database import Delta  # noqa: PLC0415 - it needs an extra that may not be installed
    from mlb_etl.stores.delta.lake import Lake  # noqa: PLC0415

    return Delta(Lake.at(settings.lake), settings.tables)


def viewing(settings: Settings) -> Viewing:
    """The database of the settings for people who look at it; raises EtlError for a lake."""
    if settings.lake is not None:
        raise EtlError(
            "`mlb-etl ui` shows PostgreSQL databases, and this is a lake: `mlb-etl status`, `quarantine list` and"
            " `drift` with --target show the same of it in the terminal"
        )
    return PostgresViewing(settings)


def pipeline(name: str, *, dsn: str | None = None, workers: int = 1) -> Pipeline:
    """The pipeline of a method such as tracker.issues; `dsn` takes precedence over the environment."""
    settings = Settings.from_environment()
    if dsn is not None:
        settings = replace(settings, dsn=dsn)
    return Pipeline(registry.method(settings.tables, name), database(settings), workers)
