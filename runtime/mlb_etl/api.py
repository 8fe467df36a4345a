"""The API for Python callers. Only this module and the command line choose a concrete database."""

from dataclasses import replace

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.settings import Settings
from mlb_etl.stores.interfaces.database import Database
from mlb_etl.stores.postgres.database import Postgres


def database(settings: Settings) -> Database:
    """The database of the settings."""
    return Postgres(settings)


def pipeline(name: str, *, dsn: str | None = None, workers: int = 1) -> Pipeline:
    """The pipeline of a method such as game.liveGameV1; `dsn` takes precedence over the environment."""
    settings = Settings.from_environment()
    if dsn is not None:
        settings = replace(settings, dsn=dsn)
    return Pipeline(registry.method(settings.tables, name), database(settings), workers)
