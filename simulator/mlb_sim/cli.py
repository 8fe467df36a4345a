"""The command `mlb-sim`."""

import gc
import signal
from datetime import date, datetime
from pathlib import Path
from threading import Event, Thread

import click

from mlb_sim import samples, times
from mlb_sim.faults import FAULTS, Plan, UnknownFault
from mlb_sim.feed.document import WAIT
from mlb_sim.server import serve as start
from mlb_sim.simulator import Simulator
from mlb_sim.times import HOUR

_SEASONS = click.IntRange(1961, 2100)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
def main() -> None:
    """Simulate the Stats API: an invented league, played pitch by pitch, the same for the same seed.

    \b
    Example:
      mlb-sim serve --port 8080 --speed 120
    """


def _day(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


def _plan(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        Plan(value)
    except UnknownFault as error:
        raise click.BadParameter(str(error)) from error
    return value


_seed = click.option("--seed", default=1, show_default=True, help="Selects the league.")
_season = click.option("--season", default=2024, show_default=True, type=_SEASONS, help="The season to play.")
_date = click.option(
    "--date",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    help="A day of the season.  [default: opening day]",
)
_first_pk = click.option(
    "--first-game-pk", type=click.IntRange(1), help="Number of the season's first game.  [default: season and 0001]"
)
_FAULT_LIST = "\n".join(f"  {name:12} {text}" for name, (text, _) in FAULTS.items())


@main.command(
    epilog=f"""\b
Faults:
{_FAULT_LIST}

\b
Paths besides the API:
  GET  /sim/clock      the simulated time
  POST /sim/clock      {{"now": "2024-07-01T23:00:00Z"}},
                       {{"advance_seconds": 60}} or {{"speed": 120}}
  POST /sim/faults     {{"plan": "429:0.1"}} or
                       {{"once": [{{"kind": "503", "count": 2}}]}}
  GET  /sim/requests   the requests received

\b
Examples:
  mlb-sim serve --port 8080 --date 2024-07-01 --speed 120
  mlb-sim serve --port 8080 --faults 429:0.1,503:0.05,truncated:0.02
  curl http://127.0.0.1:8080/api/v1/schedule?sportId=1
"""
)
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Port on 127.0.0.1.  [default: any free port]")
@_seed
@_season
@_date
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0),
    help="How fast simulated time runs; 0 stops it.",
)
@click.option(
    "--faults", default="", callback=_plan, help="Shares of requests that get a fault, such as 429:0.1,503:0.05."
)
@click.option(
    "--wait",
    default=WAIT,
    show_default=True,
    type=click.IntRange(1),
    help="Seconds that feeds ask clients to wait between polls.",
)
@_first_pk
def serve(
    *,
    port: int,
    seed: int,
    season: int,
    day: date | None,
    speed: float,
    faults: str,
    wait: int,
    first_game_pk: int | None,
) -> None:
    """Serve the API on 127.0.0.1 until SIGTERM or Ctrl-C, and print its base address.

    Simulated time begins an hour before the day's first game.
    """
    simulator = Simulator(seed, season, speed=speed, first_game_pk=first_game_pk, wait=wait)
    simulator.clock.set(_hour_before_first_game(simulator, day or simulator.calendar.first_day))
    gc.freeze()  # the league lives on, and answers leave no cyclic garbage
    gc.set_threshold(200_000, 20, 50)
    stopped = Event()
    signals = {signal.SIGTERM, signal.SIGINT}
    # Block the signals before other threads start: one of them could receive a signal, which would not wake this one.
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        server = start(simulator, port, Plan(faults, seed))
    except OSError as error:
        raise click.ClickException(f"port {port} can't be used: {error.strerror}") from error
    with server:
        click.echo(server.url)
        Thread(target=simulator.prepare, args=(stopped,), daemon=True).start()
        signal.sigwait(signals)
        stopped.set()


@main.command(
    epilog="""\b
Examples:
  mlb-sim write stubs --date 2024-07-02 --games 3
  mlb-sim write stubs --seed 7 --season 2026
"""
)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@_seed
@_season
@_date
@click.option(
    "--games", default=15, show_default=True, type=click.IntRange(1), help="Maximum number of the day's games."
)
@_first_pk
def write(*, folder: Path, seed: int, season: int, day: date | None, games: int, first_game_pk: int | None) -> None:
    """Write answers to a folder as stubs: a day's games, and one of each other endpoint.

    A stub is an answer with its request, gzipped: FOLDER/<endpoint>/<method>/<name>.json.gz
    """
    simulator = Simulator(seed, season, first_game_pk=first_game_pk)
    files = samples.write(simulator, folder, day or simulator.calendar.first_day, games)
    click.echo(f"{len(files)} stubs in {folder}")


def _hour_before_first_game(simulator: Simulator, day: date) -> times.Moment:
    games = simulator.calendar.by_day.get(day, [])
    first = games[0][1].start if games else times.at(day, 17)
    return first - HOUR
