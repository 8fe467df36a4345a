"""mlb-etl into PostgreSQL, as `mlb-etl transform` does it."""

from functools import partial
from pathlib import Path

from games import METHOD
from served import given, serve

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres

told = given()
database = Postgres(Settings(told["dsn"], Path(told["folder"]), told["package"]))
serve(partial(Pipeline(registry.method(told["package"], METHOD), database, told["workers"]).run, {}))
