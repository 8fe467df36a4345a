"""Implements the operators' view of a database on a lake."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any

from mlb_contracts import Method, times
from mlb_etl import registry
from mlb_etl.laws.standing import StoredCapture, standing
from mlb_etl.stores.delta import drift, failures, quarantine, schema, sums, unreadable, verify
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.captures import DeltaCaptures
from mlb_etl.stores.delta.lake import GONE, Lake
from mlb_etl.stores.delta.marks import again
from mlb_etl.stores.delta.records import records
from mlb_etl.stores.delta.runs import Runs
from mlb_etl.stores.interfaces.operations import (
    BrokenCheck,
    Changing,
    ChangingDocument,
    ComparedDocument,
    DatabaseStatus,
    DriftCount,
    DriftedPath,
    Entry,
    EntryFilter,
    FailedRequest,
    Standing,
    SumDifference,
    UnreadablePath,
    Version,
    require_found,
)  # fmt: skip


class DeltaOperations:
    """A lake as operators see it."""

    def __init__(self, lake: Lake, package: str) -> None:
        self._lake = lake
        self._package = package

    def status(self, changing: Changing | None = None) -> DatabaseStatus:
        """As `Operations` says; tables that are missing or lack columns stand for migrations."""
        if not schema.is_noted(self._lake, self._package):
            lacking = schema.differences(self._lake, self._package)
            if lacking:
                return DatabaseStatus(tuple(Version(each.table.qualified_name, "pending", None) for each in lacking))
        entries = self._quarantined()
        methods = (registry.method(self._package, name) for name in sorted(registry.methods(self._package)))
        return DatabaseStatus(
            methods=tuple(self._standing(each, entries) for each in methods),
            failures=tuple(self._failed()),
            unreadable=tuple(self.unreadable()),
            drift=tuple(self._drift()),
            changing=tuple(self._changing(changing)) if changing else (),
            runs=tuple(Runs(self._lake).last()),
        )

    def _drift(self) -> Iterator[DriftCount]:
        paths: defaultdict[str, set[str]] = defaultdict(set)
        for row in self._rows(drift.TABLE):
            paths[row["method"]].add(row["path"])
        return (DriftCount(method, len(its)) for method, its in sorted(paths.items()))

    def _changing(self, wanted: Changing) -> Iterator[ChangingDocument]:
        if wanted.method not in registry.methods(self._package):
            return
        method = registry.method(self._package, wanted.method)
        keys, captures = [key.name for key in method.document], DeltaCaptures(self._lake, method)
        schema_, _, table = wanted.table.partition(".")
        rows = records(self._lake.open(schema_, table), [*keys, wanted.column])
        for row in sorted(rows, key=str):
            state = row.pop(wanted.column)
            if state is not None and state not in wanted.settled:
                seen = [each.as_of for each in captures.captures({name: [value] for name, value in row.items()})]
                yield ChangingDocument(method.name, row, state, max(seen, default=None))

    def _standing(self, method: Method, entries: Sequence[Entry]) -> Standing:
        captures = DeltaCaptures(self._lake, method)
        limit = captures.now() + times.TOLERANCE
        of: defaultdict[str, list[StoredCapture]] = defaultdict(list)
        for each in captures.captures({}):
            of[each.document].append(each)
        applied = [its[0].applied for its in of.values()]
        pending = [any(standing(each, method.fingerprint) == "pending" for each in its) for its in of.values()]
        each_shown = [each for its in of.values() for each in its if _shows(each) and each.as_of <= limit]
        to_apply = [each for its in of.values() for each in its if standing(each, method.fingerprint) == "pending"]
        seen = [max(each.captured_at, each.as_of) for its in of.values() for each in its if each.captured_at <= limit]
        return Standing(
            method.name,
            captures.number(),
            len(of),
            sum(each is not None for each in applied),
            sum(pending),
            sum(each.method == method.name and each.state == "waiting" for each in entries),
            max(seen, default=None),
            sum(each is not None and each.as_of > limit for each in applied),
            max((each.as_of for each in each_shown), default=None),
            min((each.captured_at for each in to_apply), default=None),
        )

    def _failed(self) -> list[FailedRequest]:
        found = [FailedRequest(**row) for row in self._rows(failures.TABLE)]
        found.sort(key=lambda each: (each.method, each.target))
        return sorted(found, key=lambda each: each.failed_at, reverse=True)

    def forget_failures(self) -> None:
        """As `Operations` says."""
        again(partial(self._delete, failures.TABLE, failures.SCHEMA, failures.MATCHING, lambda _: True))

    def unreadable(self) -> list[UnreadablePath]:
        """As `Operations` says."""
        groups: defaultdict[tuple[str, str, str], list[Mapping[str, Any]]] = defaultdict(list)
        for row in sorted(self._rows(unreadable.TABLE), key=lambda row: str(row["document"])):
            groups[row["method"], row["table_name"], row["path"]].append(row)
        return [
            UnreadablePath(
                *name,
                len(its),
                sum(row["number"] for row in its),
                json.loads(its[0]["document"]),
                its[0]["place"],
                its[0]["value"],
                its[0]["reason"],
            )
            for name, its in sorted(groups.items())
        ]

    def drifted(self, method: str | None, since: datetime | None) -> list[DriftedPath]:
        """As `Operations` says."""
        found = [row for row in self._rows(drift.TABLE) if _is_meant(row, method, since)]
        paths = [DriftedPath(**row | {"document": json.loads(row["document"])}) for row in found]
        return sorted(paths, key=lambda each: (each.method, each.path, each.kind, each.seen))

    def forget_drift(self, method: str | None, since: datetime | None) -> None:
        """As `Operations` says."""
        meant = partial(_is_meant, method=method, since=since)
        again(partial(self._delete, drift.TABLE, drift.SCHEMA, drift.MATCHING, meant))

    def entries(self, wanted: EntryFilter) -> list[Entry]:
        """As `Operations` says."""
        found = [each for each in self._quarantined() if _is_selected(each, wanted)]
        require_found(wanted, found)
        return found

    def _quarantined(self) -> list[Entry]:
        names = [each.name for each in fields(Entry)]
        rows = [
            row | {"table": row["table_name"], "document": json.loads(row["document"])}
            for row in self._rows(quarantine.TABLE)
        ]
        return [Entry(**{name: row[name] for name in names}) for row in sorted(rows, key=lambda row: int(row["id"]))]

    def mark_dropped(self, numbers: Sequence[int]) -> None:
        """As `Operations` says."""
        by_method: defaultdict[str, list[int]] = defaultdict(list)
        for each in self._quarantined():
            if each.id in numbers:
                by_method[each.method].append(each.id)
        for method, its in by_method.items():
            quarantine.Quarantine(self._lake, method).drop(its)

    def compare(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[ComparedDocument]:
        """As `Operations` says."""
        return verify.compare_documents(self._lake, method, scope)

    def different_sums(
        self, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None
    ) -> Iterator[SumDifference]:
        """As `Operations` says."""
        return sums.different_sums(self._lake, method, scope, season)

    def broken_checks(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
        """As `Operations` says."""
        return sums.broken_checks(self._lake, method, scope)

    def _rows(self, table: str) -> list[dict[str, Any]]:
        return records(self._lake.open(lakes.CONTROL, table))

    def _delete(self, name: str, columns: Any, matching: str, is_meant: Any) -> None:
        table = self._lake.open(lakes.CONTROL, name)
        gone = [row | {GONE: True} for row in records(table) if is_meant(row)]
        if gone:
            lakes.merge(table, lakes.changes(columns, gone), matching, insert=False)


def _shows(capture: StoredCapture) -> bool:
    """Whether the tables show the capture: its content, at a time at which the response had it.

    That is from the request on, or for a request about the past, the time that it asked for.
    """
    applied, since = capture.applied, min(capture.captured_at, capture.as_of)
    return capture.is_shown and applied is not None and since <= applied.as_of <= capture.as_of


def _is_meant(row: Mapping[str, Any], method: str | None, since: datetime | None) -> bool:
    return method in {None, row["method"]} and (since is None or row["last_seen_at"] >= since)


def _is_selected(entry: Entry, wanted: EntryFilter) -> bool:
    """Whether an entry matches; keys are compared as text, because command-line options are text."""
    return (
        (not wanted.numbers or entry.id in wanted.numbers)
        and wanted.state in {None, entry.state}
        and wanted.method in {None, entry.method}
        and wanted.table in {None, entry.table}
        and (wanted.reason is None or wanted.reason.lower() in entry.reason.lower())
        and (wanted.since is None or entry.captured_at >= wanted.since)
        and (wanted.before is None or entry.captured_at < wanted.before)
        and all(
            name in entry.document and str(entry.document[name]) in values
            for name, values in wanted.document.items()
            if values
        )
    )
