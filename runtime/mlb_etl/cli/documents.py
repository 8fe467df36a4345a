"""Options that select documents: by method and by values of their keys."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import click

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.cli import completing
from mlb_etl.jobs import placeholders

METHOD = click.option(
    "--method", shell_complete=completing.methods, help="Only documents of this method, such as tracker.issues."
)

_READ: Mapping[str, Callable[[str], Any]] = {
    "date": lambda text: placeholders.parse_day(text, placeholders.zone()),
    "text": str,
}


def chosen(
    package: str, method: str | None, given: Mapping[str, Sequence[str]]
) -> Iterator[tuple[Method, dict[str, list[Any]]]]:
    """Each selected method that has these keys, with their values; raises UsageError for a key that no method has."""
    names = [method] if method is not None else sorted(registry.methods(package))
    methods = [registry.method(package, name) for name in names]
    known = {key.name for each in methods for key in each.document}
    if unknown := sorted({name for name, values in given.items() if values} - known):
        raise click.UsageError(f"{unknown[0]} is not a key of {' or of '.join(names)}; {', '.join(sorted(known))} are")
    for each in methods:
        keys = {key.name: key.type for key in each.document}
        if all(name in keys for name, values in given.items() if values):
            yield each, {name: _values(name, keys[name], values) for name, values in given.items() if values}


def _values(name: str, of_type: str, texts: Sequence[str]) -> list[Any]:
    try:
        return [_READ.get(of_type, int)(text) for text in texts]
    except ValueError as error:
        raise click.UsageError(f"{name} is of type {of_type}: {error}") from error
