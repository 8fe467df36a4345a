"""The captures in a lake, for people to inspect or export them."""

import json
from collections.abc import Generator

from mlb_contracts import Method
from mlb_etl.errors import EtlError
from mlb_etl.stores.delta.captures import DeltaCaptures, Kept
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.encoding import StoredBody
from mlb_etl.stores.interfaces.archive import CaptureFilter, CaptureRecord


class DeltaArchive:
    """The raw table of a method, for people to read."""

    def __init__(self, lake: Lake, method: Method) -> None:
        self._captures = DeltaCaptures(lake, method)

    def recent(self, wanted: CaptureFilter, limit: int) -> list[CaptureRecord]:
        """As `ArchiveStore` says."""
        return [_record(each) for each in reversed(self._found(wanted))][:limit]

    def count(self, wanted: CaptureFilter) -> int:
        """As `ArchiveStore` says."""
        return len(self._found(wanted))

    def newest(self, wanted: CaptureFilter) -> tuple[CaptureRecord, StoredBody] | None:
        """As `ArchiveStore` says."""
        found = self._found(wanted)
        if not found:
            return None
        if wanted.digest and len({each.row["content_hash"] for each in found}) > 1:
            raise EtlError(f"several contents begin with {wanted.digest}: give more digits of the hash")
        return _record(found[-1]), self._captures.body(found[-1])

    def each(self, wanted: CaptureFilter) -> Generator[tuple[CaptureRecord, StoredBody], None, None]:
        """As `ArchiveStore` says."""
        for found in self._found(wanted):
            yield _record(found), self._captures.body(found)

    def _found(self, wanted: CaptureFilter) -> list[Kept]:
        """The captures, oldest first."""
        found = [each for each in self._captures.kept() if _fits(_record(each), wanted)]
        return sorted(found, key=lambda each: (each.row["captured_at"], each.row["content_hash"]))


def _fits(record: CaptureRecord, wanted: CaptureFilter) -> bool:
    return (
        all(record.parameters.get(name) in values for name, values in wanted.parameters.items())
        and (wanted.since is None or record.captured_at >= wanted.since)
        and (wanted.before is None or record.captured_at < wanted.before)
        and record.content_hash.hex().startswith(wanted.digest)
    )


def _record(of: Kept) -> CaptureRecord:
    row = of.row
    return CaptureRecord(
        endpoint=row["endpoint"],
        method=row["method"],
        path_params=json.loads(row["path_params"]),
        query_params=json.loads(row["query_params"]),
        url=row["url"],
        status_code=row["status_code"],
        captured_at=row["captured_at"],
        as_of=row["as_of"],
        last_seen_at=of.last_seen_at,
        seen=of.seen,
        content_hash=row["content_hash"],
        encoding=row["encoding"],
        stored=row["stored"],
        size=row["size"],
    )
