"""The command line of mlbgen: each command reads its options, then imports and calls the code that does the work."""

import json
import os
import sys
import traceback
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlbgen.cli.options import (
    FOLDER,
    FORMAT,
    ROOT,
    SAMPLES,
    STUBS,
    check_api_name,
    check_method_names,
    check_snake_case,
)
from mlbgen.language.errors import MlbgenError

if TYPE_CHECKING:
    from mlbgen.language.diagnostics import Diagnostic
    from mlbgen.project.output import Change

_DIFFERENT, _BUG = 1, 70
_EXTRA = ("datamodel_code_generator", "graphlay", "jinja2", "ruff", "sqlglot")  # what the extra `codegen` installs


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mlb-etl")
@click.option("--debug", is_flag=True, envvar="MLBGEN_DEBUG", show_envvar=True, help="Show the traceback of a bug.")
def commands(**_options: bool) -> None:
    """Generate typed code and DDL from mappings, one YAML file for each method of the API.

    \b
    Exit codes:
      0 done, 1 a difference or bad input, 2 wrong usage, 70 a bug in mlbgen

    \b
    Examples:
      mlbgen check
      mlbgen generate
    """


@commands.command("init")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--base-url",
    default="https://api.example.com",
    show_default=True,
    help="The API's server; paths stand in mappings.",
)
@click.option(
    "--token",
    "variable",
    default="",
    metavar="VARIABLE",
    help="The environment variable with a token, which each request is to send as Authorization: Bearer.",
)
def init_(folder: Path, base_url: str, variable: str) -> None:
    """Start a project for a JSON API: mapping, samples, settings, jobs, justfile, tests, CI, and what is generated.

    The folder's name is the project's; in snake case it is the import name of the generated package.

    \b
    Examples:
      mlbgen init shop
      mlbgen init shop --base-url https://api.example.com --token SHOP_TOKEN
    """
    from mlbgen.project import starting

    folder = folder.absolute()
    for path in starting.start(folder, starting.describe(folder, base_url, variable)):
        click.echo(f"written: {path}")
    click.echo(f"{folder.name} is ready: change into it, and `just` lists what there is; README.md says more", err=True)


@commands.command("add")
@ROOT
@click.argument("endpoint", callback=check_api_name)
@click.argument("method", callback=check_api_name)
@click.option(
    "--from",
    "samples",
    multiple=True,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    help="A sample, or a folder of samples, as `mlb-etl fetch` writes them; can be repeated.",
)
def add_(root: Path, endpoint: str, method: str, samples: Sequence[Path]) -> None:
    """Add a method: keep its samples, infer their shape, suggest a mapping, and check it.

    The mapping passes the check as it stands, but samples show what is there, not what it means: read its comments,
    and replace each TODO. Then generate.

    \b
    Examples:
      mlbgen add tracker issues --from samples/api/issues
      mlbgen add weather hours --from one.json --from another.json
    """
    from mlbgen.language.names import snake
    from mlbgen.project import adding, generate

    for path in adding.add(root, endpoint, method, samples):
        click.echo(f"written: {path}")
    ending = _check(root, (root / SAMPLES,), "text", but=("MG110",))  # its tables have no migration yet
    if not ending:
        names = f"{snake(endpoint)}_{snake(method)}"
        after = f", then `mlbgen migrate {names}_tables`" if generate.read_released(root) else ""
        click.echo(f"no mistakes found: read the mapping, and run `mlbgen generate`{after}", err=True)
    click.get_current_context().exit(ending)


@commands.command("infer")
@ROOT
@STUBS
@click.option(
    "--method",
    "methods",
    multiple=True,
    callback=check_method_names,
    help="Such as tracker.issues; can be repeated. [default: those with a mapping]",
)
def infer_(root: Path, stubs: Sequence[Path], methods: Sequence[str]) -> None:
    """Infer the shapes of responses into schemas/api/, from samples and from those in schemas/samples/.

    \b
    Examples:
      mlbgen infer --stubs ../shared/stubs
      mlbgen infer --stubs captured --method tracker.issues
    """
    from mlbgen.project import generate, output
    from mlbgen.samples import infer
    from mlbgen.samples.stubs import with_own

    if not stubs:
        raise click.UsageError("samples are needed: --stubs DIR")
    known = generate.method_names(root, generate.mappings(root, required=not methods))
    names = methods or sorted(set(known.values()))
    _write(root, output.changes(root, infer.shape_files(with_own(root, stubs), names, known)))


@commands.command("suggest")
@ROOT
@STUBS
@click.argument("endpoint", callback=check_api_name)
@click.argument("method", callback=check_api_name)
def suggest_(root: Path, stubs: Sequence[Path], endpoint: str, method: str) -> None:
    """Print a first mapping of a method, from samples: tables, keys, types and names, all to be reviewed.

    It passes `mlbgen check` with these samples. Comments say why a choice was made; TODO stands for every description.
    Write it to schemas/mappings/ENDPOINT/METHOD.yaml, with the names in snake case.

    \b
    Example:
      mlbgen suggest tracker issues --stubs captured > issues.yaml
    """
    from mlbgen.project import suggesting

    if not stubs:
        raise click.UsageError("samples are needed: --stubs DIR")
    name = f"{endpoint}.{method}"
    file = suggesting.mapped_in(root, name)
    click.echo(suggesting.from_samples(root, name, stubs), nl=False)
    if file is not None:
        click.echo(f"{name} belongs to {file} already, so this can only replace it", err=True)


