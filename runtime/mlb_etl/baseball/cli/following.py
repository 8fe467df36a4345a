"""Output of `mlb-etl live`: a table on a terminal, lines in a pipe, or JSON."""

import json
import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import click
from rich.console import Console, RenderableType
from rich.table import Table

from mlb_etl.baseball import states
from mlb_etl.baseball.live.update import Summary, TargetSummary, Update
from mlb_etl.baseball.states import SETTLED
from mlb_etl.cli import report
from mlb_etl.cli.console import Output, moves, moving
from mlb_etl.errors import EtlError, printable

Tell: TypeAlias = Callable[[Update], None]

_PK = 6  # digits of a game_pk
_GAP = 2  # spaces between two columns
_MANY = 20  # latencies needed for a 95th percentile


@contextmanager
def telling(form: str) -> Iterator[Tell]:
    """Yields a function that shows an update of a game."""
    console = Output()
    if form == "json":
        yield lambda update: click.echo(json.dumps(_plain(update)))
    elif moves(console):
        with moving(console, transient=False) as draw:
            yield _Board(console, draw)
    else:
        yield _Lines()


class _Board:
    """A table with one line per game, games in progress first, and as many columns as fit the terminal."""

    def __init__(self, console: Console, draw: Callable[[RenderableType], None]) -> None:
        self._console = console
        self._draw = draw
        self._updates: dict[int, Update] = {}

    def __call__(self, update: Update) -> None:
        self._updates[update.known.listed.game_pk] = update
        columns = [each for each in _COLUMNS if self._console.width in each.terminals]
        name = self._console.width - _PK - _GAP - sum(_GAP + each.width for each in columns)
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
        table.add_column("game", width=_PK, no_wrap=True)
        table.add_column("", width=max(name, 1), no_wrap=True)
        for column in columns:
            table.add_column(column.header, width=column.width, no_wrap=True, overflow="ellipsis")
        for each in sorted(self._updates.values(), key=_place):
            listed = each.known.listed
            cells = (column.cell(each) for column in columns)
            table.add_row(str(listed.game_pk), _shortened(listed.name, name), *cells)
        self._draw(table)


def _shortened(name: str, room: int) -> str:
    """The teams of `AWAY at HOME`, shortened as evenly as possible to fit the room."""
    away, at, home = name.partition(" at ")
    if len(name) <= room or room <= len(at) + 1:
        return name
    each = (room - len(at)) // 2
    longest = max(each, room - len(at) - len(home)), max(each, room - len(at) - len(away))
    return at.join(
        team if len(team) <= most else f"{team[: most - 1]}…" for team, most in zip((away, home), longest, strict=True)
    )


