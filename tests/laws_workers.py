"""The work of worker processes in tests, in a module that they can import."""

import os
import random
import signal
from collections.abc import Callable, Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from delta_lake import COMMITS, DeltaLaws
from sample_tables.game import METHOD
from samples import PACKAGE

from mlb_etl.apply import transform
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import upkeep
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.interfaces.database import Database


def again_and_again(database: Database, games: Sequence[int], seed: int, workers: int, stop: Path) -> None:
    """Transform random games in batches of random sizes until the file exists, and then all of them."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    pipeline = Pipeline(METHOD, database, workers)
    while not stop.exists():
        transform.BATCH = chance.randint(1, 8)
        pipeline.run({"game_pk": chance.sample(games, len(games) // 2)})
    pipeline.run({"game_pk": games})


def once(database: Database, games: Sequence[int], workers: int, started: Path) -> None:
    """Transform the games one by one; creates the file when the first is done."""
    transform.BATCH = 1
    Pipeline(METHOD, database, workers).run({"game_pk": games}, progress=lambda _done, _total: started.touch())


def transform_at_once(folder: str, games: Sequence[int], start: Barrier) -> None:
    """Transform the games in the lake when all others are ready, too."""
    laws = DeltaLaws(Path(folder), PACKAGE, METHOD)
    start.wait(60)
    laws.run(games, batch=2)


def compact_at_once(folder: str, start: Barrier) -> None:
    """Write small files of the lake together meanwhile."""
    start.wait(60)
    for _ in upkeep.optimize(Lake.at(folder), PACKAGE):
        pass


def die(folder: str, games: Sequence[int], commit: int) -> None:
    """Transform the games in the lake, and be killed before that commit."""
    left = [commit]

    def hook() -> None:
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    for name in COMMITS:
        setattr(lakes, name, hooked(getattr(lakes, name), hook))
    DeltaLaws(Path(folder), PACKAGE, METHOD).run(games)


def hooked(commit: Callable[..., None], hook: Callable[[], None]) -> Callable[..., None]:
    """A commit that calls the hook first."""

    def hooked(*given: Any, **named: Any) -> None:
        hook()
        commit(*given, **named)

    return hooked
