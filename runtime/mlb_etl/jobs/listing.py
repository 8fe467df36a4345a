"""What the API lists, by which a job makes a request for each item."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import msgspec

from mlb_contracts import Capture, Method, jsonpath
from mlb_contracts.response import Response
from mlb_etl.capture.capturer import CaptureTarget
from mlb_etl.errors import EtlError
from mlb_etl.extract.answer import Answer
from mlb_etl.http import answers, request
from mlb_etl.http.request import Request
from mlb_etl.jobs.expansion import Expansion


@dataclass(frozen=True, slots=True)
class ListedItem:
    """A row of a listing, as values by column.

    settled: tells whether a capture shows the last state of the item; None where more may come, or the job says it.
    """

    columns: Mapping[str, Any]
    settled: Callable[[bytes], bool] | None = None


class Listing(Protocol):
    """A request of the API that lists items."""

    def request(self, query: Mapping[str, str]) -> Request:
        """The request for these parameters; raises EtlError for wrong ones."""

    def read(self, response: Response) -> Sequence[ListedItem]:
        """The items that an answer lists; raises Rejected for what does not list any."""


@dataclass(frozen=True, slots=True)
class TableListing:
    """The rows of a table, as a method's mapping makes them of an answer; nothing is stored."""

    method: Method
    table: str

    def request(self, query: Mapping[str, str]) -> Request:
        """As `Listing` says."""
        return request.build_request(self.method, query)

    def read(self, response: Response) -> Sequence[ListedItem]:
        """As `Listing` says."""
        held = answers.read_documents(self.method, response)
        answer = Answer(self.method, Capture(response.as_of, response.parameters), response.data)
        found = [answer.extract(each.keys, each.places) for each in held]
        place = [each.qualified_name for each in self.method.tables].index(self.table)
        names = [column.name for column in self.method.tables[place].columns]
        return [ListedItem(dict(zip(names, row, strict=True))) for each in found for row in each.rows[place]]


def parameter_columns(method: Method, expand: Expansion) -> dict[str, str]:
    """The parameters that a request for an item needs, each with the column that it comes from."""
    needed = sorted(method.forms[0].path_parameters | method.key_parameters)
    return {name: name for name in needed} | expand.parameters


def item_targets(method: Method, expand: Expansion, items: Iterable[ListedItem]) -> list[CaptureTarget]:
    """A target for each item that the job does not leave out, in their order; of several for one request, the last.

    Raises EtlError where the items lack a column.
    """
    by_parameters: dict[tuple[str, ...], ListedItem] = {}
    columns = parameter_columns(method, expand)
    for item in items:
        if missing := {*columns.values(), *expand.columns} - item.columns.keys():
            raise EtlError(f"{expand.by} lists no {min(missing)}; {', '.join(sorted(item.columns))} are listed")
        values = [item.columns[column] for column in columns.values()]
        if None not in values:
            by_parameters[tuple(map(str, values))] = item
    return [
        CaptureTarget(
            request.build_request(method, dict(zip(columns, values, strict=True))),
            item.settled or _settled(expand, item),
        )
        for values, item in by_parameters.items()
        if not any(str(item.columns[name]) in unwanted for name, unwanted in expand.left_out.items())
    ]


def _settled(expand: Expansion, item: ListedItem) -> Callable[[bytes], bool] | None:
    """What tells whether a capture is the last of an item, as the job says; None where more may come."""
    settled = expand.settled
    if settled is None or any(str(item.columns[name]) not in last for name, last in settled.when.items()):
        return None
    return partial(_shows, [(place, str(item.columns[name])) for name, place in settled.shown.items()])


def _shows(values: Sequence[tuple[jsonpath.Steps, str]], data: bytes) -> bool:
    """Whether a response has each of these values, as text, at its place; not where it is no JSON."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return all(str(value) == wanted for place, wanted in values for _, value in jsonpath.walk(found, place))
