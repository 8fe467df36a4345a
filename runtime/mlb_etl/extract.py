"""From the bytes of a response to the rows of all its tables, or the reason why not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mlb_etl import reject
from mlb_etl.contracts import Body, Capture, Method, Row
from mlb_etl.errors import Rejected


@dataclass(frozen=True, slots=True)
class Extract:
    """What one response says: its document's keys by name, and the rows of each table in the method's order."""

    keys: dict[str, Any]
    rows: Sequence[list[Row]]


def extract(method: Method, capture: Capture, data: Body) -> Extract:
    """Decode, accept and extract a response; raises Rejected with the exact place."""
    reject.require_own_request(method, capture)
    try:
        document = method.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise reject.undecodable(method, capture, bytes(data), error) from error
    table = method.qualified_raw_table
    try:
        method.accept(document, capture)
        keys = {key.name: _key(key.read(document, capture), key.place) for key in method.document}
        rows = []
        for each in method.tables:
            table = each.qualified_name
            rows.append(each.extract(document, capture))
    except Rejected as error:
        raise reject.located(error, bytes(data), table) from error
    return Extract(keys, rows)


def _key(value: Any, place: str) -> Any:
    if value is None:
        raise Rejected("the response does not say what it is about", path=place)
    return value
