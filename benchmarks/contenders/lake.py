"""mlb-etl into a lake in a folder."""

from functools import partial

from games import METHOD
from served import given, serve

from mlb_etl import registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.stores.delta.database import Delta
from mlb_etl.stores.delta.lake import Lake

told = given()
database = Delta(Lake.at(told["lake"]), told["package"])
serve(partial(Pipeline(registry.method(told["package"], METHOD), database).run, {}))
