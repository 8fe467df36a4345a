"""Puts captured responses into the raw tables, after a look whether the pipeline can read them."""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from mlb_etl import db, registry, samples
from mlb_etl.contracts import Capture, Method, times
from mlb_etl.db import Connection
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.extract import extract
from mlb_etl.raw import Fate, Raw, Response
from mlb_etl.settings import TABLES

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Bare:
    """What to take for granted of responses without their request.

    method: None stands for the package's only one; captured_at: None for the file's modification time.
    """

    method: str | None = None
    captured_at: datetime | None = None


BARE = Bare()


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of which nothing was stored, and why."""

    file: Path
    why: Rejected


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of the files; `already` ones hold nothing that the raw table has not."""

    stored: tuple[Path, ...]
    already: tuple[Path, ...]
    refused: tuple[Refused, ...]


class Loader:
    """Stores responses in the raw tables of their methods."""

    def __init__(self, connection: Connection, package: str) -> None:
        self._connection = connection
        self._package = package
        self._tables: dict[str, Raw] = {}

    def store(self, response: Response, read: Callable[[Method, Response], Mapping[str, Any]]) -> Fate:
        """Store one of which `read` tells what it is about, or raises Rejected, as for a method without mapping."""
        name = f"{response.endpoint}.{response.method}"
        if name not in registry.methods(self._package):
            raise Rejected(f"{self._package} has no mapping for it", path="$.method", value=name)
        method = registry.method(self._package, name)
        keys = read(method, response)
        if name not in self._tables:
            self._tables[name] = Raw(self._connection, method)
        with db.edge(method.qualified_raw_table):
            return self._tables[name].store(response, keys)


def load_files(
    connection: Connection,
    files: Iterable[Path],
    *,
    package: str = TABLES,
    bare: Bare = BARE,
) -> Loaded:
    """Store the response of each file, unless the pipeline could not read it; a refused file does not stop others."""
    stored: list[Path] = []
    already: list[Path] = []
    refused: list[Refused] = []
    loader = Loader(connection, package)
    for file in files:
        try:
            became = loader.store(_response(package, file, bare), _keys)
            (stored if became == "stored" else already).append(file)
        except Rejected as why:
            log.info("refused %s: %s", file, why)
            refused.append(Refused(file, why))
    return Loaded(tuple(stored), tuple(already), tuple(refused))


def choose(package: str, folder: Path, asked: Mapping[str, str]) -> list[Path]:
    """The stubs below the folder that answer a request with these path parameters, of methods that the package has."""
    known = registry.methods(package)
    chosen = []
    for file in samples.find(folder):
        try:
            response = samples.unwrap(samples.read(file))
        except Rejected as why:
            log.info("passed over %s: %s", file, why)
            continue
        if response is None or f"{response.endpoint}.{response.method}" not in known:
            continue
        if asked.items() <= response.path_params.items():
            chosen.append(file)
    return chosen


def _keys(method: Method, response: Response) -> Mapping[str, Any]:
    return extract(method, Capture(response.captured_at, response.parameters), response.data).keys


def _response(package: str, file: Path, bare: Bare) -> Response:
    content = samples.read(file)
    response = samples.unwrap(content)
    if response is None:
        captured_at = bare.captured_at or times.of_file(file.stat().st_mtime)
        return samples.bare(_bare_method(package, bare), content, captured_at)
    return response


def _bare_method(package: str, bare: Bare) -> Method:
    names = sorted(registry.methods(package))
    if bare.method is None and len(names) != 1:
        raise EtlError(f"of which method is a bare response? say --method with one of {', '.join(names)}")
    return registry.method(package, bare.method or names[0])
