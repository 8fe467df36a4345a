"""Writes captures of the raw tables as stubs, which `mlb-etl load` and `mlbgen` read again."""

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

_DIGITS = 16  # of a content's hash, in names
_FOLDER = re.compile(r"\w[\w.-]*", re.ASCII)  # neither empty nor a step to another folder
_SUFFIX = ".json.gz"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A capture that has no file of its own, and why."""

    name: str
    why: Rejected


@dataclass(frozen=True, slots=True)
class Exported:
    """What became of captures: written, there before, and those that could not be written."""

    written: int = 0
    present: int = 0
    failures: tuple[Unwritten, ...] = ()

    @property
    def done(self) -> int:
        return self.written + self.present + len(self.failures)

    @property
    def skipped(self) -> int:
        """Those that took no time: none, as each body is read."""
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
    """Write each capture, a method's in the order of their times; one that can't be written does not stop others.

    Only one body at a time is in memory. `progress` is told what became of each, and how many there are. Raises
    EtlError where there is none, or the folder can't be written to.
    """
    archives = [stores.archive(method) for method in methods]
    total = sum(archive.count(wanted) for archive in archives)
    if not total:
        raise EtlError("no such capture; `mlb-etl raw list` shows which there are")
    exported = Exported()
    progress(exported, total)
    for archive in archives:
        for captured, kept in archive.each(wanted):
            became = _export(folder, captured, kept)
            progress(became, total)
            exported += became
    return exported


def export_file_name(response: Response, digest: str) -> Path:
    """Where a capture stands in the folder: as a recording does, but two of one time have two names."""
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
    """Raise Rejected for what would not be the same when its stub is read."""
    for path, name in (("endpoint", response.endpoint), ("method", response.method)):
        if not _FOLDER.fullmatch(name):
            raise Rejected("a folder can't have that name", path=path, value=name)
    stub_files.require_json(response.data)
    if stub_files.parse_stub(stub_files.format_stub(response)) != response:
        raise Rejected("it would not be the same when its stub is read")


def _require_same(file: Path, response: Response) -> None:
    if stub_files.parse_stub(stub_files.read_file(file)) != response:
        raise Rejected(f"{file} is there with another content, and is not overwritten")