class _Lines:
    """A line whenever a game's state, inning, score or reason for polling changes, or something goes wrong."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[str, ...]] = {}

    def __call__(self, update: Update) -> None:
        listed = update.known.listed
        facts = (_state(update), _inning(update), _score(update))
        new = (*facts, update.next.why if update.next else "")
        if self._told.get(listed.game_pk) == new and not _wrong(update):
            return
        self._told[listed.game_pk] = new
        what = ", ".join(filter(None, (update.outcome, _latency(update), _wrong(update))))
        shown = " ".join(filter(None, facts))
        click.echo(
            f"{_clock(update.at)} {listed.game_pk} {listed.name}: {shown}; {what}; next {_next(update) or 'none'}"
        )


def summarize(summary: Summary, form: str) -> None:
    """Print what the run did."""
    plain = _summary(summary)
    if form == "json":
        click.echo(json.dumps({"summary": plain}))
        return
    outcomes = ", ".join(f"{name} {number}" for name, number in plain["outcomes"].items()) or "no requests"
    click.echo(f"games {summary.games}: {outcomes}, quarantined {summary.quarantined}")
    if plain["latency_ms"] is not None:
        latency = ", ".join(f"{name} {value}" for name, value in plain["latency_ms"].items())
        click.echo(f"milliseconds from response to committed rows: {latency}")
    if summary.patches is not None:
        click.echo("patches: " + ", ".join(f"{name} {number}" for name, number in asdict(summary.patches).items()))
    for name, each in plain.get("targets", {}).items():
        click.echo(f"{name}: {', '.join(_facts(each))}")
    report.drift(summary.drift)


def require_all(summary: Summary) -> None:
    """Raise EtlError that names the targets that failed or missed responses, if there are any."""
    lacking = {name: why for name, each in summary.targets.items() if (why := _lack(each)) is not None}
    if lacking:
        reasons = "\n".join(f"{name}: {why}" for name, why in lacking.items())
        raise EtlError(f"{len(lacking)} of {len(summary.targets)} targets lack something\n{reasons}")


def _lack(target: TargetSummary) -> str | None:
    if target.error is not None:
        return target.error
    return f"it was away or too slow, and missed {target.missed} responses" if target.missed else None


def _facts(target: Mapping[str, Any]) -> Iterator[str]:
    """A line about a target."""
    yield from (f"{name} {number}" for name, number in target["outcomes"].items())
    yield f"quarantined {target['quarantined']}, missed {target['missed']}"
    if target["latency_ms"] is not None:
        yield "milliseconds " + ", ".join(f"{name} {value}" for name, value in target["latency_ms"].items())
    if target["error"] is not None:
        yield "failed"


def _latency_ms(latencies: Iterable[float]) -> dict[str, float] | None:
    spent = sorted(1000 * latency for latency in latencies)
    if not spent:
        return None
    late = statistics.quantiles(spent, n=_MANY)[-1] if len(spent) >= _MANY else spent[-1]
    return {
        name: round(value, 1) for name, value in (("p50", statistics.median(spent)), ("p95", late), ("max", spent[-1]))
    }


def _summary(summary: Summary) -> dict[str, Any]:
    targets = {
        name: {
            "outcomes": each.fates,
            "quarantined": each.quarantined,
            "missed": each.missed,
            "latency_ms": _latency_ms(each.latencies),
            "error": each.error,
        }
        for name, each in summary.targets.items()
    }
    return {
        "games": summary.games,
        "outcomes": summary.outcomes,
        "quarantined": summary.quarantined,
        "drift": [asdict(each) for each in sorted(summary.drift)],
        "latency_ms": _latency_ms(summary.latencies),
        "patches": summary.patches and asdict(summary.patches),
    } | ({"targets": targets} if targets else {})


def _plain(update: Update) -> dict[str, Any]:
    known, feed = update.known, update.known.captured.feed
    away, home = feed.score if feed else (None, None)
    return {
        "at": _iso(update.at),
        "game_pk": known.listed.game_pk,
        "name": known.listed.name,
        "state": known.state,
        "status_code": known.status.status_code,
        "inning": _inning(update) or None,
        "away": away,
        "home": home,
        "outcome": update.outcome,
        "error": update.error,
        "quarantined": update.counts.documents.quarantined,
        "unreadable": [asdict(each.what) for each in update.counts.unreadable],
        "rows": asdict(update.rows),
        "latency_ms": None if update.latency is None else round(1000 * update.latency, 1),
        "captured_at": _iso(known.captured.asked_at),
        "next_at": _iso(update.next.at) if update.next else None,
        "why": update.next.why if update.next else None,
    }


def _place(update: Update) -> tuple[bool, float, int]:
    """Games not yet settled, by their start; then settled ones, the latest first."""
    listed, settled = update.known.listed, update.known.state in SETTLED
    start = listed.start.timestamp() if listed.start else math.inf
    return settled, -start if settled else start, listed.game_pk


def _state(update: Update) -> str:
    status = update.known.status
    name = states.display_name(update.known.state) or printable(update.known.state, 20)
    return f"{name}, delayed" if status.delayed else name


def _inning(update: Update) -> str:
    feed = update.known.captured.feed
    return feed.inning if feed and update.known.state not in SETTLED else ""


def _score(update: Update) -> str:
    feed = update.known.captured.feed
    runs = feed.score if feed else (None, None)
    return "" if None in runs else printable("{}-{}".format(*runs), 20)


def _latency(update: Update) -> str:
    return "" if update.latency is None else f"{1000 * update.latency:.0f} ms"


def _wrong(update: Update) -> str:
    return printable(update.error or "", 1000) or ("quarantined" if update.counts.documents.quarantined else "")


def _next(update: Update) -> str:
    return f"{_clock(update.next.at)}, {update.next.why}" if update.next else ""


def _clock(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%H:%M:%SZ}" if time else ""


class _Column(NamedTuple):
    """A column of the table, shown on terminals of these widths."""

    header: str
    width: int
    terminals: range
    cell: Callable[[Update], str]


_WIDEST = 10**6
_COLUMNS = (
    _Column("state", 15, range(120), lambda update: "delayed" if update.known.status.delayed else _state(update)),
    _Column("state", 24, range(120, _WIDEST), _state),
    _Column("inning", 9, range(60, _WIDEST), _inning),
    _Column("score", 5, range(_WIDEST), _score),
    _Column("captured", 9, range(120, _WIDEST), lambda update: _clock(update.known.captured.asked_at)),
    _Column("latency", 8, range(100, _WIDEST), _latency),
    _Column("next", 9, range(60, 100), lambda update: _clock(update.next.at if update.next else None)),
    _Column("next", 21, range(100, _WIDEST), _next),
)


def _iso(time: datetime | None) -> str | None:
    return time.astimezone(UTC).isoformat() if time else None
