"""What worker processes of the tests do; a module of its own, so that they can import it."""

import random
from collections.abc import Sequence
from pathlib import Path

from mlb_etl import registry
from mlb_etl.apply import transform
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres.database import Postgres


def again_and_again(settings: Settings, games: Sequence[int], seed: int, workers: int, stop: Path) -> None:
    """Transform games, each time others, in batches of other sizes, until the file is there; at last all of them."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    pipeline = Pipeline(registry.method(settings.tables, "sample.game"), Postgres(settings), workers)
    while not stop.exists():
        transform.BATCH = chance.randint(1, 8)
        pipeline.run({"game_pk": chance.sample(games, len(games) // 2)})
    pipeline.run({"game_pk": games})


def once(settings: Settings, games: Sequence[int], workers: int, started: Path) -> None:
    """Transform the games one by one; the file tells when the first is done."""
    transform.BATCH = 1
    pipeline = Pipeline(registry.method(settings.tables, "sample.game"), Postgres(settings), workers)
    pipeline.run({"game_pk": games}, progress=lambda _done, _total: started.touch())
