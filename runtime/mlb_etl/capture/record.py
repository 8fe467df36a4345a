"""Recordings of the API as a folder of stubs, which can be replayed in place of the API."""

import gzip
import hashlib
import logging
import os
import re
import threading
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from mlb_contracts.response import Response
from mlb_etl.capture import stub_files
from mlb_etl.errors import EtlError, NotFound, Rejected
from mlb_etl.http import request
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request

T = TypeVar("T")

_LONG = 150  # characters, above which a file name is shortened; the limit is 255
log = logging.getLogger(__name__)


class Recorder:
    """A source that keeps a stub of each answer: <endpoint>/<method>/<parameters>_<captured at>.json.gz."""

    def __init__(self, source: Fetcher, folder: Path) -> None:
        self._source = source
        self._folder = folder

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """Fetch from the source, and record the response."""
        response, value = self._source.fetch(request, read)
        write_stub(self._folder / recording_file_name(response), response)
        return response, value

    def close(self) -> None:
        """Close the source."""
        self._source.close()


class Replay:
    """A source that serves stubs. Several stubs of one request are served in turn, then the last one repeatedly.

    Responses keep the times of their captures.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise EtlError(f"{folder} is not a folder of recordings; --record makes one")
        self._folder = folder
        self._lock = threading.Lock()
        self._served: defaultdict[tuple[object, ...], int] = defaultdict(int)
        self._files = _index(folder)

    def fetch(self, request: Request, read: Callable[[Response], T]) -> tuple[Response, T]:
        """As in `Fetcher`; raises NotFound if the request was not recorded."""
        files = self._files.get(request.key)
        if files is None:
            raise NotFound(f"{self._folder} has no recording of {request.endpoint}.{request.method} {request.target}")
        with self._lock:
            place = min(self._served[request.key], len(files) - 1)
            self._served[request.key] += 1
        response = stub_files.parse_stub(stub_files.read_file(files[place]))
        if response is None:
            raise Rejected("the file is not a stub anymore", value=str(files[place]))
        return response, read(response)

    def close(self) -> None:
        """Do nothing, since nothing is open."""


def recording_file_name(response: Response) -> Path:
    """The path of a recording in its folder."""
    query = (f"{name}={value}" for name, value in sorted(response.query_params.items()))
    about = re.sub(r"[^\w=,.~-]", "-", "_".join((*response.path_params.values(), *query)), flags=re.ASCII)
    if len(about) > _LONG:
        about = f"{about[:_LONG]}_{hashlib.sha256(about.encode()).hexdigest()[:12]}"
    name = "_".join(filter(None, (about, _compact(response.captured_at))))
    return Path(response.endpoint, response.method, f"{name}.json.gz")


def write_stub(file: Path, response: Response) -> None:
    """Write a stub, atomically; it is gzipped if the file's name says so."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            stub = stub_files.format_stub(response)
            unfinished.write_bytes(gzip.compress(stub, mtime=0) if file.suffix == ".gz" else stub)
            unfinished.replace(file)
        except BaseException:  # such as a full disk
            unfinished.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise EtlError(f"{file}: can't be written: {error.strerror}") from error


def _compact(time: datetime) -> str:
    """The time as `20240713T041909.123456Z`, without a fraction that is zero."""
    fraction = f".{time.microsecond:06}" if time.microsecond else ""
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%S}{fraction}Z"


def _index(folder: Path) -> dict[tuple[object, ...], list[Path]]:
    """The stubs of each request, in the order of their captures."""
    found: defaultdict[tuple[object, ...], list[tuple[datetime, Path]]] = defaultdict(list)
    for file in stub_files.find_stubs(folder):
        try:
            response = stub_files.parse_stub(stub_files.read_file(file))
        except Rejected as why:
            log.warning("%s is not served: %s", file, why)
            continue
        if response is None:
            log.warning("%s is not served: not a stub, or incomplete", file)
        else:
            key = request.request_key(response.endpoint, response.method, response.path_params, response.query_params)
            found[key].append((response.captured_at, file))
    return {key: [file for _, file in sorted(files)] for key, files in found.items()}
