"""What operators see of a database and decide in it, behind the commands of the same names."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from mlb_contracts import Method, Table
from mlb_contracts.sums import SumRules
from mlb_etl.errors import CorruptResponse, EtlError, NotFound, Rejected, Unreachable
from mlb_etl.stores.interfaces.runs import RecordedRun

MigrationState: TypeAlias = Literal["applied", "pending", "changed", "unknown"]
DifferenceKind: TypeAlias = Literal["missing", "extra", "different", "later"]
OTHER_MAPPING = "its rows were derived under another mapping: run `mlb-etl transform` first"
MOST = 1_000
"""How many differences of a rule, or rows that break a check, are listed."""
NO_WATERMARK = "etl.watermark has no entry for it: run `mlb-etl repair`, or delete the rows"


@dataclass(frozen=True, slots=True)
class Version:
    """A migration, or in a lake a table, and its state; `unknown`: it was applied, but the package lacks it."""

    script: str
    state: MigrationState
    installed_on: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The numbers of a method's captures and documents.

    applied: documents that the tables show; behind: documents with content not applied yet, or applied under another
    mapping; quarantined: captures waiting for a decision; newest: time of the latest response; ahead: documents whose
    tables show a time ahead of the database's clock, so that new captures count as stale; shown: the latest time whose
    state the tables show; behind_since: when the oldest capture was requested that is to be applied.
    """

    method: str
    captures: int
    documents: int
    applied: int
    behind: int
    quarantined: int
    newest: datetime | None
    ahead: int
    shown: datetime | None = None
    behind_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class FailedRequest:
    """A failed request. `times` counts failures since it was last answered; `error` is the class of the last one."""

    method: str
    target: str
    error: str
    cause: str
    times: int
    first_failed_at: datetime
    failed_at: datetime


@dataclass(frozen=True, slots=True)
class UnreadablePath:
    """The number of unreadable values of a path in a table, and of their documents, with one example."""

    method: str
    table: str
    path: str
    documents: int
    values: int
    document: dict[str, Any]
    place: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class DriftCount:
    """The number of paths at which responses of a method differ from samples."""

    method: str
    paths: int


@dataclass(frozen=True, slots=True)
class PartitionsAhead:
    """The number of coming months or years, one after the other, for which a table has partitions.

    The current one does not count; without it the number is -1.
    """

    table: str
    kind: Literal["month", "year"]
    ahead: int


@dataclass(frozen=True, slots=True)
class Changing:
    """How a table of a method tells that a document goes on changing: its column has none of these values."""

    method: str
    table: str
    column: str
    settled: frozenset[str]


@dataclass(frozen=True, slots=True)
class ChangingDocument:
    """A document that goes on changing, by its row; `seen_at`: the time of the latest response with it."""

    method: str
    document: dict[str, Any]
    state: str
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """The status of a database. If `migrations`, the ones not applied as in the package, has any, the rest is empty.

    `unreadable` are the values that are NULL in the tables because they could not be read; `runs` the last run of each
    command and subject; `changing` the documents that are not settled; a lake has no `partitions`.
    """

    migrations: tuple[Version, ...] = ()
    methods: tuple[Standing, ...] = ()
    failures: tuple[FailedRequest, ...] = ()
    unreadable: tuple[UnreadablePath, ...] = ()
    drift: tuple[DriftCount, ...] = ()
    partitions: tuple[PartitionsAhead, ...] = ()
    changing: tuple[ChangingDocument, ...] = ()
    runs: tuple[RecordedRun, ...] = ()

    @property
    def asks_for_attention(self) -> bool:
        """Whether the user has to act; pending captures don't count, as the next `transform` applies them."""
        return bool(self.migrations or self.failures or any(each.quarantined or each.ahead for each in self.methods))


@dataclass(frozen=True, slots=True)
class DriftedPath:
    """A path at which responses differ from samples, as etl.drift has it; the last such capture is the example."""

    method: str
    path: str
    kind: str
    seen: str
    first_seen_at: datetime
    last_seen_at: datetime
    captures: int
    document: dict[str, Any]
    request: str
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Selects captures in quarantine that match every field given.

    reason: a part of it, ignoring case; since, before: bounds of `captured_at`, the first inclusive; document: wanted
    values of some keys, as text.
    """

    numbers: Sequence[int] = ()
    state: Literal["waiting", "dropped"] | None = None
    method: str | None = None
    table: str | None = None
    reason: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    document: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """A capture in quarantine; `document` has the document's keys, `state` is waiting or dropped."""

    id: int
    method: str
    document: dict[str, Any]
    captured_at: datetime
    state: str
    table: str | None
    path: str
    value: str | None
    reason: str
    quarantined_at: datetime


