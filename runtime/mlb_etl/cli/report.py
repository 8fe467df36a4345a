"""Results of commands, as text and as JSON."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from mlb_contracts.change import Change, ChangeKind
from mlb_etl.cli.tables import Cell, format_number, print_paragraph, print_table
from mlb_etl.errors import Rejected, printable, shortened
from mlb_etl.laws.counts import CheckWarning, Counts, Quarantined, TableCounts, UnreadableValue

__all__ = ["Cell", "print_table"]

if TYPE_CHECKING:
    from mlb_etl.capture.restored import Restored

T = TypeVar("T")

FORMAT = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="Output format.")
_SHOWN = 20  # failures in text; JSON lists all
_LISTED = 10  # captures in quarantine that a run lists
_KINDS: Mapping[ChangeKind, str] = {"new": "new", "vanished": "vanished", "type": "of another type"}
_NUMBER = re.compile(r"\d+")
_INDEX = re.compile(r"\[(?:\d+|'(?:[^'\\]|\\.)*')\]")


class Waiting(NamedTuple):
    """A capture in quarantine, as lists show it."""

    number: int
    about: str
    captured_at: datetime
    state: str
    why: Rejected


def print_json(data: object) -> None:
    """Print data as JSON, with times in ISO 8601."""
    click.echo(json.dumps(data, indent=2, default=datetime.isoformat))


def counts(done: Counts) -> None:
    """Print what a run did: the tables that changed, captures by outcome, and those in quarantine."""
    changed = [(name, each) for name, each in done.tables.items() if each.inserted or each.updated or each.deleted]
    total = sum(done.tables.values(), TableCounts())
    if changed:
        rows = [(name, *asdict(each).values()) for name, each in (*changed, ("all tables", total))]
        print_table(("table", *asdict(total)), rows)
    elif done.tables:
        print_paragraph(f"no row changed; {format_number(total.unchanged)} already match the captures")
    print_paragraph(", ".join(f"{name} {format_number(found)}" for name, found in asdict(done.documents).items()))
    some(done.warnings, _warned, "break a check")
    unreadable(done.unreadable)
    drift(done.drift)
    waiting([_waiting(each) for each in done.quarantined], most=_LISTED)


def _warned(each: CheckWarning) -> None:
    print_paragraph(f"warning: {each.document}: {each.rows} rows of {each.table} break {each.check}")


def _waiting(each: Quarantined) -> Waiting:
    return Waiting(each.number, document_text(json.loads(each.document)), each.captured_at, "waiting", each.why)


def document_text(document: Mapping[str, Any]) -> str:
    """The keys of a document, as text."""
    return ", ".join(f"{name} {value}" for name, value in document.items())


def waiting(captures: Iterable[Waiting], *, most: int | None = None) -> None:
    """Print captures in quarantine, grouped by reason: the first `most`, and how many more there are.

    Reasons and places that differ only in numbers and indexes, such as how many rows would be lost, form one group.
    """
    groups: defaultdict[tuple[object, ...], list[Waiting]] = defaultdict(list)
    for each in captures:
        groups[each.why.table, _INDEX.sub("[*]", each.why.path), _NUMBER.sub("N", each.why.reason)].append(each)
    left = most
    for of_one in groups.values():
        why = of_one[0].why
        same = len({each.why.reason for each in of_one}) == 1
        print_paragraph(
            f"quarantined {format_number(len(of_one))}: {why.reason if same else _NUMBER.sub('N', why.reason)}"
        )
        example = ", for example" if len(of_one) > 1 else ""
        where = f"{why.table}: " if why.table else ""
        print_paragraph(f"{where}{why.path} is {shortened(why.value)}{example}", indent=2)
        shown = of_one if left is None else of_one[:left]
        if left is not None:
            left -= len(shown)
        if shown:
            states = {each.state for each in shown} != {"waiting"}
            rows = [(str(each.number), each.about, _time(each.captured_at), each.state)[: 3 + states] for each in shown]
            print_table(("id", "document", "captured at", "state")[: 3 + states], rows, indent=2)
        if len(of_one) > len(shown):
            more = format_number(len(of_one) - len(shown))
            print_paragraph(f"and {more} more; `mlb-etl quarantine list` lists all", indent=2)


def _time(of: datetime) -> str:
    return f"{of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def counts_json(done: Counts) -> dict[str, Any]:
    """What a run did, as JSON data."""
    return {
        "documents": asdict(done.documents),
        "tables": {name: asdict(each) for name, each in done.tables.items()},
        "quarantined": [_quarantined(each) for each in done.quarantined],
        "unreadable": [{"document": json.loads(each.document), **asdict(each.what)} for each in done.unreadable],
        "drift": [asdict(change) | {"documents": number} for change, number in sorted(done.drift.items())],
        "warnings": [asdict(each) | {"document": json.loads(each.document)} for each in done.warnings],
    }


def restored(done: "Restored", prefix: str = "") -> None:
    """Print what came from an object store, and which objects were refused."""
    some(done.failures, lambda each: rejected(f"refused {each.name}", each.why), "were refused")
    numbers = f"stored {done.stored}, unchanged {done.seen}, known {done.known}, refused {len(done.failures)}"
    click.echo(f"{prefix}{numbers}")


def restored_json(done: "Restored") -> dict[str, Any]:
    """The same, as JSON data."""
    bad = [{"object": each.name, "reason": str(each.why)} for each in done.failures]
    return {"stored": done.stored, "unchanged": done.seen, "known": done.known, "refused": bad}


def unreadable(left_out: Iterable[UnreadableValue]) -> None:
    """Print the unreadable values, which are NULL, grouped by path."""
    by_path: defaultdict[tuple[str, str], list[UnreadableValue]] = defaultdict(list)
    for each in left_out:
        by_path[each.what.table, each.what.path].append(each)
    for (of, path), its in by_path.items():
        first, values = its[0].what, format_number(sum(each.what.number for each in its))
        print_paragraph(f"warning: {values} unreadable values of {path} are NULL in {of}, for example")
        about = document_text(json.loads(its[0].document))
        print_paragraph(f"{about}: {first.place} is {first.value}: {first.reason}", indent=2)


def drift(found: Collection[Change]) -> None:
    """Print in one line how captures differ from the samples, if they do."""
    if found:
        kinds = Counter(each.kind for each in found)
        shown = ", ".join(f"{_KINDS[kind]} {format_number(kinds[kind])}" for kind in _KINDS if kinds[kind])
        print_paragraph(f"drift: {shown}; `mlb-etl drift` lists the paths")


def _quarantined(each: Quarantined) -> dict[str, Any]:
    about = {"id": each.number, "document": json.loads(each.document), "captured_at": each.captured_at.isoformat()}
    return {**about, **facts(each.why)}


def facts(why: Rejected) -> dict[str, str | None]:
    """Why a response was rejected, as JSON data."""
    value = None if why.value is None else str(why.value)
    return {"table": why.table, "path": why.path, "value": value, "reason": why.reason}


def pairs(of: Mapping[str, Any]) -> None:
    """Print facts with their names, except those that are None."""
    longest = max(map(len, of))
    for name, fact in of.items():
        if fact is not None:
            shown = fact.isoformat() if isinstance(fact, datetime) else fact
            text = shown if isinstance(shown, str) else json.dumps(shown)
            click.echo(f"{name:<{longest}}  {printable(text, 1000)}")


def some(of: Sequence[T], tell: Callable[[T], None], what: str) -> None:
    """Print the first ones, and how many more there are."""
    for each in of[:_SHOWN]:
        tell(each)
    if len(of) > _SHOWN:
        click.echo(f"and {format_number(len(of) - _SHOWN)} more that {what}; --format json lists all")


def rejected(title: str, why: Rejected) -> None:
    """Print why a response was rejected."""
    facts = {"table": why.table, "path": why.path, "value": shortened(why.value), "reason": why.reason}
    click.echo(printable(title))
    for name, fact in facts.items():
        if fact is not None:
            click.echo(f"  {name:<6}  {printable(fact, 1000)}")