@commands.command("generate")
@ROOT
def generate_(root: Path) -> None:
    """Write the generated files that are out of date, and remove those that are no longer generated.

    If there are no migrations yet, it writes the first ones. From then on they are released and never change; `mlbgen
    migrate` turns later changes of the tables into further migrations.

    \b
    Examples:
      mlbgen generate
      mlbgen generate --root ../other-project
    """
    changes, unreleased = _changes(root)
    _write(root, changes)
    _tell(root, unreleased)


@commands.command()
@ROOT
@FORMAT
def diff(root: Path, form: str) -> None:
    """Show what `mlbgen generate` would change, and which tables need a migration; exit with 1 if there is anything.

    \b
    Examples:
      mlbgen diff
      mlbgen diff --format json
    """
    changes, unreleased = _changes(root)
    if form == "json":
        from mlbgen import layout

        listed = [{"path": each.path, "change": each.kind} for each in changes]
        migrations_folder = layout.migrations(layout.package(root))
        behind = [{"path": migrations_folder, "change": "behind"}] if unreleased else []
        click.echo(json.dumps([*listed, *behind], indent=2))
    else:
        for each in changes:
            click.echo(each.hunks(), nl=False)
            click.echo(f"{each.path} is {each.kind}", err=True)
        _tell(root, unreleased)
    click.get_current_context().exit(_DIFFERENT if changes or unreleased else 0)


@commands.command("plan")
@ROOT
@STUBS
@click.option("--since", metavar="REVISION", help="Compare with the code that is committed in a revision of git.")
@click.option(
    "--examples",
    type=click.IntRange(0, 1000),
    default=3,
    show_default=True,
    help="How many examples of each kind to show.",
)
@click.option("--exit-code", is_flag=True, help="Exit with 1 if anything changes.")
@FORMAT
def plan_(root: Path, stubs: Sequence[Path], since: str | None, examples: int, form: str, *, exit_code: bool) -> None:
    """Show what an edit of mappings and views will change, before anything does.

    It extracts the captures in --stubs and schemas/samples/ with the generated code and with that of the edited
    mappings, and compares all rows. It prints the next migration, and writes nothing.

    \b
    Examples:
      mlbgen plan
      mlbgen plan --stubs captured --format json
      mlbgen plan --since main --exit-code
    """
    from mlbgen.cli import planning

    found = planning.plan(root, stubs, since=since, examples=examples)
    planning.show(found, form)
    click.get_current_context().exit(_DIFFERENT if found.impossible or (exit_code and found) else 0)


@commands.command("migrate")
@ROOT
@click.option(
    "--allow-drop", is_flag=True, help="Also drop tables and columns, including columns that get a narrower type."
)
@click.option("--rebuild", is_flag=True, help="Also rebuild tables whose key or partitioning changed.")
@click.argument("what", callback=check_snake_case)
def migrate_(root: Path, what: str, *, allow_drop: bool, rebuild: bool) -> None:
    """Write the next migration, V<n>__WHAT.sql, for what the mappings changed in the tables.

    This releases the migration: it never changes afterwards. Changes that lose data or can't be made in place are
    refused unless an option allows them. A rebuilt table that has rows needs `mlb-etl rebuild`.

    \b
    Examples:
      mlbgen migrate add_priority
      mlbgen migrate issues_by_month --rebuild
    """
    from mlbgen.project import migrate, output

    migration = migrate.read_and_plan(root, what, migrate.Allowed(drop=allow_drop, rebuild=rebuild))
    for line in migration.changes or ("nothing to do: the migrations already match the mappings",):
        click.echo(line)
    _write(root, output.changes(root, migration.files))


@commands.command()
@ROOT
@STUBS
@FORMAT
def check(root: Path, stubs: Sequence[Path], form: str) -> None:
    """Report mistakes in the mappings and views, with file, line and column; exit with 1 if there are any.

    \b
    Examples:
      mlbgen check
      mlbgen check --stubs ../shared/stubs --format json
    """
    click.get_current_context().exit(_check(root, stubs, form))


def _check(root: Path, stubs: Sequence[Path], form: str, but: Collection[str] = ()) -> int:
    """Check the project, print the mistakes, but for those with these codes, and return the exit code."""
    from mlbgen.project import checking

    found = checking.check(root, stubs)
    found = replace(found, diagnostics=tuple(each for each in found.diagnostics if each.code not in but))
    if form == "json":
        click.echo(json.dumps([each.json() for each in found.diagnostics], indent=2, ensure_ascii=False))
    for each in found.diagnostics if form == "text" else ():
        click.echo(each.render(), err=True)
    for checked in found.samples:
        click.echo(checked.text(), err=True)
    if not stubs:
        click.echo("checked without samples; --stubs DIR checks more", err=True)
    return _DIFFERENT if found.diagnostics else 0


