"""Exports captures from the raw tables as stubs, which `mlb-etl load` and `mlbgen` can read."""

import logging
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl.capture import record, stub_files
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.archive import CaptureFilter, CaptureRecord
from mlb_etl.stores.interfaces.database import Stores

_DIGITS = 16  # of the content hash, in file names
_FOLDER = re.compile(r"\w[\w.-]*", re.ASCII)  # neither empty nor a step to another folder
_SUFFIX = ".json.gz"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A capture that could not be written, and why."""

    name: str
    why: Rejected


@dataclass(frozen=True, slots=True)
class Exported:
    """Captures, by outcome: written, already present, or failed."""

    written: int = 0
    present: int = 0
    failures: tuple[Unwritten, ...] = ()

    @property
    def done(self) -> int:
        return self.written + self.present + len(self.failures)

    @property
    def skipped(self) -> int:
        """None, because each body is read."""
        return 0

    @property
    def failed(self) -> int:
        return len(self.failures)

    def __add__(self, other: "Exported") -> "Exported":
        return Exported(self.written + other.written, self.present + other.present, self.failures + other.failures)


def export_captures(
    stores: Stores,
    methods: Sequence[Method],
    folder: Path,
    wanted: CaptureFilter,
    progress: Callable[[Exported, int], None],
) -> Exported:
    """Write each capture, method by method and oldest first; one that can't be written does not stop the others.

    Only one body at a time is in memory. `progress` is called with the outcome of each and their total. Raises EtlError
    if there are no such captures, or if the folder can't be written to.
    """
    archives = [stores.archive(method) for method in methods]
    total = sum(archive.count(wanted) for archive in archives)
    if not total:
        raise EtlError("no such capture; `mlb-etl raw list` lists the captures")
    exported = Exported()
    progress(exported, total)
    for archive in archives:
        for captured, kept in archive.each(wanted):
            became = _export(folder, captured, kept)
            progress(became, total)
            exported += became
    return exported


def export_file_name(response: Response, digest: str) -> Path:
    """The path of a capture in the folder: that of a recording, made unique by the content hash."""
    name = record.recording_file_name(response)
    return name.with_name(f"{name.name.removesuffix(_SUFFIX)}_{digest[:_DIGITS]}{_SUFFIX}")


def _export(folder: Path, captured: CaptureRecord, kept: StoredBody) -> Exported:
    try:
        response = captured.response(kept)
        _require_readable(response)
        file = folder / export_file_name(response, captured.content_hash.hex())
        if os.path.lexists(file):
            _require_same(file, response)
            return Exported(present=1)
        record.write_stub(file, response)
    except Rejected as why:
        name = f"{captured.name} {captured.captured_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
        log.info("not written: %s: %s", name, why)
        return Exported(failures=(Unwritten(f"{name} {captured.content_hash.hex()[:_DIGITS]}", why),))
    return Exported(written=1)


def _require_readable(response: Response) -> None:
    """Raise Rejected if reading the stub would not give the same response."""
    for path, name in (("endpoint", response.endpoint), ("method", response.method)):
        if not _FOLDER.fullmatch(name):
            raise Rejected("this can't be the name of a folder", path=path, value=name)
    stub_files.require_json(response.data)
    if stub_files.parse_stub(stub_files.format_stub(response)) != response:
        raise Rejected("reading its stub would not give the same response")


def _require_same(file: Path, response: Response) -> None:
    if stub_files.parse_stub(stub_files.read_file(file)) != response:
        raise Rejected(f"{file} exists with other content, and is not overwritten")
