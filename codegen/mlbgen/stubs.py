"""Sample responses on disk: captured responses with the request they answer, gzipped or not."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from mlbgen.errors import MlbgenError

_GZIP = b"\x1f\x8b"
_SUFFIXES = (".json", ".json.gz")


@dataclass(frozen=True, slots=True)
class Stub:
    """One sample response: `name` is the endpoint and method (`game.liveGameV1`), `document` the response's JSON.

    `parameters` are those of its request, in the path and in the query; `is_answer`: its status code is 200.
    """

    file: str
    name: str
    document: object
    parameters: Mapping[str, str] = field(default_factory=dict)
    is_answer: bool = True


def find(*directories: Path) -> Iterator[Stub]:
    """All stubs below the directories, by their paths, each read when it is asked for.

    Raises MlbgenError where there is none, or for a file that is no stub.
    """
    found = []
    for directory in directories:
        files = sorted(path for path in directory.rglob("*") if path.name.endswith(_SUFFIXES))
        if not files:
            raise MlbgenError(f"{directory}: no stubs here (files *.json or *.json.gz)")
        found += files
    return map(read, found)


def with_own(root: Path, directories: Sequence[Path]) -> tuple[Path, ...]:
    """The directories, and the project's own samples: made up, of what is seldom captured."""
    own = root / "schemas" / "samples"
    return (*directories, own) if own.is_dir() else tuple(directories)


def read(file: Path) -> Stub:
    """The stub in that file; raises MlbgenError for a file that is none."""
    try:
        raw = file.read_bytes()
        wrapped = json.loads(gzip.decompress(raw) if raw.startswith(_GZIP) else raw, parse_constant=_no_json)
    except (OSError, EOFError, zlib.error) as error:
        raise MlbgenError(f"{file}: can't be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise MlbgenError(f"{file}: is not JSON: {error}") from error
    if not isinstance(wrapped, dict):
        raise MlbgenError(f"{file}: is not a stub: a JSON object is expected")
    if missing := [key for key in ("endpoint", "method", "response") if key not in wrapped]:
        raise MlbgenError(f"{file}: is not a stub: {' and '.join(missing)} missing")
    parameters = _parameters(file, wrapped, "query_params") | _parameters(file, wrapped, "path_params")
    is_answer = wrapped.get("status_code", HTTPStatus.OK) == HTTPStatus.OK
    return Stub(str(file), f"{wrapped['endpoint']}.{wrapped['method']}", wrapped["response"], parameters, is_answer)


def _parameters(file: Path, wrapped: dict[str, Any], key: str) -> dict[str, str]:
    given = wrapped.get(key, {})
    if not isinstance(given, dict):
        raise MlbgenError(f"{file}: is not a stub: {key} is no JSON object")
    return {name: str(value) for name, value in given.items()}


def _no_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON value")
