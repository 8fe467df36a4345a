"""Files with captured responses: stubs, which include the request, or bare responses; gzipped or not."""

import os
import re
import stat
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import msgspec

from mlb_contracts import Capture, Method
from mlb_contracts.fields import Timestamp
from mlb_contracts.response import Response
from mlb_etl import settings
from mlb_etl.errors import Rejected
from mlb_etl.extract import lenient, reject
from mlb_etl.http import bodies

_GZIP = b"\x1f\x8b"
_AROUND = 1 << 20  # bytes that a stub may have in addition to the body
_SPACE = b" \t\r\n"  # JSON's whitespace
_ABSENT = msgspec.Raw()
_SUFFIXES = (".json", ".json.gz")


class _Request(msgspec.Struct, kw_only=True):
    endpoint: str
    method: str
    path_params: dict[str, str | int] = {}
    query_params: dict[str, str | int] = {}
    url: str = ""
    status_code: int = HTTPStatus.OK
    captured_at: Timestamp


class _Wrapper(_Request, kw_only=True):
    """A stub; the response's bytes are kept as they are.

    Decoding drops the whitespace around them, so it is stored separately: what came before, and what came after.
    """

    response: msgspec.Raw
    whitespace: tuple[str, str] | msgspec.UnsetType = msgspec.UNSET


class _Note(_Request, kw_only=True):
    """A note: the response is byte for byte the one in another stub."""

    same_as: str


class _Probe(msgspec.Struct):
    endpoint: msgspec.Raw = _ABSENT
    method: msgspec.Raw = _ABSENT
    response: msgspec.Raw = _ABSENT
    same_as: msgspec.Raw = _ABSENT


_note = msgspec.json.Decoder(_Note).decode
_stub = msgspec.json.Decoder(_Wrapper).decode


def find_stubs(folder: Path) -> list[Path]:
    """The files *.json and *.json.gz below the folder, sorted, and folders that can't be listed.

    Reading such a folder fails, so nothing is skipped silently.
    """
    unlisted: list[OSError] = []
    found = [
        Path(below, name)
        for below, _, names in os.walk(folder, onerror=unlisted.append)
        for name in names
        if name.endswith(_SUFFIXES)
    ]
    return sorted([*found, *(Path(os.fsdecode(error.filename)) for error in unlisted)])


def read_file(file: Path) -> bytes:
    """The file's content, decompressed; raises Rejected if it is not text, or too large."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):  # a FIFO might wait for a writer forever
            raise Rejected("a folder that can't be listed" if file.is_dir() else "not a regular file")
        require_size(file.stat().st_size)
        content = file.read_bytes()
    except OSError as error:
        raise Rejected(f"can't be read: {error.strerror}") from error
    return unzipped(content)


def require_size(size: int) -> None:
    """Raise TooLarge if a file, compressed or not, has more bytes than allowed."""
    if size > settings.max_body() + _AROUND:
        raise bodies.TooLarge(settings.max_body())


def unzipped(content: bytes) -> bytes:
    """The content, decompressed if needed; raises Rejected if it is not text, or too large."""
    try:
        if content.startswith(_GZIP):
            content = bodies.gunzip(content, settings.max_body() + _AROUND)
        content.decode()
    except UnicodeDecodeError as error:
        raise Rejected(f"not UTF-8: {error.reason}", value=error.object[error.start : error.end]) from error
    return content


def parse_stub(content: bytes) -> Response | None:
    """The response in a stub, or None if the content is not a stub, and so perhaps a bare response.

    Raises Rejected for an incomplete stub, or one with an error answer.
    """
    try:
        probe = msgspec.json.decode(content, type=_Probe)
    except (msgspec.DecodeError, RecursionError):
        return None
    if probe.response is _ABSENT and _ABSENT in (probe.endpoint, probe.method):
        return None
    if probe.response is _ABSENT and probe.same_as is not _ABSENT:
        raise Rejected("a note of an object store, not a response: `mlb-etl replay --from` reads the whole store")
    try:
        stub = _stub(content)
    except msgspec.ValidationError as error:
        raise reject.explain_mistyped(error, _Wrapper, content) from error
    if stub.status_code != HTTPStatus.OK:
        raise Rejected("an error answer, not a response", path="$.status_code", value=stub.status_code)
    before, behind = stub.whitespace or ("", "")
    return _response(stub, before.encode() + bytes(stub.response) + behind.encode())


def require_json(content: bytes) -> None:
    """Raise Rejected if the content is not JSON."""
    try:
        msgspec.json.decode(content)
    except msgspec.DecodeError as error:
        raise Rejected(f"not JSON: {error}", value=content[:40].decode(errors="replace")) from error
    except RecursionError as error:
        raise Rejected("nested too deeply") from error


def _response(stub: _Request, data: bytes) -> Response:
    return Response(
        endpoint=stub.endpoint,
        method=stub.method,
        path_params={name: str(value) for name, value in stub.path_params.items()},
        query_params={name: str(value) for name, value in stub.query_params.items()},
        url=stub.url,
        status_code=stub.status_code,
        captured_at=stub.captured_at,
        data=data,
    )


def parse_note(content: bytes) -> tuple[Response, str] | None:
    """The response of a note, without its body, and the name of the stub with the body; None if it is not a note.

    Raises Rejected if the note's time is out of range.
    """
    try:
        note = _note(content)
    except (msgspec.DecodeError, RecursionError):
        return None
    return _response(note, b""), note.same_as


def format_stub(response: Response) -> bytes:
    """A stub of the response, which `parse_stub` reads."""
    before = response.data[: len(response.data) - len(response.data.lstrip(_SPACE))].decode()
    behind = response.data[len(response.data.rstrip(_SPACE)) :].decode()
    stub = _Wrapper(
        **_request(response),
        response=msgspec.Raw(response.data.strip(_SPACE)),
        whitespace=(before, behind) if before or behind else msgspec.UNSET,
    )
    return msgspec.json.encode(stub)


def format_note(response: Response, same_as: str) -> bytes:
    """A note that the response has the body of the one in another stub."""
    return msgspec.json.encode(_Note(**_request(response), same_as=same_as))


def _request(response: Response) -> dict[str, Any]:
    return {
        "endpoint": response.endpoint,
        "method": response.method,
        "path_params": dict(response.path_params),
        "query_params": dict(response.query_params),
        "url": response.url,
        "status_code": response.status_code,
        "captured_at": response.captured_at.astimezone(UTC),
    }


def bare_response(method: Method, data: bytes, captured_at: datetime) -> Response:
    """Make a Response from a body alone; the path parameters are the document's keys, as far as it contains them."""
    path_params = _about(method, data, Capture(captured_at, {}))
    url = re.sub(r"\{(\w+)\}", lambda match: path_params.get(match[1], match[0]), method.url)
    return Response(method.endpoint, method.method, path_params, {}, url, HTTPStatus.OK, captured_at, data)


def _about(method: Method, data: bytes, capture: Capture) -> dict[str, str]:
    """The keys that the document itself contains; empty if it can't be decoded."""
    try:
        document = lenient.decode(method, data, lenient.ignore_misfit)
    except (Rejected, msgspec.DecodeError, RecursionError):
        return {}
    values = {key.name: key.read(document, capture) for key in method.document}
    return {name: str(value) for name, value in values.items() if value is not None}
