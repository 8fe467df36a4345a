"""The only place that sequences the write laws, over any store with tables."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlb_contracts import Method
from mlb_etl.errors import CheckFailed, DuplicateKey, RowTooLong
from mlb_etl.laws import row_guard, shrink
from mlb_etl.laws.counts import CheckWarning, RowChanges, TableCounts
from mlb_etl.laws.verdict import Policy, Verdict, Watermark, moved_watermarks, verdict_under_lock
from mlb_etl.stores.interfaces.tables import Document, TableStore, Unit

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The verdicts on documents, in their order, and the counts of the tables."""

    verdicts: tuple[Verdict, ...]
    tables: Mapping[str, TableCounts]
    warnings: tuple[CheckWarning, ...]


class RowsNeededError(Exception):
    """The tables show other content than assumed, so rows are needed; nothing was written.

    `shown` has the watermark of each document, None if it has none.
    """

    def __init__(self, shown: Mapping[str, Watermark | None]) -> None:
        super().__init__(shown)
        self.shown = shown


class _KnownError(Exception):
    """A document without a watermark has rows in the tables."""


def write_documents(
    store: TableStore, method: Method, documents: Sequence[Document], policy: Policy = "new", *, tries: int = 2
) -> WriteResult:
    """Write captures of different documents to the tables, unless other workers applied them, or newer ones, first.

    Raises Rejected if the tables reject a row or a guard a document, and RowsNeededError; then nothing is written.
    """
    store.prepare(documents)
    try:
        return _write(store, method, documents, policy, known=policy == "repair")
    except _KnownError:
        log.info("%s has rows of documents whose watermarks were deleted", method.name)
        return _write(store, method, documents, policy, known=True)
    except (CheckFailed, RowTooLong) as why:
        if not tries or not store.mend(why):
            raise
        return write_documents(store, method, documents, policy, tries=tries - 1)


def _write(
    store: TableStore, method: Method, documents: Sequence[Document], policy: Policy, *, known: bool
) -> WriteResult:
    """Decide under the locks of the watermarks, write, and move the watermarks, all in one unit.

    With `known`, documents without a watermark may have rows, too.
    """
    new = {each.capture.document: each.capture.under(method.fingerprint) for each in documents}
    tables = {table.qualified_name: TableCounts() for table in method.tables}
    with store.unit() as unit:
        before = unit.lock(new)
        verdicts = tuple(
            verdict_under_lock(capture, each.capture.applied, before.get(name), policy)
            for each, (name, capture) in zip(documents, new.items(), strict=True)
        )
        applied = [each for each, became in zip(documents, verdicts, strict=True) if became == "applied"]
        if any(each.rows is None for each in applied):
            raise RowsNeededError({name: before.get(name) for name in new})
        merged = [each for each in applied if known or each.capture.document in before]
        fresh = [each for each in applied if not known and each.capture.document not in before]
        if fresh:
            _add(tables, _insert(unit, fresh))
        if merged:
            replaced = unit.replace(merged, past_row_guard=policy == "repair")
            _add(tables, replaced.tables)
            for each in merged:
                row_guard.require_none_kept_out(replaced.changed[each.capture.document])
            unguarded = shrink.unguarded(new, before, policy)
            for each in merged:
                if each.capture.document not in unguarded:
                    _guard(method, each, replaced.changed[each.capture.document])
        settled = [each.capture for each, became in zip(documents, verdicts, strict=True) if became != "conflict"]
        warnings = unit.conclude(moved_watermarks(new, before, verdicts), settled, applied)
    return WriteResult(verdicts, tables, warnings)


def _insert(unit: Unit, documents: Sequence[Document]) -> Mapping[str, TableCounts]:
    try:
        return unit.insert(documents)
    except DuplicateKey as why:
        raise _KnownError from why


def _add(tables: dict[str, TableCounts], more: Mapping[str, TableCounts]) -> None:
    for name, counts in more.items():
        tables[name] += counts


def _guard(method: Method, document: Document, changed: Mapping[str, RowChanges]) -> None:
    """Raise Rejected if the document deletes too many rows."""
    if not any(its.deleted for its in changed.values()):
        return
    losses = {}
    for table, rows in zip(method.tables, document.rows or (), strict=True):
        its = changed[table.qualified_name]
        before = rows.number - its.inserted + its.deleted
        losses[table.qualified_name] = shrink.Loss(before, its.deleted, rows.number, guarded=table.guarded)
    shrink.check(method.shrink_guard, losses)
