"""The command line: commands parse and call, this module decides how they end.

Exit codes: 0 done, 1 bad input or work left undone, 2 wrong usage, 70 a bug in mlb-etl, 130
interrupted by Ctrl-C, 141 the program reading the output exited.
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

from mlb_etl import logs, settings
from mlb_etl.cli import completing, shells, stderr
from mlb_etl.cli.lazy import LazyCommand, LazyGroup
from mlb_etl.errors import EtlError, with_notes
from mlb_etl.logs import LogSettings

BUG = 70
INTERRUPTED = 130  # as shells have it: 128 and the number of SIGINT
NOT_READ = 141  # 128 and the number of SIGPIPE
log = logging.getLogger("mlb_etl")


_COMMANDS = {
    "config": LazyCommand("mlb_etl.cli.config:config", "Show the settings in force, and where each is from"),
    "db": LazyCommand("mlb_etl.cli.database:database", "Start and stop the embedded PostgreSQL, and open psql"),
    "drift": LazyCommand("mlb_etl.cli.drift:drift", "Show how responses differ from the samples"),
    "export": LazyCommand("mlb_etl.cli.export:export", "Write tables and views to Parquet, DuckDB, SQLite or CSV"),
    "fetch": LazyCommand("mlb_etl.cli.fetch:fetch", "Capture the answer of a URL as a sample"),
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
    "ui": LazyCommand("mlb_etl.cli.ui:ui", "Show runs, quarantine and drift on a page of this machine"),
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

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the environment variables."""
        with formatter.section("Environment, which takes precedence over the settings file"):
            formatter.write_dl([(each.variable, each.help) for each in settings.SETTINGS if each.variable], col_max=20)
        super().format_epilog(ctx, formatter)

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
def _chosen(**variables: str | None) -> Iterator[None]:
    """Options of the program as variables of the environment, which worker processes have too."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update({name: value for name, value in variables.items() if value is not None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


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
@click.option("--config", metavar="FILE", help="The settings file. [default: the nearest upwards]")
@click.option("--profile", metavar="NAME", shell_complete=completing.profiles, help="A profile of the settings file.")
@click.version_option(package_name="mlb-etl")
@click.pass_context
def cli(
    ctx: click.Context, *, verbose: bool, log_format: logs.LogFormat, config: str | None, profile: str | None
) -> None:
    """Keep raw responses of a JSON API, and turn them into PostgreSQL tables.

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

    ctx.with_resource(
        _chosen(MLB_ETL_CONFIG=config and str(settings.working_directory() / config), MLB_ETL_PROFILE=profile)
    )
    chosen = LogSettings(logging.INFO if verbose else logging.WARNING, log_format)
    logs.set_up(chosen, stderr.log)  # for an invalid id, which is an error
    logs.set_up(chosen._replace(run_id=settings.run_id()), stderr.log)
    retries.set_up_logs()
    if ctx.obj is not None:
        ctx.obj()  # after the imports


def main() -> None:
    """The program mlb-etl."""
    shells.register()
    cli(prog_name="mlb-etl", obj=gc.freeze)  # imported modules are never garbage, so collections may skip them
