"""mlb-etl fetch: capture an answer of any URL as a sample."""

import re
from pathlib import Path

import click

from mlb_etl.capture import record
from mlb_etl.capture.fetch import fetch as ask
from mlb_etl.cli import parameters
from mlb_etl.settings import Settings

_METHOD = re.compile(r"[A-Za-z]\w*\.[A-Za-z]\w*", re.ASCII)


def _named(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    if name is not None and not _METHOD.fullmatch(name):
        raise click.BadParameter(f"{name[:80]!r} is not an endpoint and a method, such as tracker.issues")
    return name


@click.command()
@click.argument("url")
@click.option("--as", "name", metavar="ENDPOINT.METHOD", callback=_named, help="The name of the method for mappings.")
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter: of the path if the URL has {NAME}, otherwise of the query. Repeatable.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("samples"),
    show_default=True,
    help="The folder for the sample.",
)
def fetch(*, url: str, name: str | None, params: tuple[str, ...], folder: Path) -> None:
    """Request a URL, and write the answer with its request to a file: a stub, which `mlbgen add` makes a mapping of.

    A URL that begins with / is one of the API in the settings (base_url). Only that API gets the headers in the
    settings, such as Authorization; they are in no file. Take several samples that differ: one item and many, an empty
    list, old ones.

    \b
    Examples:
      mlb-etl fetch /issues --param state=open
      mlb-etl fetch '/stations/{station}/days/{day}' \\
        --param station=S1 --param day=2024-07-01 --as weather.hours
      mlb-etl fetch https://api.example.com/issues?page=2 --to more
    """
    given = {each: values[-1] for each, values in parameters.given(params).items()}
    response = ask(Settings.from_environment(), url, given, name)
    file = folder / record.recording_file_name(response).with_suffix("")  # readable, so not gzipped
    record.write_stub(file, response)
    click.echo(f"{file}: {len(response.data)} bytes of {response.endpoint}.{response.method}")
