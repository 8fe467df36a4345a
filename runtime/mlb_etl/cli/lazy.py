"""A group that imports each command when it is used, so that help and small commands start fast."""

from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from mlb_etl import plugins
from mlb_etl.plugins import LazyCommand

__all__ = ["LazyCommand", "LazyGroup"]


class LazyGroup(click.Group):
    """Knows its commands by name, those of plug-ins too; its own help imports none of them."""

    def __init__(self, *args: Any, places: dict[str, LazyCommand], **options: Any) -> None:
        super().__init__(*args, **options)
        self._own = places

    @property
    def _places(self) -> dict[str, LazyCommand]:
        return self._own | plugins.commands()

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, in alphabetical order."""
        return sorted(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The command of that name, imported; None if there is no such command."""
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.target.partition(":")
        command: click.Command = getattr(import_module(module), name)
        _show_examples(command, (cmd_name,))
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem[str]]:
        """The commands and options that begin so, for a shell; imports none of them."""
        places = self._places
        found = [CompletionItem(name, help=places[name].line) for name in sorted(places) if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with their lines."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._places[name].line) for name in self.list_commands(ctx)])

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The group's own text, with the examples of plug-ins."""
        self.help = plugins.with_examples((), self.help)
        super().format_help_text(ctx, formatter)


def _show_examples(command: click.Command, path: tuple[str, ...]) -> None:
    """Give a command, and those below it, the examples of plug-ins."""
    command.help = plugins.with_examples(path, command.help)
    for name, below in command.commands.items() if isinstance(command, click.Group) else ():
        _show_examples(below, (*path, name))
