"""mlb-etl config: the settings in force, each with where it is from, and the format of the settings file."""

import difflib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import click

from mlb_etl import settings
from mlb_etl.cli import report
from mlb_etl.cli.tables import print_paragraph
from mlb_etl.errors import EtlError, redacted
from mlb_etl.settings import SETTINGS, Found, Header, Layers, Named, Origin
from mlb_etl.settings.schema import file_schema
from mlb_etl.stores.postgres.dsn import without_secrets

_CHOOSING = ("config", "profile")  # shown above the others
_NOT_SECRET = ("accept", "from", "user-agent")  # how such headers begin
_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Shown:
    """A setting's value without secrets, None if it has none; `error` says why it can't be used, if so."""

    setting: str
    value: str | None
    origin: Origin
    variable: str = ""
    error: str = ""


@click.group()
def config() -> None:
    """Show the settings in force, and the format of the settings file.

    \b
    Example:
      mlb-etl config show
    """


@config.command()
@report.FORMAT
@click.pass_context
def show(ctx: click.Context, *, form: str) -> None:
    """Print each setting with its value and where that is from, without secrets.

    Ends with 1 if a setting can't be used.

    \b
    Examples:
      mlb-etl config show
      mlb-etl --profile prod config show --format json
    """
    here = settings.working_directory()
    layers = Layers.now(here)
    project = settings.project_folder(here, layers)
    shown = [
        replace(each, value=str(project / "data")) if (each.setting, each.value) == ("data", None) else each
        for each in _all(layers)
    ]
    if form == "json":
        report.print_json(_json(layers, shown, str(project)))
    else:
        _print(layers, shown, str(project))
    for name, near in _misspelt().items():
        click.echo(f"{name} is no setting: did you mean {near}?", err=True)
    if wrong := [each.error for each in shown if each.error]:
        click.echo("\n".join(("Error: " + wrong[0], *wrong[1:])), err=True)
        ctx.exit(1)


@config.command()
def schema() -> None:
    """Print the JSON Schema of the settings file, with which editors complete and check it.

    \b
    Example:
      mlb-etl config schema > settings.schema.json
    """
    click.echo(json.dumps(file_schema(), indent=2))


def _all(layers: Layers) -> Iterator[Shown]:
    for each in SETTINGS:
        if each.name == "headers":
            yield from map(_header, layers.headers())
        elif each.name not in _CHOOSING:
            origin = layers.origin(each.name)
            try:
                found = layers.find(each.name)
                yield Shown(each.name, _value(found), origin, found.named)
            except EtlError as error:
                yield Shown(each.name, None, origin, error=str(error))


def _value(found: Found) -> str | None:
    text = found.setting.text(found.value)
    if not text or not found.setting.secret:
        return text or None
    return (
        without_secrets(text) if found.setting.name == "dsn" and not text.startswith(settings.LAKE) else redacted(text)
    )


def _header(header: Header) -> Shown:
    name = f"headers.{header.name}"
    if not isinstance(header.value, Named):
        is_plain = header.name.lower().startswith(_NOT_SECRET)
        return Shown(name, header.value if is_plain else _HIDDEN, header.origin)
    try:
        header.text()
    except EtlError as error:
        return Shown(name, None, header.origin, header.value.variable, str(error))
    return Shown(name, _HIDDEN, header.origin, header.value.variable)


def _misspelt() -> dict[str, str]:
    """Variables of the environment that look like those of settings, each with the one that may be meant."""
    known = [each.variable for each in SETTINGS if each.variable]
    unknown = sorted(name for name in os.environ if name.startswith(settings.PREFIX) and name not in known)
    return {name: near[0] for name in unknown if (near := difflib.get_close_matches(name, known, n=1))}


def _json(layers: Layers, shown: list[Shown], project: str) -> dict[str, Any]:
    return {
        "file": None if layers.file is None else str(layers.file.path),
        "profile": layers.profile or None,
        "project": project,
        "settings": [
            {
                "setting": each.setting,
                "value": each.value,
                "source": each.origin.source,
                "place": each.origin.place or None,
                "variable": each.variable or None,
                "error": each.error or None,
            }
            for each in shown
        ],
    }


def _print(layers: Layers, shown: list[Shown], project: str) -> None:
    file = "none" if layers.file is None else str(layers.file.path)
    chosen = layers.profile or "none"
    if layers.file is not None and layers.file.profiles:
        chosen += f" of {', '.join(sorted(layers.file.profiles))}"
    print_paragraph(f"file {file}, profile {chosen}, project {project}")
    rows = [(each.setting, "!" if each.error else each.value or "-", _from(each)) for each in shown]
    report.print_table(("setting", "value", "from"), rows)


def _from(shown: Shown) -> str:
    variable = f", ${shown.variable}" if shown.variable else ""
    return f"{shown.origin.place or shown.origin.source}{variable}"
