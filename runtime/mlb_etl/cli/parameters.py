"""Parameters of jobs on the command line."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from types import MappingProxyType
from zoneinfo import ZoneInfo

import click

from mlb_etl.cli import completing
from mlb_etl.jobs import placeholders
from mlb_etl.settings import Settings

JOB = "Path of a job file, or name of a job that `mlb-etl jobs list` shows."
PARAM = click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    shell_complete=completing.job_parameters,
    help="A parameter of the job. Repeatable.",
)
TARGET = click.option(
    "--target",
    metavar="DSN",
    shell_complete=completing.targets,
    help="The database: delta:FOLDER or delta:s3://bucket/prefix for a lake. [default: $MLB_ETL_DSN]",
)


def settings_for(target: str | None) -> Settings:
    """The settings of the environment, with the database that an option names."""
    settings = Settings.from_environment()
    return settings if target is None else settings.at(target)


def given(
    params: Iterable[str], named: Mapping[str, Iterable[str]] = MappingProxyType({}), *, option: str = "--param"
) -> dict[str, list[str]]:
    """The values of each parameter, as text: from options of their own, and from `option` as NAME=VALUE."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for name, values in named.items():
        for value in values:
            texts[name].append(value)
    for param in params:
        name, equals, value = param.partition("=")
        if not equals:
            raise click.BadParameter(f"{param!r} is not NAME=VALUE", param_hint=option)
        texts[name].append(value)
    return dict(texts)


def day(zone: ZoneInfo) -> Callable[[click.Context, click.Parameter, str | None], date | None]:
    """A callback for options that take a date: YYYY-MM-DD, or today, yesterday or tomorrow in this time zone."""

    def read(_: click.Context, __: click.Parameter, text: str | None) -> date | None:
        try:
            return None if text is None else placeholders.parse_day(text, zone)
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    return read
