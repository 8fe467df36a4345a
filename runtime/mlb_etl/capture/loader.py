"""Loads captured responses into the raw tables, if the pipeline can read them."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias, TypeVar

from mlb_contracts import Capture, Method, times
from mlb_contracts.response import Response
from mlb_etl import registry, tally
from mlb_etl.capture import stub_files
from mlb_etl.capture.batches import is_enough
from mlb_etl.errors import Rejected
from mlb_etl.extract.answer import HeldDocument, one_document
from mlb_etl.extract.extract import extract
from mlb_etl.http import answers
from mlb_etl.stores.interfaces.captures import Fate, RawStore
from mlb_etl.stores.interfaces.database import Stores

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BareDefaults:
    """Defaults for responses without their request.

    method: by default the package's only one; captured_at: by default the file's modification time.
    """

    method: str | None = None
    captured_at: datetime | None = None


BARE_DEFAULTS = BareDefaults()


Outcome: TypeAlias = Literal["stored", "seen", "known", "refused", "unmapped"]
"""The outcome of a file: the fate of its response, or why it was not stored; `unmapped`: its method has no tables."""


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The outcome of a file; `method` and `held`, the documents of its response, are set as far as they are known.

    why: the reason why it was not stored, None if the raw table has it.
    """

    path: Path
    outcome: Outcome
    method: str | None = None
    held: Sequence[HeldDocument] = ()
    why: Rejected | None = None


class UnmappedMethod(Rejected):
    """The response's method has no tables."""


class Readable(NamedTuple):
    """A response that the pipeline can read, with its method and the documents that it holds."""

    method: Method
    response: Response
    held: Sequence[HeldDocument]


class Loader:
    """Stores responses in the raw tables of their methods."""

    def __init__(self, stores: Stores, package: str) -> None:
        self._stores = stores
        self._package = package
        self._tables: dict[str, RawStore] = {}

    def method(self, response: Response) -> Method:
        """The method of the response; raises UnmappedMethod if the package has no tables for it."""
        name = f"{response.endpoint}.{response.method}"
        if name not in registry.captured_names(self._package):
            raise UnmappedMethod(f"{self._package} has no mapping for this method", path="$.method", value=name)
        return registry.method(self._package, name)

    def store(self, method: Method, response: Response, held: Sequence[HeldDocument]) -> Fate:
        """Store a response and the documents it holds."""
        return self._raw(method).store(response, held)

    def store_each(
        self, items: Iterable[tuple[T, Readable | Rejected]]
    ) -> Iterator[tuple[T, Readable | Rejected, Fate | Rejected]]:
        """Store the responses of items, as many at once as their tables take; yields what became of each, in order.

        Items whose response was rejected pass in their turn.
        """
        waiting: list[tuple[T, Readable | Rejected]] = []
        for item in items:
            waiting.append(item)
            if self._is_enough([found for _, found in waiting if isinstance(found, Readable)]):
                yield from self._store_all(waiting)
                waiting = []
        yield from self._store_all(waiting)

    def _is_enough(self, readable: Sequence[Readable]) -> bool:
        most = min((self._raw(each.method).batch for each in readable), default=0)
        return is_enough([each.response for each in readable], most)

    def _store_all(
        self, items: Sequence[tuple[T, Readable | Rejected]]
    ) -> Iterator[tuple[T, Readable | Rejected, Fate | Rejected]]:
        became: dict[int, Fate | Rejected] = {}
        methods: defaultdict[str, dict[int, Readable]] = defaultdict(dict)
        for number, (_, found) in enumerate(items):
            if isinstance(found, Readable):
                methods[found.method.name][number] = found
            else:
                became[number] = found
        for its in methods.values():
            [raw, *_] = (self._raw(each.method) for each in its.values())
            fates = raw.store_all([(each.response, each.held) for each in its.values()])
            for each, fate in zip(its.values(), fates, strict=True):
                if isinstance(fate, str):
                    tally.add("captures", each.method.name, "unchanged" if fate == "seen" else fate)
            became.update(zip(its, fates, strict=True))
        return ((item, found, became[number]) for number, (item, found) in enumerate(items))

    def _raw(self, method: Method) -> RawStore:
        if method.name not in self._tables:
            self._tables[method.name] = self._stores.raw(method)
        return self._tables[method.name]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """The outcomes of files."""

    files: tuple[LoadedFile, ...]

    @property
    def stored(self) -> tuple[Path, ...]:
        """The files whose response got a new row."""
        return tuple(file.path for file in self.files if file.outcome == "stored")

    @property
    def already(self) -> tuple[Path, ...]:
        """The files whose content the raw table already had."""
        return tuple(file.path for file in self.files if file.outcome in {"seen", "known"})

    @property
    def refused(self) -> tuple[LoadedFile, ...]:
        """The files that were not stored, each with the reason."""
        return tuple(file for file in self.files if file.why is not None)


