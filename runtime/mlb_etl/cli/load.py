"""mlb-etl load and mlb-etl test load-stub: load captured responses from files into the raw tables."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from mlb_etl import api, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader, stub_files
from mlb_etl.capture.loader import BareDefaults, LoadedFile
from mlb_etl.cli import report, running, targets
from mlb_etl.cli.progress import counting
from mlb_etl.errors import EtlError, Rejected
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
@targets.OPTION
@click.option("--transform", is_flag=True, help="Also apply the loaded captures to the tables.")
@report.FORMAT
@click.pass_context
def load(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    method: str | None,
    captured_at: datetime | None,
    chosen: tuple[str, ...],
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
      mlb-etl load recordings --target postgres --target delta:data/lake
      mlb-etl load feed.json --method game.liveGameV1 \\
        --captured-at 2024-07-13T04:19:09Z
      mlb-etl load recordings/game/liveGameV1 recordings/schedule --format json
    """
    files = [file for path in paths for file in (stub_files.find_stubs(path) if path.is_dir() else [path])]
    if not files:
        raise click.UsageError("nothing to load: found no *.json or *.json.gz")
    named = {path for path in paths if not path.is_dir()}
    settings = targets.settings_of(chosen)
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
    settings = targets.settings_of(())
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


@dataclass(slots=True)
class _Loaded:
    """What happened to the files in a database, as far as it got."""

    files: list[LoadedFile] = field(default_factory=list)
    counts: Counts | None = None

    @property
    def is_incomplete(self) -> bool:
        refused = any(file.outcome == "refused" for file in self.files)
        return refused or (self.counts is not None and bool(self.counts.documents.quarantined))


def _load(
    ctx: click.Context,
    chosen: Mapping[str, Settings],
    paths: Sequence[Path],
    bare: BareDefaults,
    *,
    named: set[Path],
    transform: bool,
    form: str,
) -> None:
    """Load the files and report what happened to each, even if an error stops the rest."""
    if bare.method is not None:
        registry.method(next(iter(chosen.values())).tables, bare.method)
    paths = list(dict.fromkeys(paths))
    loaded = {name: _Loaded() for name in chosen}

    def work(name: str, settings: Settings) -> _Loaded:
        done = loaded[name]
        with api.database(settings).open() as stores, counting("files") as progress:
            stores.require_migrated()
            for file in loader.load_each(stores, paths, package=settings.tables, bare=bare):
                meant = file.outcome == "unmapped" and file.path in named  # in a folder it is skipped
                done.files.append(replace(file, outcome="refused") if meant else file)
                progress(len(done.files), len(paths))
        if transform:
            done.counts = _transform(settings, done.files)
        return done

    with running.recorded("load", "", [api.database(each) for each in chosen.values()]):
        outcomes: list[targets.Outcome[_Loaded]] = []
        try:
            outcomes = targets.run_each(chosen, work)
        finally:
            found = outcomes or [targets.Outcome(name, None) for name in chosen]
            found = [replace(each, result=its) if (its := loaded[each.target]).files else each for each in found]
            if any(each.result is not None for each in found):
                targets.print_each(found, form, _plain, _show)
        ctx.exit(1 if any(each.is_incomplete for each in targets.require_all(outcomes)) else 0)


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


def _plain(loaded: _Loaded) -> dict[str, Any]:
    """The outcomes by method, and why files were refused, as JSON data."""
    return {
        "methods": {name: _by_word(found, "_") for name, found in sorted(_methods(loaded).items())},
        "refused": [
            {"file": str(file.path), "method": file.method, **report.facts(why)} for file, why in _refused(loaded)
        ],
        "transform": None if loaded.counts is None else report.counts_json(loaded.counts),
    }


def _show(loaded: _Loaded) -> None:
    """Print the outcomes by method, and why files were refused."""
    if loaded.counts is not None:
        report.counts(loaded.counts)
    report.some(_refused(loaded), lambda each: report.rejected(f"refused {each[0].path}", each[1]), "were refused")
    methods = _methods(loaded)
    if len(methods) > 1:
        rows: list[list[report.Cell]] = [[name, *_by_word(found).values()] for name, found in sorted(methods.items())]
        report.print_table(("method", *_OUTCOMES.values()), rows)
    click.echo(", ".join(f"{word} {number}" for word, number in _by_word(sum(methods.values(), Counter())).items()))


def _methods(loaded: _Loaded) -> Mapping[str, Counter[str]]:
    methods: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for file in loaded.files:
        methods[file.method or "unknown"][file.outcome] += 1
    return methods


def _refused(loaded: _Loaded) -> list[tuple[LoadedFile, Rejected]]:
    return [(file, file.why) for file in loaded.files if file.outcome == "refused" and file.why is not None]


def _by_word(found: Counter[str], space: str = " ") -> dict[str, int]:
    return {word.replace(" ", space): found[outcome] for outcome, word in _OUTCOMES.items()}
