"""Sample responses on disk: captured responses with the request they answer, gzipped or not."""

import itertools
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from mlbgen.language.errors import MlbgenError

_GZIP = b"\x1f\x8b"
_GZIP_FORMAT = zlib.MAX_WBITS | 16
_SUFFIXES = (".json", ".json.gz")
_CONTAINERS = frozenset((dict, list))
_MAX_SIZE = 100_000_000  # bytes of one sample, unzipped: a hundred times the largest known one
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_MAX_DEPTH = 100  # nested objects and lists; recursive functions need one call for each


@dataclass(frozen=True, slots=True)
class Stub:
    """One sample response: `name` is the endpoint and method (`game.liveGameV1`), `document` the response's JSON.

    `parameters` holds the path and query parameters of its request, and `in_path` the names of the former. `url` is
    empty if the file has none. `is_answer`: its status code is 200. `captured_at` is long ago if the file has none.
    """

    file: str
    name: str
    document: object
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_answer: bool = True
    url: str = ""
    in_path: frozenset[str] = frozenset()
    captured_at: datetime = _LONG_AGO


def find_stubs(*directories: Path) -> Iterator[Stub]:
    """Find all stubs in the directories, sorted by path; each is only read when the iterator reaches it.

    Raises MlbgenError if a directory has none, or for a file that is not a stub.
    """
    return map(read_stub, find_files(*directories))


def find_files(*directories: Path) -> list[Path]:
    """The files in the directories that can be stubs, sorted by path. Raises MlbgenError if a directory has none."""
    found: list[Path] = []
    for directory in directories:
        files = sorted(path for path in directory.rglob("*") if path.name.endswith(_SUFFIXES) and not path.is_dir())
        if not files:
            raise MlbgenError(f"{directory}: no stubs here (files *.json or *.json.gz)")
        found += files
    return found


def with_own(root: Path, directories: Sequence[Path]) -> tuple[Path, ...]:
    """Add the project's own samples, which were written by hand for rare responses, to the directories."""
    own = root / "schemas" / "samples"
    return (*directories, own) if own.is_dir() else tuple(directories)


def read_stub(file: Path) -> Stub:
    """Read a stub. Raises MlbgenError for any other file."""
    try:
        text = _content(file).decode()
        wrapped = json.loads(text, parse_constant=_no_json)
        _check_depth(wrapped)
        if "\\ud" in text or "\\uD" in text:
            _check_surrogates(wrapped)
    except (OSError, EOFError, zlib.error) as error:
        raise MlbgenError(f"{file}: can't be read: {error}") from error
    except RecursionError as error:
        raise MlbgenError(f"{file}: is not a stub: it is nested too deeply") from error
    except ValueError as error:
        raise MlbgenError(f"{file}: is not JSON: {error}") from error
    if not isinstance(wrapped, dict):
        raise MlbgenError(f"{file}: is not a stub: expected a JSON object")
    if missing := [key for key in ("endpoint", "method", "response") if key not in wrapped]:
        raise MlbgenError(f"{file}: is not a stub: {' and '.join(missing)} missing")
    in_path = _parameters(file, wrapped, "path_params")
    return Stub(
        file=str(file),
        name=f"{wrapped['endpoint']}.{wrapped['method']}",
        document=wrapped["response"],
        parameters=_parameters(file, wrapped, "query_params") | in_path,
        is_answer=wrapped.get("status_code", HTTPStatus.OK) == HTTPStatus.OK,
        url=str(wrapped.get("url", "")),
        in_path=frozenset(in_path),
        captured_at=_captured_at(wrapped.get("captured_at")),
    )


def _captured_at(text: object) -> datetime:
    """When the sample was captured; a time long ago if it doesn't say so."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else _LONG_AGO
    except ValueError:
        return _LONG_AGO
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _content(file: Path) -> bytes:
    """The file's bytes, unzipped. Raises OSError unless it is a regular file of bounded size."""
    if not file.is_file():
        raise OSError("it is not a regular file")
    with file.open("rb") as opened:
        raw = opened.read(_MAX_SIZE + 1)
    if raw.startswith(_GZIP):
        stream = zlib.decompressobj(_GZIP_FORMAT)
        raw = stream.decompress(raw, _MAX_SIZE + 1)
        if not stream.eof and len(raw) <= _MAX_SIZE:
            raise EOFError("the compressed data ends too early")
    if len(raw) > _MAX_SIZE:
        raise OSError(f"it has more than {_MAX_SIZE:,} bytes")
    return raw


def _check_depth(value: object) -> None:
    """Raise RecursionError if the value is nested too deeply."""
    level: list[Any] = [[value]]
    for _ in range(_MAX_DEPTH):
        items = itertools.chain.from_iterable(each.values() if type(each) is dict else each for each in level)
        level = [item for item in items if type(item) in _CONTAINERS]
        if not level:
            return
    raise RecursionError


def _check_surrogates(value: object) -> None:
    """Raise ValueError for a string with half a surrogate pair, which JSON allows and UTF-8 does not."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        around = error.object[max(0, error.start - 20) : error.end + 20]
        raise ValueError(f"half of a surrogate pair in {around!a}") from None


def _parameters(file: Path, wrapped: dict[str, Any], key: str) -> dict[str, str]:
    given = wrapped.get(key, {})
    if not isinstance(given, dict):
        raise MlbgenError(f"{file}: is not a stub: {key} is not a JSON object")
    return {name: str(value) for name, value in given.items()}


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value")
