"""mlb-etl backfill: what ingest does, in several processes."""

import os
from typing import Any

import click

from mlb_etl.cli.ingest import options, run


@click.command()
@options
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=os.cpu_count() or 1,
    show_default="one per processor",
    help="Number of processes; they share one rate limit.",
)
@click.pass_context
def backfill(ctx: click.Context, /, workers: int, **asked: Any) -> None:
    """Do what ingest does, in several processes: for many games on a server of your own, or from recordings.

    All processes share MLB_ETL_RATE, so with the Stats API itself this is no faster than ingest. A worker that dies is
    replaced. If the whole command is killed, the next run continues where it was.

    \b
    Examples:
      mlb-etl backfill --job game_live_season --season 2023 --season 2024
      mlb-etl backfill --job game_live_date --date 2024-10-25 --workers 4
    """
    run(ctx, workers, asked)
