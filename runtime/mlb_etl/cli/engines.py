"""What does the work of `mlb-etl transform`: processes of this machine, or Spark."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import click

from mlb_etl.apply.pipeline import Pipeline

Engine: TypeAlias = Callable[[Pipeline], Pipeline]

_ENGINE = click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What does the work: processes of this machine, or Apache Spark.",
)
_MASTER = click.option(
    "--master", metavar="URL", help="With --engine spark: where Spark runs, such as local[2] or spark://host:7077."
)
_REMOTE = click.option(
    "--remote", metavar="URL", help="With --engine spark: a server of Spark Connect, such as sc://host:15002."
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose an engine."""
    return _ENGINE(_MASTER(_REMOTE(command)))


@contextmanager
def started(engine: str, master: str | None, remote: str | None, package: str) -> Iterator[Engine]:
    """Start the engine; yields what makes a pipeline of it."""
    if engine != "spark":
        if master is not None or remote is not None:
            raise click.UsageError("--master and --remote are for --engine spark")
        yield lambda work: work
        return
    from mlb_etl.spark import session  # noqa: PLC0415 - it needs an extra that may not be installed

    with session.session(session.Cluster(master, remote), package) as spark:
        from mlb_etl.spark import job  # noqa: PLC0415 - after session, which says what to install

        yield lambda work: job.on_spark(work, spark)
