"""Listings of the API, for each item of which a job makes a request."""

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
    """A row of a listing, with its values by column.

    settled: tells whether a capture shows the item's final state; None if more may come, or if the job decides.
    """

    columns: Mapping[str, Any]
    settled: Callable[[bytes], bool] | None = None


class Listing(Protocol):
    """A request of the API that lists items."""

    def request(self, query: Mapping[str, str]) -> Request:
        """The request with these parameters; raises EtlError if they are wrong."""

    def read(self, response: Response) -> Sequence[ListedItem]:
        """The items in an answer; raises Rejected if it is not a listing."""


@dataclass(frozen=True, slots=True)
class TableListing:
    """A listing whose items are the rows that a method's mapping extracts for a table; nothing is stored."""

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
    """The parameters of a request for an item, each with the column that it comes from."""
    needed = sorted(method.forms[0].path_parameters | method.key_parameters)
    return {name: name for name in needed} | expand.parameters


def item_targets(method: Method, expand: Expansion, items: Iterable[ListedItem]) -> list[CaptureTarget]:
    """A target for each item that the job does not leave out; of several items for one request, the last counts.

    Raises EtlError if the items lack a column.
    """
    by_parameters: dict[tuple[str, ...], ListedItem] = {}
    columns = parameter_columns(method, expand)
    for item in items:
        if missing := {*columns.values(), *expand.columns} - item.columns.keys():
            raise EtlError(f"{expand.by} has no column {min(missing)}; it has {', '.join(sorted(item.columns))}")
        values = [item.columns[column] for column in columns.values()]
        if None not in values:
            by_parameters[tuple(map(str, values))] = item
    return [
        CaptureTarget(
            request.build_request(method, dict(zip(columns, values, strict=True))),
            item.settled or _settled(expand, item),
        )
        for values, item in by_parameters.items()
        if not any(str(item.columns[name]) in unwanted for name, unwanted in expand.leave_out.items())
    ]


def _settled(expand: Expansion, item: ListedItem) -> Callable[[bytes], bool] | None:
    """The job's test whether a capture shows an item's final state; None if more may come."""
    settled = expand.settled
    if settled is None or any(str(item.columns[name]) not in last for name, last in settled.when.items()):
        return None
    return partial(_shows, [(place, str(item.columns[name])) for name, place in settled.shown.items()])


def _shows(values: Sequence[tuple[jsonpath.Steps, str]], data: bytes) -> bool:
    """Whether a response has each of these values, as text, at its place; False if it is not JSON."""
    try:
        found = msgspec.json.decode(data)
    except msgspec.DecodeError:
        return False
    return all(str(value) == wanted for place, wanted in values for _, value in jsonpath.walk(found, place))
