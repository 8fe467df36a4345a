"""How old the data is: what `mlb-etl status --max-age` compares."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import click

from mlb_etl.errors import printable
from mlb_etl.stores.interfaces.operations import DatabaseStatus

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_AGE = re.compile(r"([1-9][0-9]{0,8})([smhd])")
_LONGEST = timedelta(days=3650)


def parse_age(_: click.Context, __: click.Parameter, text: str | None) -> timedelta | None:
    """A callback for an option that takes an age, such as 30m."""
    if text is None:
        return None
    found = _AGE.fullmatch(text)
    age = timedelta(seconds=min(int(found[1]) * _UNITS[found[2]], 10**10)) if found else None
    if age is None or age > _LONGEST:
        raise click.BadParameter(
            f"{printable(text, 30)!r} is not an age: a number of s, m, h or d is expected, such as 30m, up to 3650d"
        )
    return age


def older(
    found: DatabaseStatus, limit: timedelta, now: datetime, *, methods: Sequence[str], only_live: bool
) -> Iterator[str]:
    """What is older than the limit, each as a sentence.

    Documents in progress, by their latest response; captures that wait to be applied; and, unless `only_live`, what the
    tables show: of each of the `methods`, or without any, of all methods together.
    """
    for changing in found.changing:
        if changing.seen_at is None or now - changing.seen_at > limit:
            keys = ", ".join(f"{name} {value}" for name, value in changing.document.items())
            yield f"{changing.method}: {keys} is in progress, and its latest response is {_ago(changing.seen_at, now)}"
    standings = [each for each in found.methods if not methods or each.method in methods]
    for each in standings:
        if each.behind_since is not None and now - each.behind_since > limit:
            yield f"{each.method}: a capture {_ago(each.behind_since, now)} is not applied yet"
    if only_live:
        return
    shown = {each.method: each.shown for each in standings}
    if not methods:
        shown = {"all methods": max((each for each in shown.values() if each is not None), default=None)}
    for name, at in shown.items():
        if at is None or now - at > limit:
            yield f"{name}: the latest response that the tables show is {_ago(at, now)}"


def _ago(time: datetime | None, now: datetime) -> str:
    return "missing" if time is None else f"{age(now - time)} old"


_NAMES = ((86_400, "d"), (3_600, "h"), (60, "min"))  # in seconds


def age(span: timedelta) -> str:
    """A duration in the largest unit that gives at least 2."""
    seconds = max(0, round(span.total_seconds()))
    unit, name = next(((unit, name) for unit, name in _NAMES if seconds >= 2 * unit), (1, "s"))
    return f"{seconds // unit} {name}"
