"""Options of plug-ins that stand for parameters, such as --game-pk N for --param game_pk=N."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import click

from mlb_etl import plugins

C = TypeVar("C", bound=Callable[..., Any])


def of_requests(command: C) -> C:
    """Add those for parameters of requests; the command gets their values by parameter."""
    return _added(command, [(each, each.help) for each in plugins.shortcuts()])


def of_documents(command: C) -> C:
    """Add those for keys of documents."""
    return _added(command, [(each, each.document) for each in plugins.shortcuts() if each.document is not None])


def taken(asked: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Take the values of these options out of all that a command was asked."""
    return {each.parameter: asked.pop(each.parameter) for each in plugins.shortcuts() if each.parameter in asked}


def if_known(parameter: str, option: Callable[[C], C]) -> Callable[[C], C]:
    """This option, where a plug-in knows the parameter."""
    return option if is_known(parameter) else lambda command: command


def is_known(parameter: str) -> bool:
    """Whether a plug-in has an option for the parameter."""
    return any(each.parameter == parameter for each in plugins.shortcuts())


def names() -> str:
    """The options that choose documents, for messages: `--game-pk, `."""
    return "".join(f"{each.option}, " for each in plugins.shortcuts() if each.document is not None)


def _added(command: C, options: Iterable[tuple[plugins.Shortcut, str]]) -> C:
    for each, text in reversed([*options]):
        complete = plugins.completer(each.complete)
        command = click.option(each.option, each.parameter, multiple=True, shell_complete=complete, help=text)(command)
    return command
