"""What a package about one API adds to the runtime: commands, jobs, listings, and defaults, by an entry point.

A distribution names its `Plugin` under the group `mlb_etl.plugins`. The runtime knows no such package by name.
"""

import inspect
import logging
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from mlb_contracts.registered import entry_points
from mlb_etl.errors import printable

GROUP = "mlb_etl.plugins"
log = logging.getLogger(__name__)
_EXAMPLES = re.compile("\b\nExamples?:\n(?:  .*(?:\n|$))+")


class LazyCommand(NamedTuple):
    """Where a command is defined, as `module:name`, and its line in the help of the group."""

    target: str
    line: str


class Shortcut(NamedTuple):
    """An option that stands for a parameter, as --game-pk N does for --param game_pk=N.

    `help` is its line where parameters of requests are given; `document`, where documents are chosen, None if it is no
    key of documents; `complete` names what completes it in a shell, a function as click's `shell_complete` takes it.
    """

    parameter: str
    help: str
    document: str | None = None
    complete: str | None = None

    @property
    def option(self) -> str:
        """The option's name."""
        return f"--{self.parameter.replace('_', '-')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API that needs no settings: its URL, the package of its tables, and what it asks of clients.

    `fastest` is the most requests a second that it is to get, `agent` is added to the User-Agent, and `zone` is the
    time zone of its days.
    """

    url: str
    tables: str
    fastest: float
    agent: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """What a package adds; objects that take long to import are named as `module:name`.

    `jobs` are folders of job files, of which the first that exists counts. `listings` names a mapping of `Listing` by
    name, `changing` the `Changing` by which the tables tell which documents go on changing, `pages` a function from
    the names of methods to what their tables add to `mlb-etl ui`. `examples` replace those in
    the help of commands, by their path, such as `raw show`.
    """

    api: Api | None = None
    commands: Mapping[str, LazyCommand] = field(default_factory=dict)
    examples: str | None = None
    jobs: tuple[Path, ...] = ()
    listings: str | None = None
    changing: str | None = None
    pages: str | None = None
    shortcuts: tuple[Shortcut, ...] = ()


@cache
def installed() -> tuple[Plugin, ...]:
    """The plug-ins of the installed packages, by name; one that can't be imported is left out, with a warning."""
    found = []
    for each in sorted(entry_points(GROUP), key=lambda each: each.name):
        try:
            plugin = each.load()
        except (ImportError, AttributeError) as error:
            log.warning("the plug-in %s, %s, can't be imported: %s", each.name, each.value, printable(error))
            continue
        if isinstance(plugin, Plugin):
            found.append(plugin)
        else:
            log.warning("the plug-in %s, %s, is not a Plugin of mlb_etl.plugins", each.name, each.value)
    return tuple(found)


def api() -> Api | None:
    """The API that is meant if no setting names another; None if there is none."""
    return next((each.api for each in installed() if each.api is not None), None)


def commands() -> dict[str, LazyCommand]:
    """The commands of all plug-ins."""
    return {name: command for each in installed() for name, command in each.commands.items()}


def shortcuts() -> tuple[Shortcut, ...]:
    """The options of all plug-ins."""
    return tuple(shortcut for each in installed() for shortcut in each.shortcuts)


def completer(named: str | None) -> Callable[..., list[Any]] | None:
    """What completes an option in a shell, by its name; it is imported when a shell asks."""
    if named is None:
        return None

    def complete(*asked: Any) -> list[Any]:
        found: list[Any] = _named(named)(*asked)
        return found

    return complete


def jobs() -> dict[str, Path]:
    """The job files of all plug-ins, by name."""
    folders = [next(filter(Path.is_dir, each.jobs), None) for each in installed()]
    return {file.stem: file for folder in folders if folder is not None for file in sorted(folder.glob("*.yaml"))}


def listings() -> dict[str, Any]:
    """The listings that jobs can expand by, by name."""
    return {name: each for plugin in installed() for name, each in (_named(plugin.listings) or {}).items()}


def changing() -> Any | None:
    """By what the tables tell which documents go on changing; None if no plug-in says so."""
    return next(filter(None, (_named(each.changing) for each in installed())), None)


def pages(methods: Collection[str]) -> list[Any]:
    """What plug-ins add to the pages of `mlb-etl ui`, for a package with these methods."""
    return [page for each in installed() if each.pages is not None for page in _named(each.pages)(methods)]


def with_examples(path: tuple[str, ...], text: str | None) -> str | None:
    """The help of a command, with the examples that a plug-in has for it."""
    found = [_named(each.examples) or {} for each in installed()]
    lines = next((each[" ".join(path)] for each in found if " ".join(path) in each), None)
    if text is None or lines is None:
        return text
    shown = "\b\nExamples:\n" + "".join(f"  {line}\n" for line in lines)
    return _EXAMPLES.sub(lambda _: shown, inspect.cleandoc(text))


def _named(target: str | None) -> Any:
    """The object named as `module:name`."""
    if target is None:
        return None
    module, _, name = target.partition(":")
    return getattr(import_module(module), name)
