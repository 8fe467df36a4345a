"""Plays histories for some minutes, each from a seed; of one that goes wrong, the seed and its fewest steps."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path

import click
from databases import FAST, create_template, temporary_folder

from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.embedded.server import Server
from soaking.history import History, Places, Tally, Wrong
from soaking.plan import Plan, Step, plan
from soaking.programs import context

PACKAGE = "sample_tables"
PATIENCE = 300.0  # seconds to make a history smaller


@click.command()
@click.option("--minutes", type=click.FloatRange(0.01, 600), default=1.0, show_default=True)
@click.option("--seed", type=int, help="Of all histories; by default, from the clock.")
@click.option("--history", metavar="SEED", help="Play this one only.")
def main(minutes: float, seed: int | None, history: str | None) -> None:
    """Play histories, and end with 1 if the auditor objects to one."""
    seed = int(time.time()) if seed is None else seed
    end = time.monotonic() + minutes * 60
    tally = Tally()
    with _places() as places:
        for number in count():
            made = plan(history or f"{seed}-{number}")
            try:
                History(places, made, tally).play()
            except Wrong as wrong:
                click.echo(f"history {made.seed} in {made.store}: {wrong}")
                click.echo(f"again: just soak --history {made.seed}\nits fewest steps:")
                for step in smaller(places, made):
                    click.echo(f"  {step}")
                sys.exit(1)
            if history or time.monotonic() > end:
                break
    click.echo(" ".join(f"{name} {value}" for name, value in asdict(tally).items()) + f"; seed {seed}, 0 wrong")


def smaller(places: Places, made: Plan) -> tuple[Step, ...]:
    """Steps of a plan that goes wrong without which it does not, as far as time allows."""
    end = time.monotonic() + PATIENCE
    size = len(made.steps) // 2
    while size and time.monotonic() < end:
        for start in range(0, len(made.steps), size):
            fewer = replace(made, steps=made.steps[:start] + made.steps[start + size :])
            try:
                History(places, fewer, Tally()).play()
            except Wrong:
                made = fewer
                break
        else:
            size //= 2
    return made.steps


@contextmanager
def _places() -> Iterator[Places]:
    folder = temporary_folder()
    server = Server(folder / "postgres", settings=FAST)
    server.start()
    try:
        schema.apply(Lake.at(str(folder / "lake")), PACKAGE)
        with tempfile.TemporaryDirectory(prefix="mlb-etl-soak-") as own:
            yield Places(server, create_template(server, PACKAGE), folder / "lake", Path(own), context())
    finally:
        server.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
