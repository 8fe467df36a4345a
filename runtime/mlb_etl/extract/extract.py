"""From the bytes of a document to the rows of all its tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mlb_contracts import Body, Capture, Method, Row, jsonpath
from mlb_contracts.change import Change
from mlb_contracts.misfit import Misfit
from mlb_etl.errors import Rejected
from mlb_etl.extract import lenient, reject
from mlb_etl.extract.drift import compare
from mlb_etl.extract.lenient import WHOLE, JsonPlace, Misfits
from mlb_etl.extract.strict import strict_shape
from mlb_etl.extract.unstorable import without_unstorable


@dataclass(frozen=True, slots=True)
class Extract:
    """The content of a document: its keys by name, and the rows of each table in the method's order.

    `unreadable` lists the values of optional columns that can't be read, and so are NULL in the rows; `drift` how the
    document differs from what is known.
    """

    keys: dict[str, Any]
    rows: Sequence[list[Row]]
    unreadable: tuple[Misfit, ...] = ()
    drift: tuple[Change, ...] = ()


def extract(
    method: Method,
    capture: Capture,
    data: Body,
    *,
    storable_only: bool = False,
    at: JsonPlace = WHOLE,
    is_absent: bool = False,
) -> Extract:
    """Decode, accept and extract the document at `at`; raises Rejected with the exact place.

    With `storable_only`, values that the database can't store also count as unreadable. A document that `is_absent`
    is not compared with what is known.
    """
    capture = method.complete(capture)
    reject.require_own_request(method, capture)
    misfits = Misfits(method, at)
    shape = None if is_absent else strict_shape(method)
    document = None if shape is None else shape.document.decode_known(data)
    differs = shape if document is None else None
    if document is None:
        document = _decode(method, capture, data, misfits, at)
    capture = replace(capture, unreadable=misfits.converted)
    misfits.table = method.qualified_raw_table
    try:
        method.accept(document, capture)
        keys = {key.name: _key(key.read(document, capture), key.place) for key in method.document}
        rows: list[list[Row]] = []
        for each in method.tables:
            misfits.table = each.qualified_name
            rows.append(each.extract(document, capture) if each.takes(keys) else [])
    except Rejected as error:
        raise reject.locate(error, bytes(data), misfits.table, at) from error
    if storable_only:
        rows = without_unstorable(method, rows, misfits)
    drift = () if differs is None else compare(differs.document, differs.shape, data, jsonpath.parse(at.path) or ())
    others = {each.qualified_name for each in method.tables if not each.takes(keys)}
    return Extract(keys, rows, tuple(each for each in misfits.all(data) if each.table not in others), drift)


def _decode(method: Method, capture: Capture, data: Body, misfits: Misfits, at: JsonPlace) -> Any:
    """The decoded document, without unreadable optional values."""
    try:
        return lenient.decode(method, data, misfits.note, at)
    except (Rejected, msgspec.DecodeError, RecursionError) as error:
        raise reject.explain_undecodable(method, capture, bytes(data), error, at=at) from error


def _key(value: Any, place: str) -> Any:
    if value is None:
        raise Rejected("the response lacks the key of its document", path=place)
    return value