@commands.command("coverage")
@ROOT
@click.option(
    "--stubs",
    multiple=True,
    type=FOLDER,
    help="Folder of sample responses; can be repeated. [default: the samples behind schemas/api/]",
)
@FORMAT
def coverage_(root: Path, stubs: Sequence[Path], form: str) -> None:
    """Account for every path of the responses: mapped, ignored for a reason, or unmapped.

    \b
    Examples:
      mlbgen coverage
      mlbgen coverage --stubs ../shared/stubs --format json
    """
    from mlbgen.project import generate
    from mlbgen.samples import coverage

    inputs = generate.read_project(root)
    shown = generate.with_shapes_of(inputs, stubs) if stubs else inputs
    for missing in sorted({each.method.name for each in inputs} - {each.method.name for each in shown}):
        click.echo(f"{missing}: no sample in {', '.join(map(str, stubs))}", err=True)
    reports = [coverage.report(each.method, each.shape) for each in shown]
    if form == "json":
        click.echo(json.dumps(coverage.as_json(reports), indent=2, ensure_ascii=False))
    else:
        click.echo(coverage.as_text(reports))


@commands.command()
@ROOT
@click.option(
    "--mapping",
    "mappings",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A mapping file; can be repeated. [default: all]",
)
def ddl(root: Path, mappings: Sequence[Path]) -> None:
    """Print the DDL of the mappings' tables and, without --mapping, of the views.

    \b
    Examples:
      mlbgen ddl
      mlbgen ddl --mapping schemas/mappings/tracker/issues.yaml > V2.sql
    """
    from mlbgen.postgres import migrations
    from mlbgen.project import generate

    inputs = generate.read(root, [each.absolute() for each in mappings] or generate.mappings(root))
    views = () if mappings else generate.read_views(root, inputs)
    click.echo(migrations.tables_ddl([each.method for each in inputs], views), nl=False)


@commands.command("schema")
def schema_() -> None:
    """Print the JSON Schema of mappings, with which editors complete and check them.

    \b
    Example:
      mlbgen schema > schemas/mapping.schema.json
    """
    from mlbgen.project import schema

    click.echo(schema.text(), nl=False)


@commands.command("dictionary")
@ROOT
@click.option(
    "--format",
    "form",
    type=click.Choice(["json", "dbml", "dbt"]),
    default="json",
    show_default=True,
    help="json is all of it, as schemas/dictionary.schema.json defines; dbml has tables and references; dbt is a "
    "properties file with sources, and data tests of keys and references.",
)
def dictionary_(root: Path, form: str) -> None:
    """Print the data dictionary that docs/tables shows, for other tools.

    \b
    Examples:
      mlbgen dictionary > dictionary.json
      mlbgen dictionary --format dbt > models/sources.yml
      mlbgen dictionary --format dbml > tables.dbml
    """
    from mlbgen.dictionary import as_dbml, as_dbt, as_json
    from mlbgen.project import generate

    inputs = generate.read_project(root)
    facts = generate.dictionary(inputs, generate.read_views(root, inputs), generate.read_counts(root, inputs))
    text = {"json": as_json.text, "dbml": as_dbml.text, "dbt": as_dbt.text}[form]
    click.echo(text(facts), nl=False)


def _changes(root: Path) -> "tuple[list[Change], list[Diagnostic]]":
    """The generated files that are out of date, and the changes that no migration has yet."""
    from mlbgen import layout
    from mlbgen.project import generate, migrate, output

    inputs, before = generate.read_project(root), generate.read_released(root)
    views = generate.read_views(root, inputs)
    package = layout.package(root)
    texts = generate.files(inputs, before, package, views, generate.read_counts(root, inputs))
    changes = output.changes(root, texts, [layout.generated(package), layout.DICTIONARY])
    return changes, migrate.unreleased([each.method for each in inputs], before, views)


def _tell(root: Path, diagnostics: "list[Diagnostic]") -> None:
    from mlbgen.language.source import with_lines

    for each in with_lines(diagnostics, root=root):
        click.echo(each.render(), err=True)


def _write(root: Path, changes: "list[Change]") -> None:
    from mlbgen.project import output

    output.write(root, changes)
    for each in changes:
        click.echo(f"{'removed' if each.new is None else 'written'}: {each.path}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; all exceptions are handled here."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        return int(commands.main(given, prog_name="mlbgen", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _DIFFERENT
    except MlbgenError as error:
        click.echo(str(error), err=True)
        return _DIFFERENT
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        click.echo(f"mlbgen needs {error.name}, which is missing: pip install 'mlb-etl[codegen]'", err=True)
        return _DIFFERENT
    except Exception as error:  # noqa: BLE001 -- any other exception is a bug, and is reported as one
        if "--debug" in given or os.environ.get("MLBGEN_DEBUG"):
            traceback.print_exc()
        click.echo(f"a bug in mlbgen, please report it: {type(error).__name__}: {error}", err=True)
        click.echo("mlbgen --debug COMMAND shows where it happened", err=True)
        return _BUG
