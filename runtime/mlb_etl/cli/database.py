"""mlb-etl db: the embedded server, and psql."""

import os

import click

from mlb_etl.cli import report
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.embedded import binaries
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import db
from mlb_etl.stores.postgres.dsn import parse_dsn, without_secrets


@click.group("db")
def database() -> None:
    """Start and stop the embedded PostgreSQL, and connect to the database.

    Without MLB_ETL_DSN, any command that needs the server starts it, and it runs until `mlb-etl db stop`. Its files are
    in data/postgres; if only root can reach that folder, it is a link to one in /var/lib/mlb-etl.
    """


@database.command()
@report.FORMAT
def start(*, form: str) -> None:
    """Start the embedded server unless it is running.

    \b
    Example:
      mlb-etl db start
    """
    server = _server()
    started = server.start()
    if form == "json":
        report.print_json({"started": started, "url": server.url()})
    else:
        click.echo(f"{'started' if started else 'already running'}: {server.url()}")


@database.command()
@report.FORMAT
def stop(*, form: str) -> None:
    """Stop the embedded server if it is running. Open sessions are disconnected.

    \b
    Example:
      mlb-etl db stop
    """
    stopped = _server().stop()
    if form == "json":
        report.print_json({"stopped": stopped})
    else:
        click.echo("stopped" if stopped else "was not running")


@database.command()
@report.FORMAT
@click.pass_context
def status(ctx: click.Context, *, form: str) -> None:
    """Show whether the embedded server is running, and where. The exit code is 1 if it is not.

    \b
    Example:
      mlb-etl db status
    """
    server = _server()
    running = server.running()
    if form == "json":
        report.print_json({"running": running, "folder": str(server.home), "url": server.url() if running else None})
    elif running:
        click.echo(f"running: {server.url()}")
    elif server.lost_socket():
        click.echo(f"running, but its socket file was removed; `mlb-etl db start` restarts it: {server.home}")
    else:
        click.echo(f"not running: {server.home}")
    ctx.exit(0 if running else 1)


@database.command()
@click.option("--show-password", is_flag=True, help="Print the passwords in MLB_ETL_DSN too.")
def url(*, show_password: bool) -> None:
    """Print the DSN for other programs; starts the embedded server if MLB_ETL_DSN is not set.

    \b
    Example:
      psql "$(mlb-etl db url)"
    """
    settings = Settings.from_environment()
    target = db.dsn(settings)
    click.echo(target if show_password else without_secrets(target))


@database.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(arguments: tuple[str, ...]) -> None:
    """Run psql on the database; arguments after -- go to psql.

    \b
    Examples:
      mlb-etl db psql
      mlb-etl db psql -- --command="SELECT * FROM etl.watermark"
    """
    program = str(binaries.find_programs("psql") / "psql")
    target = db.dsn(Settings.from_environment())
    password = parse_dsn(target).get("password")
    secret = {} if password is None else {"PGPASSWORD": password}  # psql asks for any other
    os.execve(program, [program, without_secrets(target), *arguments], os.environ | secret)  # noqa: S606 - no shell is wanted


def _server() -> Server:
    settings = Settings.from_environment()
    if settings.dsn is not None:
        raise EtlError(
            "MLB_ETL_DSN is set, so the embedded server is not in use: unset it, or manage the server it names"
        )
    return db.server(settings)
