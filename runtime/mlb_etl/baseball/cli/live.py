"""mlb-etl live: follow games in progress."""

import math
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import click

from mlb_etl import api, registry
from mlb_etl.baseball.cli import following
from mlb_etl.baseball.completing import games
from mlb_etl.baseball.live import patch, start
from mlb_etl.baseball.live.clock import SystemClock
from mlb_etl.baseball.live.listing import ZONE, GameScope
from mlb_etl.baseball.live.plan import Pace
from mlb_etl.cli import completing, parameters, running, targets
from mlb_etl.errors import EtlError
from mlb_etl.jobs import job_files
from mlb_etl.jobs.spec import Job
from mlb_etl.observe.flow import Flow
from mlb_etl.settings import Settings


def _finite(_: click.Context, __: click.Parameter, number: float) -> float:
    if math.isnan(number):  # click's ranges let NaN pass
        raise click.BadParameter("a number is expected")
    return number


@click.command()
@click.option(
    "--date",
    "day",
    shell_complete=completing.days,
    callback=parameters.day(ZONE),
    metavar="DATE",
    help="Only the games of this date: YYYY-MM-DD, or today, yesterday or tomorrow in New York.",
)
@click.option(
    "--game-pk",
    "game_pks",
    type=click.IntRange(1),
    multiple=True,
    shell_complete=games,
    help="Only this game. Repeatable.",
)
@click.option(
    "--interval",
    type=click.FloatRange(1, 3600),
    callback=_finite,
    default=10.0,
    show_default=True,
    help="Seconds between two polls of a game in progress; more if its feed asks for it (metaData.wait).",
)
@click.option("--diff", is_flag=True, help="Poll for changes only (diffPatch).")
@click.option(
    "--verify-every",
    type=click.IntRange(min=1),
    default=patch.VERIFY,
    show_default=True,
    help="With --diff: request the whole feed after this many polls of a game, and compare it.",
)
@click.option(
    "--sport-id",
    "sports",
    type=click.IntRange(1, 9999),
    multiple=True,
    default=(1,),
    show_default=True,
    help="Follow games of this level of play; 1 is MLB. Repeatable.",
)
@click.option(
    "--give-up-after",
    "patience",
    type=click.FloatRange(0.01, 10_080),
    callback=_finite,
    default=start.PATIENCE.total_seconds() / 60,
    show_default=True,
    metavar="MINUTES",
    help="With --date or --game-pk: end with exit code 1 after this long without an answer.",
)
@click.option(
    "--job", metavar="JOB", shell_complete=completing.jobs, help="Keep captures where this job does: " + parameters.JOB
)
@targets.OPTION
@click.option("--object-store", "store", is_flag=True, help="Also keep the captures in MLB_ETL_OBJECT_STORE.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
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
    job: str | None,
    chosen: tuple[str, ...],
    store: bool,
    form: str,
) -> None:
    """Follow games: capture each one while it is in progress, and apply each capture to the tables at once.

    Without --date and --game-pk it is a service that runs until SIGTERM or Ctrl-C. It follows each day's games, and
    polls a finished game again 1, 24 and 72 hours later, and when the API lists it as changed.

    With them it is a job that ends once no game is in progress or to come. It requests the corrections that are due by
    then; later ones are left to the service or to another run.

    It derives what is due from the schedule and the raw table, so after a stop or a kill it continues where it was. It
    waits for an API or a database that goes away; a job waits no longer than --give-up-after. After a signal the exit
    code is 0; otherwise it is 1 if something was given up or is in quarantine.

    With several targets, by --target or by the storage of a job file, each request is sent once, and each target stores
    and applies the response in a thread of its own. One that is slow, away or fails does not hold back the others; the
    summary reports each. If one failed or missed a response, the exit code is 1.

    Delayed games are polled every 6 intervals, games about to begin every 30, suspended ones every 90; the schedule
    every 6, or every 90 while no game is in progress.

    \b
    Examples:
      mlb-etl live
      mlb-etl live --date today
      mlb-etl live --game-pk 747175 --format json
      mlb-etl live --diff --verify-every 60
      mlb-etl live --target delta:data/lake
      mlb-etl live --target postgres --target delta:data/lake
    """
    scope = GameScope(day, game_pks, tuple(dict.fromkeys(sports)))
    verify = verify_every if diff else None
    settings = Settings.from_environment()
    work = None if job is None else _job(job, settings.tables)
    wanted, only_raw = (targets.settings_of(chosen), frozenset[str]()) if work is None else targets.of_job(chosen, work)
    databases = {name: api.database(its) for name, its in wanted.items()}
    flow = Flow(registry.method(settings.tables, start.METHOD), settings.api, captures=True, applies=True)
    with running.recorded("live", start.METHOD, [*databases.values()], lambda: [flow], turns=True):
        with _clock() as clock, following.telling(form) as told:
            summary = start.follow(
                settings,
                databases,
                scope,
                clock=clock,
                tell=told,
                pace=Pace.of(timedelta(seconds=interval)),
                verify=verify,
                store=store or (work is not None and work.storage.in_object_store),
                only_raw=only_raw,
                patience=timedelta(minutes=patience),
            )
        following.summarize(summary, form)
        if summary.given_up:
            raise EtlError(summary.given_up)
        following.require_all(summary)
        ctx.exit(1 if summary.is_incomplete and not clock.stopped else 0)


def _job(given: str, package: str) -> Job:
    """A job about live feeds."""
    job = job_files.load_job(given, package)
    if job.source.name != start.METHOD:
        raise click.UsageError(f"job {job.name} captures {job.source.name}, and live captures {start.METHOD}")
    return job


class _BeatingClock(SystemClock):
    """A clock whose waits, one in each turn of the follower, show that the run goes on."""

    def wait(self, until: datetime, *, asking: bool = False) -> None:
        running.beat(until)
        super().wait(until, asking=asking)


@contextmanager
def _clock() -> Iterator[SystemClock]:
    """A clock that SIGTERM and SIGINT stop; a transaction under way still completes, but nothing new starts."""
    clock = _BeatingClock()
    before = {number: signal.signal(number, lambda *_: clock.stop()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield clock
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
