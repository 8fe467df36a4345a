"""Captures in an object store: a folder, or a bucket of S3 or a compatible service.

An object is a stub: endpoint=<e>/method=<m>/date=<its day>/<parameter>=<value>/captured_at=<time>_<hash>.json.gz.
Its name determines its content, so objects are never overwritten. When a process stores the same content as it last
stored for a request, it writes a note that names that object instead of the body.
"""

import gzip
import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from mlb_contracts import requests
from mlb_contracts.response import Response
from mlb_etl.capture import stub_files
from mlb_etl.errors import EtlError, Rejected, StoreUnavailable, printable, redacted

try:
    import obstore
    from obstore.exceptions import AlreadyExistsError, BaseError
    from obstore.store import LocalStore, S3Store
except ImportError as error:
    raise EtlError("an object store needs the package obstore: pip install 'mlb-etl[store]'") from error

if TYPE_CHECKING:
    from obstore.store import RetryConfig

ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
# the message doesn't repeat the invalid value, which may contain a secret
_EXPECTED = "an object store is s3://bucket/prefix, file:///folder or a folder"
_DIGITS = 16  # of the content hash, in names
_RETRIES: "RetryConfig" = {"max_retries": 8, "retry_timeout": timedelta(seconds=60)}
_SAID = re.compile(r"<(?:Code|Message)>(.*?)</(?:Code|Message)>", re.DOTALL)
_SUFFIX = ".json.gz"
_TIME = "%Y%m%dT%H%M%S.%fZ"
# The names that `object_name` returns. No segment can be empty, `.` or `..`.
_NAME = re.compile(
    r"endpoint=[\w.-]+/method=[\w.-]+/date=[\d-]{10}(/[\w.~%-]+=[\w.~%-]*)*/captured_at=[\w.]{20,30}_[0-9a-f]{16}\.json\.gz",
    re.ASCII,
)
_MISSING = "the store has no such object"
_LONGEST = 1024  # characters of a name, the limit of S3
_LONGEST_SEGMENT, _MOST_SEGMENTS = 100, 8


class ObjectStore:
    """An object store; threads may share it for reading."""

    def __init__(self, place: str, *, make: bool = False) -> None:
        """Raises EtlError for an invalid place; `make` creates a missing folder."""
        self.place = place
        self._folder = None if place.startswith("s3://") else _folder(place, make=make)
        self._store = _s3(place) if self._folder is None else LocalStore(self._folder)
        self._put: dict[tuple[object, ...], tuple[str, str]] = {}

    def put(self, response: Response) -> None:
        """Store a response, unless it is there already; raises StoreUnavailable."""
        request = (response.endpoint, response.request)
        digest = hashlib.sha256(response.data).hexdigest()
        known, same_as = self._put.get(request, (None, ""))
        name = object_name(response)
        if same_as == name:  # it goes to several databases
            return
        if known == digest:
            self._create(name, stub_files.format_note(response, same_as))
        elif self._create(name, stub_files.format_stub(response)):
            self._put[request] = digest, name

    def get(self, name: str) -> Response:
        """The response in an object; raises Rejected if the object is missing or not a stub."""
        content = self._read(name)
        if (noted := stub_files.parse_note(content)) is not None:
            request, same_as = noted
            if len(same_as) > _LONGEST or not _NAME.fullmatch(same_as):
                raise Rejected("this is not the name of an object", path="$.same_as", value=same_as)
            return _with_body(request, stub_files.parse_stub(self._read(same_as)))
        response = stub_files.parse_stub(content)
        if response is None:
            raise Rejected("not a stub", value=content[:40])
        return response

    def days(self, endpoint: str, method: str) -> list[str]:
        """The folders of a method's days, oldest first."""
        of_method = f"endpoint={endpoint}/method={method}"
        with self._translate_errors():
            if self._folder is not None:
                folder = self._folder / of_method
                found = [f"{of_method}/{each.name}" for each in folder.iterdir()] if folder.is_dir() else []
            else:
                found = list(obstore.list_with_delimiter(self._store, of_method)["common_prefixes"])
        return sorted(found)

    def names(self, day: str) -> Iterator[str]:
        """The objects in a day's folder, in any order."""
        with self._translate_errors():
            if self._folder is not None:
                for file in _files(self._folder / day, frozenset((self._folder / day).resolve().parents)):
                    yield file.relative_to(self._folder).as_posix()
                return
            for some in obstore.list(self._store, day, chunk_size=1000):
                yield from (each["path"] for each in some if each["path"].endswith(_SUFFIX))

    def _create(self, name: str, content: bytes) -> bool:
        """Create an object; returns False if it exists, in which case it has the same content or is a note."""
        with self._translate_errors():
            try:
                obstore.put(self._store, name, gzip.compress(content, 6, mtime=0), mode="create")
            except AlreadyExistsError:
                return False
        return True

    def _read(self, name: str) -> bytes:
        if self._folder is not None:
            file = self._folder / name
            if not os.path.lexists(file):
                raise Rejected(_MISSING, value=name)
            return stub_files.read_file(file)
        with self._translate_errors():
            try:
                found = obstore.get(self._store, name)
                stub_files.require_size(found.meta["size"])
                content = bytes(found.bytes())
            except FileNotFoundError as error:
                raise Rejected(_MISSING, value=name) from error
        return stub_files.unzipped(content)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:  # FileNotFoundError: the bucket does not exist
            hint = "; are the place and the credentials correct?" if self._folder is None else ""
            raise StoreUnavailable(f"{redacted(self.place)}: {_said(error)}{hint}") from error