def load_files(
    stores: Stores, files: Iterable[Path], *, package: str, bare: BareDefaults = BARE_DEFAULTS
) -> LoadResult:
    """Store the response of each file that the pipeline can read; a refused file does not stop the others."""
    return LoadResult(tuple(load_each(stores, files, package=package, bare=bare)))


def load_each(
    stores: Stores, files: Iterable[Path], *, package: str, bare: BareDefaults = BARE_DEFAULTS
) -> Iterator[LoadedFile]:
    """Like load_files, but yield the outcome of each file as soon as it is known."""
    loader = Loader(stores, package)
    for (path, name), found, became in loader.store_each(_read(loader, package, path, bare) for path in files):
        held = found.held if isinstance(found, Readable) else ()
        loaded = _loaded(path, name, held, became)
        if loaded.why is not None:
            log.info("%s %s: %s", loaded.outcome, path, loaded.why)
        yield loaded


def _read(
    loader: Loader, package: str, path: Path, bare: BareDefaults
) -> tuple[tuple[Path, str | None], Readable | Rejected]:
    """The response of a file, with the name of its method as far as it is known."""
    name = None
    try:
        response = _response(package, path, bare)
        name = f"{response.endpoint}.{response.method}"
        method = loader.method(response)
        return (path, name), Readable(method, response, _held(method, response))
    except Rejected as why:
        return (path, name), why


def _loaded(path: Path, name: str | None, held: Sequence[HeldDocument], became: Fate | Rejected) -> LoadedFile:
    if isinstance(became, UnmappedMethod):
        return LoadedFile(path, "unmapped", name, why=became)
    if isinstance(became, Rejected):
        return LoadedFile(path, "refused", name, why=became)
    return LoadedFile(path, became, name, held)


def _held(method: Method, response: Response) -> tuple[HeldDocument, ...]:
    """The documents of a response; raises Rejected if it is a single document that the pipeline can't read."""
    if method.items is not None:
        return answers.read_documents(method, response)
    capture = Capture(response.as_of, response.parameters)
    return one_document(response.data, extract(method, capture, response.data).keys)


def select_stubs(package: str, folder: Path, asked: Mapping[str, str]) -> list[Path]:
    """The stubs below the folder whose request has these path parameters, and whose method the package has."""
    known = registry.captured_names(package)
    chosen = []
    for file in stub_files.find_stubs(folder):
        try:
            response = stub_files.parse_stub(stub_files.read_file(file))
        except Rejected as why:
            log.info("skipped %s: %s", file, why)
            continue
        if response is None or f"{response.endpoint}.{response.method}" not in known:
            continue
        if asked.items() <= response.path_params.items():
            chosen.append(file)
    return chosen


def _response(package: str, path: Path, bare: BareDefaults) -> Response:
    content = stub_files.read_file(path)
    response = stub_files.parse_stub(content)
    if response is None:
        stub_files.require_json(content)
        return stub_files.bare_response(_bare_method(package, bare), content, bare.captured_at or _changed(path))
    return response


def _changed(path: Path) -> datetime:
    """When the file was last changed."""
    try:
        return times.file_time(path.stat().st_mtime)
    except OSError as error:
        raise Rejected(f"can't be read: {error.strerror}") from error


def _bare_method(package: str, bare: BareDefaults) -> Method:
    names = sorted(registry.methods(package))
    if bare.method is None and len(names) != 1:
        raise Rejected(f"a bare response does not name its method: give --method, one of {', '.join(names)}")
    return registry.method(package, bare.method or names[0])
