"""The help of every command and group shows examples, each on a line of its own, and fits 80 columns."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

import mlb_etl.cli
import mlb_sim.cli
import mlbgen.cli


def commands(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            sub = command.get_command(context, name)
            assert sub is not None
            yield from commands(sub, *path, name)


ALL = [
    *((mlb_etl.cli.cli, ("mlb-etl", *path)) for path in commands(mlb_etl.cli.cli)),
    *((mlbgen.cli.commands, ("mlbgen", *path)) for path in commands(mlbgen.cli.commands)),
    *((mlb_sim.cli.main, ("mlb-sim", *path)) for path in commands(mlb_sim.cli.main)),
]


@pytest.mark.parametrize(("program", "path"), ALL, ids=[" ".join(path) for _, path in ALL])
def test_help_shows_examples(program: click.Group, path: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(program, [*path[1:], "--help"], prog_name=path[0], terminal_width=80).output
    lines = [line.strip() for line in shown.splitlines()]
    assert any(" ".join(path) in line and not line.startswith("Usage") for line in lines), shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "\\b" not in shown
    assert "\b" not in shown