def object_name(response: Response, digest: str = "") -> str:
    """The name of a response's object: by its request, or by the request's hash if that is too long for file names.

    `digest` is the SHA-256 of its data in hexadecimal, if that is known.
    """
    about = [
        f"{quote(name, safe='')}={quote(value, safe='')}"
        for name, value in requests.subject_parameters(response.parameters)
    ]
    if any(len(each) > _LONGEST_SEGMENT for each in about) or len(about) > _MOST_SEGMENTS:
        about = [f"request={hashlib.sha256(response.request.encode()).hexdigest()}"]
    return _named(response, about, digest)


def former_object_name(response: Response, keys: Mapping[str, Any]) -> str:
    """The name of a response's object before the first release: by the keys of its only document."""
    return _named(response, [f"{name}={quote(str(value), safe='')}" for name, value in keys.items()])


def parse_name(name: str) -> tuple[str, datetime] | None:
    """What the names of objects with one content for one request share, and the time of this capture.

    None for a name that no object of ours has.
    """
    if not _NAME.fullmatch(name):
        return None
    folder, _, last = name.rpartition("/captured_at=")
    time, _, digest = last.partition("_")
    endpoint, method, _, *about = folder.split("/")
    try:
        return "/".join((endpoint, method, *about, digest)), datetime.strptime(time, _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None


def _named(response: Response, about: Sequence[str], digest: str = "") -> str:
    time = response.captured_at.astimezone(UTC)
    digest = (digest or hashlib.sha256(response.data).hexdigest())[:_DIGITS]
    folder = [f"endpoint={response.endpoint}", f"method={response.method}", f"date={time:%Y-%m-%d}", *about]
    return f"{'/'.join(folder)}/captured_at={time:{_TIME}}_{digest}.json.gz"


def _files(folder: Path, above: frozenset[Path]) -> Iterator[Path]:
    """The objects below a folder. Follows links, except to a folder above, which would never end.

    The library's own listing stops at the first link or name that it can't read.
    """
    real = folder.resolve()
    if real in above or not folder.is_dir():
        return
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files(each, above | {real})
        elif each.name.endswith(_SUFFIX):
            yield each


def _with_body(request: Response, whole: Response | None) -> Response:
    if whole is None:
        raise Rejected("the object with its content is not a stub")
    return replace(request, data=whole.data)


def _s3(place: str) -> S3Store:
    parts = urlsplit(place)
    if parts.username or parts.password:  # they would appear in logs
        raise EtlError(
            "credentials of an object store belong in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, not in its URL"
        )
    if not parts.netloc or parts.query or parts.fragment:
        raise EtlError(_EXPECTED)
    for name in ENDPOINTS:
        if (endpoint := os.environ.get(name)) and not re.fullmatch(r"https?://[\w.\[][^@?#]*", endpoint):
            raise EtlError(f"{name} must be a URL such as http://127.0.0.1:9000")
    # allow_http: the scheme of the endpoint's URL decides about TLS
    return S3Store(
        parts.netloc, prefix=parts.path.strip("/"), client_options={"allow_http": True}, retry_config=_RETRIES
    )


def _folder(place: str, *, make: bool) -> Path:
    if "://" in place and not place.startswith("file:///"):
        raise EtlError(_EXPECTED)
    folder = Path(unquote(place.removeprefix("file://")) if place.startswith("file://") else place).absolute()
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EtlError(f"the object store {redacted(str(folder))} can't be created: {error.strerror}") from error
    if not folder.is_dir():
        raise EtlError(f"the object store {redacted(str(folder))} is not a folder: {_EXPECTED}")
    return folder


def _said(error: Exception) -> str:
    """The store's own error message, without the library's additions."""
    text = str(error).partition("\n\nDebug source:")[0]
    return printable(": ".join(_SAID.findall(text)) or text.partition("\n")[0])
