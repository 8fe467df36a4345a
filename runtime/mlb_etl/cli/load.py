"""mlb-etl load: load captured responses from files into the raw tables."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from mlb_etl import api, registry
from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture import loader, stub_files
from mlb_etl.capture.loader import BareDefaults, LoadedFile
from mlb_etl.cli import completing, report, running, targets
from mlb_etl.cli.progress import counting
from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Counts
from mlb_etl.observe.flow import Flow, place
from mlb_etl.settings import Settings

_PATH = click.Path(exists=True, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_DIR = click.Path(exists=True, file_okay=False, path_type=Path)
_TIME = click.DateTime(["%Y-%m-%dT%H:%M:%S%z"])
_OUTCOMES = {"stored": "stored", "seen": "unchanged", "known": "known", "refused": "refused", "unmapped": "not mapped"}

METHOD = click.option(
    "--method",
    shell_complete=completing.methods,
    help="Method of bare responses, such as tracker.issues; required if there are several.",
)
CAPTURED_AT = click.option(
    "--captured-at", type=_TIME, help="When bare responses were requested; by default the file's modification time."
)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=_PATH, metavar="FILE_OR_FOLDER...")
@METHOD
@CAPTURED_AT
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
    gzipped. `mlb-etl fetch` and `mlb-etl ingest --record` write stubs.

    A file that can't be used is listed with the reason and the place in it, and the exit code is 1; the others are
    loaded. In a folder, responses of methods without a mapping are only counted. Loading a file again changes nothing.

    \b
    Examples:
      mlb-etl load recordings --transform
      mlb-etl load recordings --transform --target delta:data/lake
      mlb-etl load recordings --target postgres --target delta:data/lake
      mlb-etl load issues.json --method tracker.issues \\
        --captured-at 2024-07-13T04:19:09Z
      mlb-etl load recordings/tracker/issues recordings/tracker/users --format json
    """
    files = [file for path in paths for file in (stub_files.find_stubs(path) if path.is_dir() else [path])]
    if not files:
        raise click.UsageError("nothing to load: found no *.json or *.json.gz")
    named = {path for path in paths if not path.is_dir()}
    settings = targets.settings_of(chosen)
    load_all(ctx, settings, files, BareDefaults(method, captured_at), named=named, transform=transform, form=form)


@dataclass(slots=True)
class _Loaded:
    """What happened to the files in a database, as far as it got."""

    files: list[LoadedFile] = field(default_factory=list)
    counts: Counts | None = None

    @property
    def is_incomplete(self) -> bool:
        refused = any(file.outcome == "refused" for file in self.files)
        return refused or (self.counts is not None and bool(self.counts.documents.quarantined))


def load_all(
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

    def flows() -> list[Flow]:
        of = next(iter(chosen.values()))
        names = sorted({file.method for its in loaded.values() for file in its.files if file.method and not file.why})
        methods = [registry.method(of.tables, name) for name in names]
        return [Flow(each, of.api, captures=True, applies=transform, sources=sources) for each in methods]

    sources = [place(os.path.commonpath([path.absolute().parent for path in paths]))]
    with running.recorded("load", "", [*map(api.database, chosen.values())], flows):
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
