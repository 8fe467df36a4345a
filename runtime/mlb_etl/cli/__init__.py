"""The command line: commands parse and call, this module decides how they end.

Exit codes: 0 done, 1 bad input or work left undone, 2 wrong usage, 70 a bug in mlb-etl, 130
interrupted by Ctrl-C, 141 the program reading the output exited.
"""

import errno
import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from mlb_etl import logs, settings
from mlb_etl.cli import stderr
from mlb_etl.cli.lazy import LazyCommand, LazyGroup
from mlb_etl.errors import EtlError, with_notes
from mlb_etl.logs import LogSettings

BUG = 70
INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
NOT_READ = 141  # 128 and the number of SIGPIPE
log = logging.getLogger("mlb_etl")


_COMMANDS = {
    "db": LazyCommand("mlb_etl.cli.database:database", "Start and stop the embedded PostgreSQL, and open psql"),
    "drift": LazyCommand("mlb_etl.cli.drift:drift", "Show how responses differ from the samples"),
    "ingest": LazyCommand("mlb_etl.cli.ingest:ingest", "Request what a job describes, and keep the responses"),
    "jobs": LazyCommand("mlb_etl.cli.jobs:group", "List jobs, and show how to write a job file"),
    "lake": LazyCommand("mlb_etl.cli.lakes:lake", "Keep the files of a lake few, and show who wrote them"),
    "load": LazyCommand("mlb_etl.cli.load:load", "Load captured responses from files into the raw tables"),
    "quarantine": LazyCommand(
        "mlb_etl.cli.quarantine:group", "List captures that can't be applied, and decide about them"
    ),
    "raw": LazyCommand("mlb_etl.cli.raw:raw", "List, show and export the captures in the raw tables"),
    "rebuild": LazyCommand("mlb_etl.cli.rebuild:rebuild", "Apply a migration that rebuilds a table"),
    "repair": LazyCommand("mlb_etl.cli.repair:repair", "Derive the rows of documents again from their captures"),
    "replay": LazyCommand("mlb_etl.cli.replay:replay", "Fill the raw tables from an object store"),
    "schema": LazyCommand("mlb_etl.cli.schema:schema", "Create the tables and bring them up to date"),
    "sql": LazyCommand("mlb_etl.cli.sql:sql", "Print the statements that write a table"),
    "status": LazyCommand(
        "mlb_etl.cli.status:status", "Show what is captured, applied, behind, in quarantine and failed"
    ),
    "transform": LazyCommand(
        "mlb_etl.cli.transform:transform", "Turn responses in the raw tables into rows of the tables"
    ),
    "verify": LazyCommand("mlb_etl.cli.verify:verify", "Compare the tables with the captures"),
    "views": LazyCommand("mlb_etl.cli.views:group", "List views, and refresh those that are materialized"),
}


class _Commands(LazyGroup):
    """Prints an error that the user can fix as one message, and any other as a bug, with its traceback."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments; --help and --version print here."""
        with _ended():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            with _ended():
                return super().invoke(ctx)
        except EtlError as error:
            return _end(ctx, with_notes(error))
        except (click.exceptions.Exit, click.ClickException, click.Abort):
            raise
        except Exception as error:
            if (why := _refused(error)) is not None:
                return _end(ctx, why)
            log.exception("this is a bug in mlb-etl; please report it with what follows")
            ctx.exit(BUG)


def _refused(error: Exception) -> str | None:
    """The reason, if the database refused something and the user can fix it; otherwise None."""
    from mlb_etl.stores.postgres import refusals  # noqa: PLC0415 - it imports the driver, which help does not need

    return refusals.explain(error)


@contextmanager
def _ended() -> Iterator[None]:
    """Ends the program quietly if it is interrupted or if nobody reads its output."""
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
        raise click.ClickException(f"{error.strerror}: free some disk space") from error


def _end(ctx: click.Context, message: str) -> NoReturn:
    """End with an error that the user can fix."""
    if ctx.params["log_format"] == "json":
        log.error(message)
        ctx.exit(1)
    raise click.ClickException(message)


def _close_output() -> None:
    """Discard the output still to be written, which would fail again when Python exits."""
    with suppress(OSError, ValueError):  # the output of a test is not a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=_Commands, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.option("-v", "--verbose", is_flag=True, help="Log each step to standard error.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Format of log lines on standard error: text, or one JSON object per line.",
)
@click.version_option(package_name="mlb-etl")
@click.pass_obj
def cli(imported: Callable[[], None] | None, *, verbose: bool, log_format: logs.LogFormat) -> None:
    """Keep raw responses of a JSON API, and turn them into PostgreSQL tables.

    \b
    Environment:
      MLB_ETL_DSN       the database; if unset, an embedded PostgreSQL in the data
                        folder
      MLB_ETL_DATA      the data folder, by default data in the project's folder:
                        the nearest one, from the working directory upwards, with
                        a database in data/postgres or jobs in config/jobs; else
                        the working directory
      MLB_ETL_BASE_URL  the API, by default https://statsapi.mlb.com
      MLB_ETL_RATE      limit of requests per second, by default 1; up to 5 for
                        the public API; off, for a server of your own only
      MLB_ETL_TIMEOUT   seconds for a whole exchange, by default 60
      MLB_ETL_MAX_BODY  largest decompressed body in MiB, by default 64
      MLB_ETL_RAW_ENCODING
                        how raw tables store new bodies: zstd, the default, or
                        identity, as they arrive
      MLB_ETL_OBJECT_STORE
                        a second place for captures: s3://bucket/prefix or a
                        folder
      MLB_ETL_METRICS   where metrics go: listen:HOST:PORT while a command runs,
                        textfile:FOLDER or push:URL at its end
      MLB_ETL_RUN_ID    id of the run in log lines and in etl.run; if unset, a
                        new one
      MLB_ETL_LIVE_CACHE
                        a Redis for the state of followed games:
                        redis://host:6379/0

    \b
    Exit codes:
      0 done, 1 bad input or work left undone, 2 wrong usage, 70 a bug in
      mlb-etl, 130 interrupted by Ctrl-C, 141 the program reading the output
      exited

    \b
    Examples:
      mlb-etl schema init
      mlb-etl ingest --job issues --transform
      mlb-etl load recordings --transform
      mlb-etl transform --method tracker.issues --param issue_id=7
    """
    from mlb_etl import retries  # noqa: PLC0415 - it imports the retry library, which help does not need

    chosen = LogSettings(logging.INFO if verbose else logging.WARNING, log_format)
    logs.set_up(chosen, stderr.log)  # for an invalid id, which is an error
    logs.set_up(chosen._replace(run_id=settings.run_id()), stderr.log)
    retries.set_up_logs()
    if imported is not None:
        imported()


def main() -> None:
    """The program mlb-etl."""
    cli(prog_name="mlb-etl", obj=gc.freeze)  # imported modules are never garbage, so collections may skip them
