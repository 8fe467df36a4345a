"""mlb-etl ui: a local page that shows the database as it changes."""

import sys
import webbrowser
from importlib.util import find_spec
from threading import Thread

import click

from mlb_etl import api, plugins, registry
from mlb_etl.cli import parameters
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db

_PORT = 8484
_NEEDED = ("htpy", "sse_starlette", "starlette", "uvicorn")


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="Port on 127.0.0.1; 0 for any free one.",
)
@click.option("--open", "opens", is_flag=True, help="Open the page in your browser.")
@parameters.TARGET
def ui(*, port: int, opens: bool, target: str | None) -> None:
    """Show runs, quarantine, drift and the freshness of tables on a page of this machine, as they change.

    The page is for this machine only (127.0.0.1), and the command prints its address. It only reads: the database is
    opened read-only, so a role that only reads is enough, and the page says what that role may not see. It goes on
    through restarts of the database. It needs PostgreSQL; of a lake, see `mlb-etl status --target`.

    It runs until SIGTERM or Ctrl-C; the exit code is then 0.

    \b
    Examples:
      mlb-etl ui
      mlb-etl ui --open
      mlb-etl ui --port 0 --target postgresql://reader@host/database
    """
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        raise EtlError(f"{', '.join(missing)} is not installed: pip install 'mlb-etl[ui]'")
    from mlb_etl.ui import drift, pipeline, quarantine, serving  # noqa: PLC0415 - they need an extra

    settings = parameters.settings_for(target)
    viewing = api.viewing(settings)
    _start(settings)
    added = plugins.pages(registry.methods(settings.tables))
    pages = [*added, pipeline.page(settings.tables), *quarantine.pages(), drift.page()]

    def tell(url: str) -> None:
        click.echo(url)
        if sys.stdout.isatty():
            click.echo("Ctrl-C ends it.", err=True)
        if opens:
            Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    serving.serve(viewing, pages, port, tell)


def _start(settings: Settings) -> None:
    """Start the embedded server if it is there, as other commands do; afterwards the page leaves it alone."""
    if settings.dsn is None and (embedded := db.server(settings)).home.exists():
        embedded.start()
