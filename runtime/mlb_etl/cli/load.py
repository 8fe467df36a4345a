"""mlb-etl test: captured responses from files into the raw tables."""

from datetime import datetime
from pathlib import Path

import click

from mlb_etl import db, ingest, migrate, samples
from mlb_etl.cli import report
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])


@click.group()
def test() -> None:
    """Work with captured responses instead of the API."""


@test.command("load-stub")
@click.option("--game-pk", type=int, multiple=True, help="Load the stubs of this game. Repeatable.")
@click.option(
    "--stubs",
    type=click.Path(path_type=Path),
    envvar="MLB_STUBS",
    default="../shared/stubs",
    show_default=True,
    show_envvar=True,
    help="Where --game-pk looks for stubs.",
)
@click.option("--file", "files", type=_FILE, multiple=True, help="Load this file. Repeatable.")
@click.option("--dir", "folders", type=_DIR, multiple=True, help="Load every *.json and *.json.gz below. Repeatable.")
@click.option("--method", help="Method of bare responses, such as game.liveGameV1; needed where there are several.")
@click.option("--captured-at", type=_TIME, help="Time of bare responses' requests; by default the file's last change.")
@click.pass_context
def load_stub(
    ctx: click.Context,
    *,
    game_pk: tuple[int, ...],
    stubs: Path,
    files: tuple[Path, ...],
    folders: tuple[Path, ...],
    method: str | None,
    captured_at: datetime | None,
) -> None:
    """Put captured responses into the raw tables.

    A file is a stub, {endpoint, method, path_params, captured_at, response, ...}, or a bare response; gzipped or not.
    A response that the pipeline could not read is refused with table, path, value and reason, and the exit code is 1;
    the other files are loaded.

    \b
    Examples:
      mlb-etl test load-stub --game-pk 747175 --stubs ../shared/stubs
      mlb-etl test load-stub --file feed.json --method game.liveGameV1 --captured-at 2024-07-13T04:19:09Z
      mlb-etl test load-stub --dir ../shared/stubs/game/liveGameV1
    """
    settings = Settings.from_environment()
    chosen = [*files, *(file for folder in folders for file in samples.find(folder))]
    for number in game_pk:
        chosen += _stubs_of(settings.tables, stubs, number)
    if not chosen:
        raise click.UsageError("nothing to load: say --game-pk, --file, or --dir with a folder of *.json or *.json.gz")
    with db.connect(settings) as connection:
        migrate.require(connection, settings.tables)
        loaded = ingest.load_files(connection, chosen, package=settings.tables, bare=ingest.Bare(method, captured_at))
    click.echo(f"stored {len(loaded.stored)}, already stored {len(loaded.already)}, refused {len(loaded.refused)}")
    for refused in loaded.refused:
        report.rejected(f"refused {refused.file}", refused.why)
    ctx.exit(1 if loaded.refused else 0)


def _stubs_of(package: str, stubs: Path, game_pk: int) -> list[Path]:
    found = ingest.choose(package, stubs, {"game_pk": str(game_pk)})
    if not found:
        raise EtlError(f"no stub of game {game_pk} in {stubs}; say where they are with --stubs or $MLB_STUBS")
    return found