@dataclass(frozen=True, slots=True)
class RowDifference:
    """A row that differs from the one derived from its document's capture.

    missing: not in the table; extra: only in the table; different: in these columns; later: later than the capture, and
    perhaps different too. `captured_at` is that of the row in the table.
    """

    table: str
    key: dict[str, Any]
    kind: DifferenceKind
    columns: tuple[str, ...] = ()
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ComparedDocument:
    """A document with its differences, or the reason why it could not be compared."""

    method: str
    document: dict[str, Any]
    differences: tuple[RowDifference, ...] = ()
    why: str | None = None

    @property
    def right(self) -> bool:
        return not self.differences and self.why is None


@dataclass(frozen=True, slots=True)
class SumDifference:
    """A group whose two sides differ; `exception` is the reason if it is known to."""

    method: str
    rule: str
    description: str
    by: dict[str, Any]
    left: int | float
    right: int | float
    exception: str | None


@dataclass(frozen=True, slots=True)
class BrokenCheck:
    """A row that breaks a check of its table."""

    method: str
    table: str
    check: str
    severity: str
    key: dict[str, Any]


class CaptureLost(EtlError):
    """The raw table no longer has the capture of a document that the tables show."""

    def __init__(self, method: Method, document: str) -> None:
        super().__init__(
            f"{method.qualified_raw_table} no longer has the response that the tables show of {document}, so its rows"
            " can't be derived again; restore it, or delete the document from the tables and etl.watermark"
        )


class Operations(Protocol):
    """A database as operators see it. Document keys are wanted values by name; methods are names of the package's."""

    def status(self, changing: Changing | None = None) -> DatabaseStatus:
        """Its captures, documents, quarantine, failed requests and runs, even if migrations are pending.

        With `changing`, also the documents that go on changing, if the package has that method.
        """

    def forget_failures(self) -> None:
        """Forget all failed requests, such as those that will never be repeated."""

    def unreadable(self) -> list[UnreadablePath]:
        """All values that could not be read, grouped by method, table and path."""

    def drifted(self, method: str | None, since: datetime | None) -> list[DriftedPath]:
        """How responses differ from samples, by method and path: of one method, or last seen at that time or later."""

    def forget_drift(self, method: str | None, since: datetime | None) -> None:
        """Forget what `drifted` lists, such as what samples have by now."""

    def entries(self, wanted: EntryFilter) -> list[Entry]:
        """The selected captures in quarantine, oldest first; raises EtlError if one of the ids selects none."""

    def mark_dropped(self, numbers: Sequence[int]) -> None:
        """Mark captures in quarantine as never to be applied; they stay in the raw table."""

    def compare(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[ComparedDocument]:
        """Compare the rows of each document with those derived from the capture that the tables show of it."""

    def different_sums(
        self, method: Method, scope: Mapping[str, Sequence[Any]], season: int | None
    ) -> Iterator[SumDifference]:
        """The groups whose sums differ, rule by rule; raises EtlError for a season if no column has it."""

    def broken_checks(self, method: Method, scope: Mapping[str, Sequence[Any]]) -> Iterator[BrokenCheck]:
        """The rows that break a check, table by table."""


def season_table(method: Method, sums: SumRules, season: int | None) -> Table:
    """The table of the documents whose sums are compared; raises EtlError for a season if it has no such column."""
    only = next(each for each in method.tables if each.qualified_name == sums.table)
    if season is not None and "season" not in {column.name for column in only.columns}:
        raise EtlError(
            f"{only.qualified_name} has no column season, by which documents of {method.name} could be chosen"
        )
    return only


def require_found(wanted: EntryFilter, found: Sequence[Entry]) -> None:
    """Raise EtlError if one of the wanted ids selects no entry."""
    if missing := set(wanted.numbers) - {each.id for each in found}:
        matching = " and matches the other filters" if wanted != EntryFilter(wanted.numbers) else ""
        raise EtlError(
            f"no capture in quarantine has the id {min(missing)}{matching}; `mlb-etl quarantine list` shows the ids"
        )


def failure_kind(why: Exception) -> str:
    """The class name that etl.failure records; every refusal of the database counts as Rejected."""
    kinds = (CorruptResponse, NotFound, Rejected, Unreachable)
    return next(kind.__name__ for kind in kinds if isinstance(why, kind))
