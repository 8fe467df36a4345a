"""A group that imports each command when it is used, so that help and small commands start fast."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is defined, as `module:name`, and its line in the help of the group."""

    target: str
    line: str


class LazyGroup(click.Group):
    """Knows its commands by name; its own help imports none of them."""

    def __init__(self, *args: Any, places: Mapping[str, LazyCommand], **options: Any) -> None:
        super().__init__(*args, **options)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in alphabetical order."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name, imported; None if there is no such command."""
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name].target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._places[name].line) for name in self.list_commands(ctx)])
