"""The command line: commands parse and call, this module decides how they end.

Exit codes: 0 done, 1 bad input or something left undone, 2 wrong usage, 70 a bug of ours, 130
interrupted by Ctrl-C, 141 whoever reads the output went away.
"""

import errno
import gc
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click
import psycopg

from mlb_etl import logs
from mlb_etl.cli import console
from mlb_etl.cli.database import database
from mlb_etl.cli.ingest import backfill, ingest
from mlb_etl.cli.jobs import group as jobs
from mlb_etl.cli.live import live
from mlb_etl.cli.load import load, test
from mlb_etl.cli.quarantine import group as quarantine
from mlb_etl.cli.rebuild import rebuild
from mlb_etl.cli.repair import repair
from mlb_etl.cli.replay import replay
from mlb_etl.cli.schema import schema
from mlb_etl.cli.status import status
from mlb_etl.cli.transform import transform
from mlb_etl.cli.verify import verify
from mlb_etl.errors import EtlError, told
from mlb_etl.http import client
from mlb_etl.logs import Chosen
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, migrate

BUG = 70
INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
NOT_READ = 141  # 128 and the number of SIGPIPE
log = logging.getLogger("mlb_etl")


class _Commands(click.Group):
    """Shows what a user can mend as one message, and anything else with its traceback as our bug."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse, which prints where --help or --version is asked for."""
        with _ended():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with db.translate_errors(), _ended():
                return super().invoke(ctx)
        except EtlError as error:
            return _end(ctx, told(error))
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, psycopg.Error) and (changed := _changed_by_hand()):
                return _end(ctx, f"the database refuses: {db.message(error)}; {changed}")
            log.exception("this is a bug in mlb-etl; please report it with what follows")
            ctx.exit(BUG)


def _changed_by_hand() -> str | None:
    """What of the tables is not as the migrations made it, so that a right statement fails."""
    settings = Settings.from_environment()
    with suppress(EtlError, psycopg.Error), db.connect(settings) as connection:
        for each in migrate.differences(connection, settings.tables):
            if each.state != "extra":
                return f"{each}; `mlb-etl schema status` lists what was changed by hand"
    return None


@contextmanager
def _ended() -> Iterator[None]:
    """Ends the program quietly where it was interrupted, and where nobody reads what it prints."""
    try:
        yield
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _close_output()
        raise click.exceptions.Exit(NOT_READ) from None
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _close_output()
        raise click.ClickException(f"{error.strerror}: make room for what is written") from error


def _end(ctx: click.Context, message: str) -> NoReturn:
    """End with what a user can mend."""
    if ctx.params["log_format"] == "json":
        log.error(message)
        ctx.exit(1)
    raise click.ClickException(message)


def _close_output() -> None:
    """What is still to be written goes nowhere, instead of failing once more when Python ends."""
    with suppress(OSError, ValueError):  # the output of a test is not a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("-v", "--verbose", is_flag=True, help="Tell on standard error what is done.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to write what goes to standard error: for people, or a JSON object a line.",
)
@click.version_option(package_name="mlb-etl")
def cli(*, verbose: bool, log_format: logs.Form) -> None:
    """Keep responses of the MLB Stats API raw, and turn them into PostgreSQL tables, safely.

    \b
    Environment:
      MLB_ETL_DSN       the database; unset, an embedded PostgreSQL in the data
                        folder
      MLB_ETL_DATA      the data folder, by default data in the project's folder:
                        the nearest one, from the working directory upwards, with
                        a database in data/postgres or jobs in config/jobs; else
                        the working directory
      MLB_ETL_BASE_URL  the API, by default https://statsapi.mlb.com
      MLB_ETL_RATE      requests a second to it at most, by default 1; up to 5, or
                        off for a server of your own
      MLB_ETL_TIMEOUT   seconds that an answer may take as a whole, by default 60
      MLB_ETL_MAX_BODY  MiB that an answer or a stub may have unzipped, by
                        default 64
      MLB_ETL_OBJECT_STORE
                        where captures can be kept too: s3://bucket/prefix or a
                        folder

    \b
    Exit codes:
      0 done, 1 bad input or something left undone, 2 wrong usage, 70 a bug of
      mlb-etl, 130 interrupted by Ctrl-C, 141 the reader of the output went away

    \b
    Examples:
      mlb-etl schema init
      mlb-etl ingest --job game_live_specific --game-pk 747175 --transform
      mlb-etl live --date today
      mlb-etl load recordings --transform
      mlb-etl transform --method game.liveGameV1 --game-pk 747175
    """
    logs.set_up(Chosen(logging.INFO if verbose else logging.WARNING, log_format), console.log)
    client.set_up_logs()


cli.add_command(backfill)
cli.add_command(database)
cli.add_command(ingest)
cli.add_command(jobs)
cli.add_command(live)
cli.add_command(load)
cli.add_command(quarantine)
cli.add_command(rebuild)
cli.add_command(repair)
cli.add_command(replay)
cli.add_command(schema)
cli.add_command(status)
cli.add_command(test)
cli.add_command(transform)
cli.add_command(verify)


def main() -> None:
    """The program mlb-etl."""
    gc.freeze()  # what was imported is nobody's garbage: collections then pass over it
    cli(prog_name="mlb-etl")
