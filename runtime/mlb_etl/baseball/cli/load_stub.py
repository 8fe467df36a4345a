"""mlb-etl test load-stub: load the captured responses of a game, or those that come with the package."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click
from click.core import ParameterSource

from mlb_etl.baseball.completing import games_of_stubs
from mlb_etl.baseball.plugin import SHIPPED
from mlb_etl.capture import loader, stub_files
from mlb_etl.capture.loader import BareDefaults
from mlb_etl.cli import report, targets
from mlb_etl.cli.load import CAPTURED_AT, METHOD, load_all
from mlb_etl.errors import EtlError
from mlb_etl.settings import Settings

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def test() -> None:
    """Work with captured responses instead of the API.

    \b
    Example:
      mlb-etl test load-stub --game-pk 747175
    """


@test.command("load-stub")
@click.option(
    "--game-pk",
    type=click.IntRange(1),
    multiple=True,
    shell_complete=games_of_stubs,
    help="Load the stubs of this game. Repeatable.",
)
@click.option(
    "--stubs",
    type=click.Path(path_type=Path),
    envvar="MLB_STUBS",
    default="../shared/stubs",
    show_default=True,
    show_envvar=True,
    help="Folder in which --game-pk looks for stubs.",
)
@click.option("--file", "files", type=_FILE, multiple=True, help="Load this file. Repeatable.")
@click.option("--dir", "folders", type=_DIR, multiple=True, help="Load every *.json and *.json.gz below. Repeatable.")
@METHOD
@CAPTURED_AT
@report.FORMAT
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
    form: str,
) -> None:
    """Do what `mlb-etl load` does, and find the stubs of a game.

    It looks in $MLB_STUBS, or in ../shared/stubs. If game 747175 has none there, it loads a shipped feed, invented by
    the simulator.

    \b
    Examples:
      mlb-etl test load-stub --game-pk 747175
      mlb-etl test load-stub --game-pk 747175 --stubs ../shared/stubs
    """
    chosen = [*files, *(file for folder in folders for file in stub_files.find_stubs(folder))]
    told = ctx.get_parameter_source("stubs") is ParameterSource.COMMANDLINE
    for number in game_pk:
        chosen += _stubs_of(number, [stubs] if told else [stubs, SHIPPED])
    if not chosen:
        raise click.UsageError("nothing to load: give --game-pk, --file, or --dir with a folder of *.json or *.json.gz")
    settings = targets.settings_of(())
    load_all(ctx, settings, chosen, BareDefaults(method, captured_at), named=set(files), transform=False, form=form)


def _stubs_of(game_pk: int, folders: Sequence[Path]) -> list[Path]:
    """The stubs of a game in the first folder that has any."""
    package = Settings.from_environment().tables
    for folder in folders:
        if found := loader.select_stubs(package, folder, {"game_pk": str(game_pk)}):
            if folder == SHIPPED:
                click.echo(f"no stub of game {game_pk} in {folders[0]}: using an invented game instead", err=True)
            return found
    raise EtlError(f"no stub of game {game_pk} in {folders[0]}; name their folder with --stubs or $MLB_STUBS")
