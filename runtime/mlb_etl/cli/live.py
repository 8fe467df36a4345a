"""mlb-etl live: follows games while they are on."""

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import click

from mlb_etl import api
from mlb_etl.baseball.live import patch, start
from mlb_etl.baseball.live.clock import SystemClock
from mlb_etl.baseball.live.listing import ZONE, Scope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.cli import following, parameters
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings


def _finite(_: click.Context, __: click.Parameter, number: float) -> float:
    if math.isnan(number):  # which is in every range
        raise click.BadParameter("a number is expected")
    return number


@click.command()
@click.option(
    "--date",
    "day",
    callback=parameters.day(ZONE),
    metavar="DATE",
    help="The games of this date: YYYY-MM-DD, today, yesterday or tomorrow in New York.",
)
@click.option("--game-pk", "game_pks", type=click.IntRange(1), multiple=True, help="Only this game. Repeatable.")
@click.option(
    "--interval",
    type=click.FloatRange(1, 3600),
    callback=_finite,
    default=10.0,
    show_default=True,
    help="Seconds between two polls of a game that is on; more where its feed says so (metaData.wait).",
)
@click.option("--diff", is_flag=True, help="Ask for what changed since the last poll (diffPatch).")
@click.option(
    "--verify-every",
    type=click.IntRange(min=1),
    default=patch.VERIFY,
    show_default=True,
    help="With --diff: polls of a game after which the whole feed is taken and compared.",
)
@click.option(
    "--sport-id",
    "sports",
    type=click.IntRange(1, 9999),
    multiple=True,
    default=(1,),
    show_default=True,
    help="Level of play of the games of each day; 1 is Major League Baseball. Repeatable.",
)
@click.option(
    "--give-up-after",
    "patience",
    type=click.FloatRange(0.01, 10_080),
    callback=_finite,
    default=start.PATIENCE.total_seconds() / 60,
    show_default=True,
    metavar="MINUTES",
    help="With --date or --game-pk: end with exit code 1 after so long without an answer.",
)
@click.option("--object-store", "store", is_flag=True, help="Keep what is captured in MLB_ETL_OBJECT_STORE too.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to tell what happens.")
@click.pass_context
def live(
    ctx: click.Context,
    *,
    day: date | None,
    game_pks: tuple[int, ...],
    interval: float,
    diff: bool,
    verify_every: int,
    sports: tuple[int, ...],
    patience: float,
    store: bool,
    form: str,
) -> None:
    """Follow games: capture each while it is on, and apply what comes to the tables at once.

    Without --date and --game-pk it is a service that runs until SIGTERM or Ctrl-C: it follows each day's games, and
    comes back for corrections 1, 24 and 72 hours after a game was final, and when the API lists it as changed.

    With them it is a job that ends by itself, once no game is on or to come. Of corrections it asks for those that are
    due by then; the rest is for the service, or for another run.

    What is due follows from the schedule and from what was captured, so a process that was stopped or killed goes on
    where it was. An API or a database that goes away is waited for, by a job no longer than --give-up-after. Ended by a
    signal, the exit code is 0; ended by itself, it is 1 where something was given up, or is in quarantine.

    Delays are polled at 6 times the interval, games before they begin at 30 times, suspended ones at 90 times; the
    schedule at 6 times, or 90 times while nothing is on.

    \b
    Examples:
      mlb-etl live
      mlb-etl live --date today
      mlb-etl live --game-pk 747175 --format json
      mlb-etl live --diff --verify-every 60
    """
    scope = Scope(day, game_pks, tuple(dict.fromkeys(sports)))
    verify = verify_every if diff else None
    with _clock() as clock, following.telling(form) as told:
        pace = Pace.of(timedelta(seconds=interval))
        settings = Settings.from_environment()
        summary = start.follow(
            settings,
            api.database(settings),
            scope,
            clock=clock,
            tell=told,
            pace=pace,
            verify=verify,
            store=store,
            patience=timedelta(minutes=patience),
        )
    following.summarize(summary, form)
    if summary.given_up:
        raise EtlError(summary.given_up)
    ctx.exit(1 if summary.quarantined and not clock.stopped else 0)


@contextmanager
def _clock() -> Iterator[SystemClock]:
    """Stopped by SIGTERM and SIGINT; what is done to the database then is done to its end, and nothing else."""
    clock = SystemClock()
    before = {number: signal.signal(number, lambda *_: clock.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield clock
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
