"""Checks whether a response answers its request, and determines which documents it holds."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import msgspec

from mlb_contracts import Capture, Method, conventions
from mlb_contracts.response import Response
from mlb_etl.errors import CorruptResponse, EtlError, NotFound, Rejected, Unreachable, printable
from mlb_etl.extract import answer, lenient, reject
from mlb_etl.extract.answer import Answer, HeldDocument, UnrequestedDocument
from mlb_etl.http import pauses

_AGAIN = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS)
_GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_SERVER_ERROR = 500
_LONGEST_DATE = 100  # characters


class _Error(msgspec.Struct):
    """An API's description of an error."""

    message: str = ""


_MARK = conventions.installed().error  # a member that this API's errors have and its answers lack
# made here, as threads that make one at once can crash
_decode_error = msgspec.json.Decoder(_Error).decode
_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def response_error(url: str, status: int, headers: Mapping[str, str], body: bytes) -> EtlError | None:
    """The error for this status or content type; None if the body may be an answer.

    One of NotFound, Unreachable, CorruptResponse and Rejected.
    """
    if status == HTTPStatus.OK:
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/json" or kind.endswith("+json"):
            return None
        return CorruptResponse("the API's answer is not JSON", path="Content-Type", value=kind or None)
    said = f"{url}: {_named(status)}{_message(body)}"
    if status in _GONE:
        return NotFound(said)
    if status in _AGAIN or status >= _SERVER_ERROR:
        pause = retry_after(headers.get("retry-after"), datetime.now(UTC))
        return Unreachable(said, retry_after=pause, overall=status == HTTPStatus.TOO_MANY_REQUESTS)
    return Rejected(f"the API refuses the request: {said}", path="status", value=status)


def retry_after(text: str | None, now: datetime) -> float | None:
    """The seconds to wait according to a Retry-After header, which holds seconds or a date; None if it is unusable."""
    if text is None:
        return None
    seconds = pauses.parse_number(text)
    if math.isnan(seconds) and len(text) <= _LONGEST_DATE:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):  # not a date, or one without a time zone
            return None
        seconds = max(seconds, 0.0)  # a past date asks for no wait
    return pauses.bounded(seconds, "Retry-After") or None


def read_documents(method: Method, response: Response) -> tuple[HeldDocument, ...]:
    """The documents that the response holds.

    Raises Rejected if it breaks a rule of the method, and CorruptResponse if asking again may help: for truncated JSON,
    another document, or an error with status 200.

    A response whose members don't have the mapping's types is still an answer. It is kept, and its documents wait in
    quarantine until the mapping fits.
    """
    require_whole(response.data)
    capture = method.complete(Capture(response.as_of, response.parameters))
    if method.items is not None:
        try:
            return Answer(method, capture, response.data).documents()
        except Rejected as why:
            raise _mendable(method, why) from why
    reject.require_own_request(method, capture)
    try:
        document = method.decode(response.data)
        method.accept(document, capture)
    except (msgspec.DecodeError, RecursionError) as error:
        explained = reject.explain_undecodable(method, capture, response.data, error)
        if _rule(method, explained) is not None:
            raise _mendable(method, explained) from error
        plain = lenient.plain_json(response.data)
        return _about(method, response, {key.name: answer.plain_key(key, plain, capture) for key in method.document})
    except Rejected as why:
        located = reject.locate(why, response.data, method.qualified_raw_table)
        raise _mendable(method, located) from why
    return _about(method, response, {key.name: key.read(document, capture) for key in method.document})


def require_whole(data: bytes) -> None:
    """Raise CorruptResponse unless the body is complete JSON, and not an error sent with status 200."""
    try:
        data.decode()
        msgspec.json.decode(data, type=msgspec.Raw)
    except UnicodeDecodeError as error:
        raise CorruptResponse("not UTF-8", value=error.object[error.start : error.end]) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise CorruptResponse(f"incomplete: {error}", value=data[-40:].decode()) from error
    if _MARK is not None and (value := _marked(data, _MARK)) is not None:
        reason = f"an error with the status of an answer: {printable(_error(data).message)}"
        raise CorruptResponse(reason, path=f"$.{_MARK}", value=value)


def _about(method: Method, response: Response, keys: dict[str, Any]) -> tuple[HeldDocument, ...]:
    """The only document of the response."""
    for key in method.document:
        answer.require_key(keys[key.name], key.place, method)
    return answer.one_document(response.data, keys)


def _mendable(method: Method, why: Rejected) -> Rejected:
    """Turn an answer with another document than requested, which the API has sent before, into a CorruptResponse."""
    if _rule(method, why) == "equals_parameter" or isinstance(why, UnrequestedDocument):
        return CorruptResponse(why.reason, path=why.path, value=why.value, table=why.table)
    return why


def _rule(method: Method, why: Rejected) -> str | None:
    return next((rule.kind for rule in method.rules if rule.text == why.reason), None)


def _named(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _message(body: bytes) -> str:
    message = printable(_error(body).message)
    return f": {message}" if message else ""


def _marked(body: bytes, mark: str) -> object:
    """The value of the member that only errors have; None if it is absent or null."""
    try:
        found = _decode_members(body).get(mark)
        return None if found is None else msgspec.json.decode(found)
    except (msgspec.DecodeError, RecursionError):
        return None


def _error(body: bytes) -> _Error:
    """The error that the body describes, empty if it describes none."""
    try:
        return _decode_error(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _Error()
