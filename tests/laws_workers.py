"""The work of worker processes in tests, in a module that they can import."""

import random
from collections.abc import Sequence
from pathlib import Path

from mlb_etl import registry
from mlb_etl.apply import transform
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres


def again_and_again(settings: Settings, games: Sequence[int], seed: int, workers: int, stop: Path) -> None:
    """Transform random games in batches of random sizes until the file exists, and then all of them."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    pipeline = Pipeline(registry.method(settings.tables, "sample.game"), Postgres(settings), workers)
    while not stop.exists():
        transform.BATCH = chance.randint(1, 8)
        pipeline.run({"game_pk": chance.sample(games, len(games) // 2)})
    pipeline.run({"game_pk": games})


def once(settings: Settings, games: Sequence[int], workers: int, started: Path) -> None:
    """Transform the games one by one; creates the file when the first is done."""
    transform.BATCH = 1
    pipeline = Pipeline(registry.method(settings.tables, "sample.game"), Postgres(settings), workers)
    pipeline.run({"game_pk": games}, progress=lambda _done, _total: started.touch())
