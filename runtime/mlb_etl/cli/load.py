"""mlb-etl load and mlb-etl test load-stub: load captured responses from files into the raw tables."""

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mlb_etl import api, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader, stub_files
from mlb_etl.capture.loader import BareDefaults, LoadedFile
from mlb_etl.cli import parameters, report
from mlb_etl.cli.progress import counting
from mlb_etl.errors import EtlError
from mlb_etl.laws.counts import Counts
from mlb_etl.settings import Settings

_PATH = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])
_OUTCOMES = {"stored": "stored", "seen": "unchanged", "known": "known", "refused": "refused", "unmapped": "not mapped"}

_method = click.option(
    "--method", help="Method of bare responses, such as game.liveGameV1; required if there are several."
)
_captured_at = click.option(
    "--captured-at", type=_TIME, help="When bare responses were requested; by default the file's modification time."
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="FILE_OR_FOLDER...")
@_method
@_captured_at
@parameters.TARGET
@click.option("--transform", is_flag=True, help="Also apply the loaded captures to the tables.")
@report.FORMAT
@click.pass_context
def load(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    method: str | None,
    captured_at: datetime | None,
    target: str | None,
    transform: bool,
    form: str,
) -> None:
    """Load captured responses into the raw tables: files, and each *.json and *.json.gz below folders.

    A file is a stub, {endpoint, method, path_params, captured_at, response, ...}, or a bare response; it may be
    gzipped. `mlb-etl ingest --record` and `mlb-sim write` write stubs.

    A file that can't be used is listed with the reason and the place in it, and the exit code is 1; the others are
    loaded. In a folder, responses of methods without a mapping are only counted. Loading a file again changes nothing.

    \b
    Examples:
      mlb-etl load recordings --transform
      mlb-etl load recordings --transform --target delta:data/lake
      mlb-etl load feed.json --method game.liveGameV1 \\
        --captured-at 2024-07-13T04:19:09Z
      mlb-etl load recordings/game/liveGameV1 recordings/schedule --format json
    """
    files = [file for path in paths for file in (stub_files.find_stubs(path) if path.is_dir() else [path])]
    if not files:
        raise click.UsageError("nothing to load: found no *.json or *.json.gz")
    named = {path for path in paths if not path.is_dir()}
    settings = parameters.settings_for(target)
    _load(ctx, settings, files, BareDefaults(method, captured_at), named=named, transform=transform, form=form)


@click.group()
def test() -> None:
    """Work with captured responses instead of the API.

    \b
    Example:
      mlb-etl test load-stub --game-pk 747175
    """


@test.command("load-stub")
@click.option("--game-pk", type=click.IntRange(1), multiple=True, help="Load the stubs of this game. Repeatable.")
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
@_method
@_captured_at
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
        chosen += _stubs_of(number, [stubs] if told else [stubs, loader.SHIPPED])
    if not chosen:
        raise click.UsageError("nothing to load: give --game-pk, --file, or --dir with a folder of *.json or *.json.gz")
    settings = Settings.from_environment()
    _load(ctx, settings, chosen, BareDefaults(method, captured_at), named=set(files), transform=False, form=form)


def _stubs_of(game_pk: int, folders: Sequence[Path]) -> list[Path]:
    """The stubs of a game in the first folder that has any."""
    package = Settings.from_environment().tables
    for folder in folders:
        if found := loader.select_stubs(package, folder, {"game_pk": str(game_pk)}):
            if folder == loader.SHIPPED:
                click.echo(f"no stub of game {game_pk} in {folders[0]}: using an invented game instead", err=True)
            return found
    raise EtlError(f"no stub of game {game_pk} in {folders[0]}; name their folder with --stubs or $MLB_STUBS")


def _load(
    ctx: click.Context,
    settings: Settings,
    paths: Sequence[Path],
    bare: BareDefaults,
    *,
    named: set[Path],
    transform: bool,
    form: str,
) -> None:
    """Load the files and report what happened to each, even if an error stops the rest."""
    if bare.method is not None:
        registry.method(settings.tables, bare.method)
    paths = list(dict.fromkeys(paths))
    done: list[LoadedFile] = []
    counts = None
    try:
        with api.database(settings).open() as stores, counting("files") as progress:
            stores.require_migrated()
            for file in loader.load_each(stores, paths, package=settings.tables, bare=bare):
                meant = file.outcome == "unmapped" and file.path in named  # in a folder it is skipped
                done.append(replace(file, outcome="refused") if meant else file)
                progress(len(done), len(paths))
        if transform:
            counts = _transform(settings, done)
    finally:
        if done:
            _report(done, counts, form)
    refused = any(file.outcome == "refused" for file in done)
    ctx.exit(1 if refused or (counts is not None and counts.documents.quarantined) else 0)


def _transform(settings: Settings, done: Sequence[LoadedFile]) -> Counts:
    """Apply the captures of the loaded documents."""
    scopes: defaultdict[str, defaultdict[str, dict[Any, None]]] = defaultdict(lambda: defaultdict(dict))
    for file in done:
        if file.method is not None and file.why is None:
            for name, value in (item for held in file.held for item in held.keys.items()):
                scopes[file.method][name][value] = None
    counts = Counts()
    for name, scope in scopes.items():
        pipeline = Pipeline(registry.method(settings.tables, name), api.database(settings), os.cpu_count() or 1)
        with counting("documents") as progress:
            counts += pipeline.run({key: list(values) for key, values in scope.items()}, progress=progress)
    return counts


def _report(done: Sequence[LoadedFile], counts: Counts | None, form: str) -> None:
    """Print the outcomes by method, and why files were refused."""
    methods: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file in done:
        methods[file.method or "unknown"][file.outcome] += 1
    refused = [(file, file.why) for file in done if file.outcome == "refused" and file.why is not None]
    if form == "json":
        plain = {
            "methods": {name: _by_word(found, "_") for name, found in sorted(methods.items())},
            "refused": [{"file": str(file.path), "method": file.method, **report.facts(why)} for file, why in refused],
            "transform": None if counts is None else report.counts_json(counts),
        }
        report.print_json(plain)
        return
    if counts is not None:
        report.counts(counts)
    report.some(refused, lambda each: report.rejected(f"refused {each[0].path}", each[1]), "were refused")
    if len(methods) > 1:
        rows: list[list[report.Cell]] = [[name, *_by_word(found).values()] for name, found in sorted(methods.items())]
        report.print_table(("method", *_OUTCOMES.values()), rows)
    click.echo(", ".join(f"{word} {number}" for word, number in _by_word(sum(methods.values(), Counter())).items()))


def _by_word(found: Counter[str], space: str = " ") -> dict[str, int]:
    return {word.replace(" ", space): found[outcome] for outcome, word in _OUTCOMES.items()}
