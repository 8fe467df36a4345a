"""A page for each program: all its commands with their options, as `--help` has them."""

from collections.abc import Iterator
from inspect import cleandoc

import click
import marked


def page(program: str, command: click.Command) -> str:
    """The Markdown of a program's page."""
    context = click.Context(command, info_name=program)
    return "\n\n".join([marked.NOTE, f"# {program}", *_parts(context, depth=1)]) + "\n"


def _parts(context: click.Context, depth: int) -> Iterator[str]:
    """What help says of a command, and then of the commands below it, each under a heading."""
    command = context.command
    yield from map(_paragraph, cleandoc(command.help or "").split("\n\n"))
    if not isinstance(command, click.Group):
        usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
        yield marked.block(usage, "text")
    records = filter(None, (each.get_help_record(context) for each in command.get_params(context)))
    if options := [(marked.code(names), marked.text(meaning)) for names, meaning in records]:
        yield marked.table(["option", "meaning"], options)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if below := command.get_command(context, name):
                inner = click.Context(below, info_name=name, parent=context, **below.context_settings)
                yield f"{'#' * (depth + 1)} {inner.command_path}"
                yield from _parts(inner, depth + 1)


def _paragraph(paragraph: str) -> str:
    """A paragraph of help: after \\b its first line is a title, and the others are lines as they are."""
    if not paragraph.startswith("\b\n"):
        return marked.text(paragraph)
    title, *lines = paragraph.removeprefix("\b\n").splitlines()
    text = "\n".join(line.removeprefix("  ") for line in lines)
    return f"{marked.text(title)}\n\n{marked.block(text, 'sh' if title.startswith('Example') else 'text')}"
