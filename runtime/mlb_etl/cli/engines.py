"""What does the work of `mlb-etl transform`: processes of this machine, or Spark."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import click

from mlb_etl.apply.pipeline import Pipeline
from mlb_etl.capture.restored import Restored
from mlb_etl.laws.counts import Counts

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
_JDBC = click.option(
    "--jdbc",
    metavar="URL",
    help="With --master: Spark's JVM reads the captures in PostgreSQL, from jdbc:postgresql://host/database.",
)
_STREAM = click.option(
    "--stream",
    metavar="FOLDER",
    help="With --master: follow the object store, batch by batch. Spark keeps in FOLDER which objects are done.",
)
_ONCE = click.option("--once", is_flag=True, help="With --stream: end when all objects that there are now are done.")
_FILES = click.option(
    "--files",
    type=click.IntRange(1, 100_000),
    default=1_000,
    show_default=True,
    help="With --stream: the most objects in a batch.",
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that choose an engine."""
    return _ENGINE(_MASTER(_REMOTE(_JDBC(_STREAM(_ONCE(_FILES(command)))))))


@dataclass(frozen=True, slots=True)
class Choice:
    """The values of the options."""

    engine: str
    master: str | None
    remote: str | None
    jdbc: str | None
    stream: str | None
    once: bool
    files: int

    def __post_init__(self) -> None:
        if self.engine != "spark" and (self.master, self.remote, self.jdbc, self.stream) != (None, None, None, None):
            raise click.UsageError("--master, --remote, --jdbc and --stream are for --engine spark")
        if self.jdbc is not None and (self.remote is not None or self.stream is not None):
            raise click.UsageError("--jdbc needs --master, and is not for --stream, which reads an object store")
        if self.stream is None and self.once:
            raise click.UsageError("--once is for --stream")
        if self.stream is not None and self.remote is not None:
            raise click.UsageError("--stream needs --master: a server of Spark Connect can't call this program back")


@contextmanager
def started(choice: Choice, package: str) -> Iterator[Engine]:
    """Start the engine; yields what makes a pipeline of it."""
    if choice.engine != "spark":
        yield lambda work: work
        return
    with _spark(choice, package) as spark:
        from mlb_etl.spark import job  # noqa: PLC0415 - after session, which says what to install

        yield lambda work: job.on_spark(work, spark, choice.jdbc)


def follow(choice: Choice, work: Pipeline, place: str, told: Callable[[Restored, Counts], None]) -> None:
    """Follow an object store, and apply what comes; `told` is called with the outcome of each batch."""
    with _spark(choice, work.database.package) as spark:
        from mlb_etl.spark import streaming  # noqa: PLC0415 - as above

        stream = streaming.Stream(choice.stream or "", choice.files, choice.once)
        streaming.follow(spark, work, place, stream, told)


@contextmanager
def _spark(choice: Choice, package: str) -> Iterator[Any]:
    from mlb_etl.spark import session  # noqa: PLC0415 - it needs an extra that may not be installed

    with session.session(session.Cluster(choice.master, choice.remote, choice.jdbc), package) as spark:
        yield spark
