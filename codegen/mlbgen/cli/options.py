"""Options and arguments that mlbgen's commands share, and their validation."""

import re
from pathlib import Path

import click


def _find_root(_context: click.Context, _option: click.Parameter, given: Path | None) -> Path:
    here = Path.cwd()
    for folder in (given,) if given else (here, *here.parents):
        if (folder / "pyproject.toml").is_file() and (folder / "schemas").is_dir():
            return folder
    raise click.BadParameter(f"{given or here} is not a project: pyproject.toml or schemas/ is missing")


def _find_stubs(context: click.Context, _option: click.Parameter, given: tuple[Path, ...]) -> tuple[Path, ...]:
    root: Path = context.params["root"]
    places = (root.parent / "shared" / "stubs", root / SAMPLES)
    return given or tuple(place for place in places if place.is_dir())[:1]


def check_snake_case(_context: click.Context, _argument: click.Parameter, given: str) -> str:
    if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", given) is None:
        raise click.BadParameter(f"{given!r} is not in snake_case, such as add_priority")
    return given


def check_method_names(_context: click.Context, _option: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    for name in given:
        if re.fullmatch(r"[A-Za-z]\w*\.[A-Za-z]\w*", name, re.ASCII) is None:
            raise click.BadParameter(f"{name!r} is not an endpoint and a method, such as tracker.issues")
    return given


def check_api_name(_context: click.Context, _argument: click.Parameter, given: str) -> str:
    if re.fullmatch(r"[a-z][A-Za-z0-9]{0,62}", given) is None:
        raise click.BadParameter(f"{given!r} is not a name that the API gives, such as tracker or openIssues")
    return given


SAMPLES = "samples"  # of a project, in its folder
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
ROOT = click.option(
    "--root",
    type=FOLDER,
    is_eager=True,
    callback=_find_root,
    help="Folder of the project. [default: the one that contains the working directory]",
)
STUBS = click.option(
    "--stubs",
    multiple=True,
    type=FOLDER,
    envvar="MLB_STUBS",
    show_envvar=True,
    callback=_find_stubs,
    help="Folder of sample responses; can be repeated. [default: ../shared/stubs or samples, if it is there]",
)
FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
