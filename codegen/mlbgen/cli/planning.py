"""The command `mlbgen plan`: a progress bar while captures are read, and the plan as text or JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from mlbgen.plan import as_json, making, text
from mlbgen.plan.model import Plan


def plan(root: Path, folders: Sequence[Path], *, since: str | None, examples: int) -> Plan:
    """Make the plan; on a terminal a bar on standard error shows how many captures are read."""
    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("captures", total=None)
        return making.make(
            root,
            folders,
            since=since,
            examples=examples,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def show(found: Plan, form: str) -> None:
    """Print the plan."""
    if form == "json":
        click.echo(json.dumps(as_json.as_json(found), indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, markup=False, emoji=False)
    for line in text.lines(found):
        console.print(line, soft_wrap=True)
