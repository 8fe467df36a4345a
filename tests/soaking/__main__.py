"""Plays histories for some minutes, each from a seed; of one that goes wrong, the seed and its fewest steps."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path

import click
from databases import FAST, temporary_folder

from mlb_etl.stores.embedded.server import Server
from soaking.history import play
from soaking.plan import STORES, Plan, plan
from soaking.programs import Wrong, context
from soaking.smaller import smaller
from soaking.store import Places, Tally


@click.command()
@click.option("--minutes", type=click.FloatRange(0.01, 600), default=1.0, show_default=True)
@click.option("--histories", type=click.IntRange(1), help="End after this many, too.")
@click.option("--seed", type=int, help="Of all histories; by default, from the clock.")
@click.option("--store", type=click.Choice(STORES), help="Histories in this store only.")
@click.option("--history", metavar="SEED", help="Play this one only.")
@click.option("--steps", metavar="N,N,...", help="With --history: only these steps of it.")
@click.option("--patience", type=float, default=300.0, show_default=True, help="Seconds to make a history smaller.")
def main(
    *,
    minutes: float,
    histories: int | None,
    seed: int | None,
    store: str | None,
    history: str | None,
    steps: str | None,
    patience: float,
) -> None:
    """Play histories, and end with 1 if the auditor objects to one."""
    seed = int(time.time()) if seed is None else seed
    end = time.monotonic() + minutes * 60
    tally = Tally()
    with _places() as places:
        for number in count():
            made = plan(history or f"{seed}-{number}")
            if steps:
                made = made.only([*map(int, steps.split(","))])
            if store not in {None, made.store}:
                continue
            try:
                play(places, made, tally)
            except Wrong as wrong:
                click.echo(f"history {made.seed} in {made.store}: {wrong}")
                _show_smaller(places, made, patience)
                sys.exit(1)
            if history or time.monotonic() > end or tally.histories == histories:
                break
    click.echo(" ".join(f"{name} {value}" for name, value in asdict(tally).items()) + f"; seed {seed}, 0 wrong")


def _show_smaller(places: Places, made: Plan, patience: float) -> None:
    kept = smaller(len(made.steps), lambda numbers: _goes_wrong(places, made.only(numbers)), patience)
    click.echo(f"again: just soak --history {made.seed} --steps {','.join(map(str, kept))}")
    for number in kept:
        click.echo(f"{number:4}: {made.steps[number]}")


def _goes_wrong(places: Places, made: Plan) -> bool:
    try:
        play(places, made, Tally())
    except Wrong:
        return True
    return False


@contextmanager
def _places() -> Iterator[Places]:
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST | {"synchronous_commit": "on"})  # what is killed has to keep it
    server.start()
    try:
        with tempfile.TemporaryDirectory(prefix="mlb-etl-soak-") as own:
            yield Places(server, Path(own), context())
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
