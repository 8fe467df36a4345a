"""A plan as plain values: the migration, the views, the rows of the captures, and what is applied again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mlb_contracts import Row
from mlbgen.language.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class Form:
    """A table as its extractor fills it: its columns with types and paths, in the order of the rows, and its key."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    paths: tuple[tuple[str, ...], ...]
    key: tuple[str, ...]

    def key_of(self, row: Row) -> dict[str, object]:
        """The values of the row's primary key, by column."""
        return {name: row[self.columns.index(name)] for name in self.key}


NO_FORM = Form((), (), (), ())


@dataclass(frozen=True, slots=True)
class MigrationPlan:
    """The next migration: each change with its table, and the script that `mlbgen migrate` would write.

    `needs` lists the options without which it is refused. What no option allows is `refused`; then there is no script.
    """

    version: int
    changes: tuple[tuple[str, str], ...] = ()
    sql: str = ""
    needs: tuple[str, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class ViewPlan:
    """A view that changes, with the columns that it gets and loses."""

    name: str
    change: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """A value before and after, how many values change so, and the key of the first such row."""

    before: object
    after: object
    count: int
    key: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """A column that is added, removed or changed; `before` and `after` are its names, None where it does not exist.

    `rows` counts the rows compared, and `values` those of an added or removed column that are not NULL. Of a column
    that stays, `changed` counts the values that change, of which some become NULL, and some were NULL.
    """

    before: str | None
    after: str | None
    types: tuple[str | None, str | None]
    paths: tuple[tuple[str, ...], tuple[str, ...]]
    rows: int
    values: int = 0
    changed: int = 0
    became_null: int = 0
    were_null: int = 0
    examples: tuple[Transition, ...] = ()

    @property
    def name(self) -> str:
        """Its name after the edit, or before it if it is removed."""
        return self.after or self.before or ""


@dataclass(frozen=True, slots=True)
class TablePlan:
    """A table whose form or rows change; `before` or `after` is None if it does not exist then.

    `matched_by` lists the columns by which rows were compared, by their new names. `added_rows` and `removed_rows` are
    examples, with the values of all columns.
    """

    name: str
    before: Form | None
    after: Form | None
    matched_by: tuple[str, ...]
    rows: tuple[int, int]
    added: int
    removed: int
    changed: int
    columns: tuple[ColumnPlan, ...]
    added_rows: tuple[Row, ...]
    removed_rows: tuple[Row, ...]

    @property
    def rows_change(self) -> bool:
        """Whether any row is added, removed or changed."""
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class Decision:
    """A document that is newly rejected, or no longer, or a file that can't be read, with the reason."""

    file: str
    why: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """How many there are, and the first of them."""

    count: int = 0
    examples: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True)
class UnreadablePlan:
    """Values at a path that can't be read, so they are NULL: how many before and after, and an example."""

    table: str
    path: str
    before: int
    after: int
    example: str


@dataclass(frozen=True, slots=True)
class MethodPlan:
    """A method whose code changes: its captures among those read, and the documents in them.

    With another fingerprint the runtime applies all captures of the method again.
    """

    name: str
    fingerprints: tuple[str | None, str | None]
    captures: int
    rejected: Decisions
    accepted: Decisions

    @property
    def applied_again(self) -> bool:
        """Whether the runtime applies captures again; a method without a mapping applies none."""
        return self.fingerprints[0] != self.fingerprints[1] and self.fingerprints[1] is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an edit changes. `since` names what it is compared with, `modules` the generated files that differ.

    `captures` counts the captures read; None if none had to be, since no extractor changes.
    """

    since: str
    modules: tuple[str, ...] = ()
    migration: MigrationPlan | None = None
    views: tuple[ViewPlan, ...] = ()
    tables: tuple[TablePlan, ...] = ()
    methods: tuple[MethodPlan, ...] = ()
    unreadable: tuple[UnreadablePlan, ...] = ()
    captures: int | None = None
    unread: Decisions = field(default_factory=Decisions)

    def __bool__(self) -> bool:
        return bool(self.modules or self.migration or self.views)

    @property
    def impossible(self) -> bool:
        """Whether no option of `mlbgen migrate` allows the change."""
        return self.migration is not None and bool(self.migration.refused)
