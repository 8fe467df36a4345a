"""A plan for machines: the form that docs/plan.md documents."""

from mlb_contracts import Row
from mlbgen.plan.matching import plain_text
from mlbgen.plan.model import ColumnPlan, Decisions, Form, MethodPlan, MigrationPlan, Plan, TablePlan


def as_json(plan: Plan) -> dict[str, object]:
    """The plan as plain JSON; values of columns are numbers, booleans, null, or texts as PostgreSQL writes them."""
    return {
        "changes": bool(plan),
        "since": plan.since,
        "modules": [*plan.modules],
        "migration": None if plan.migration is None else _migration(plan.migration),
        "views": [
            {"view": each.name, "change": each.change, "added": [*each.added], "removed": [*each.removed]}
            for each in plan.views
        ],
        "tables": [_table(each) for each in plan.tables],
        "methods": [_method(each) for each in plan.methods],
        "unreadable": [
            {
                "table": each.table,
                "path": each.path,
                "before": each.before,
                "after": each.after,
                "example": each.example,
            }
            for each in plan.unreadable
        ],
        "captures": plan.captures,
        "unread": _decisions(plan.unread),
    }


def _migration(migration: MigrationPlan) -> dict[str, object]:
    return {
        "version": migration.version,
        "changes": [{"name": name, "change": what} for name, what in migration.changes],
        "needs": [*migration.needs],
        "refused": [each.json() for each in migration.refused],
        "sql": migration.sql,
    }


def _table(table: TablePlan) -> dict[str, object]:
    return {
        "table": table.name,
        "change": "added" if table.before is None else "removed" if table.after is None else "changed",
        "key": {"before": _key(table.before), "after": _key(table.after)},
        "matched_by": [*table.matched_by],
        "rows": {
            "before": table.rows[0],
            "after": table.rows[1],
            "added": table.added,
            "removed": table.removed,
            "changed": table.changed,
        },
        "columns": [_column(each) for each in table.columns],
        "added": [_row(table.after, each) for each in table.added_rows],
        "removed": [_row(table.before, each) for each in table.removed_rows],
    }


def _column(column: ColumnPlan) -> dict[str, object]:
    return {
        "column": column.name,
        "change": "added" if column.before is None else "removed" if column.after is None else "changed",
        "name": {"before": column.before, "after": column.after},
        "type": {"before": column.types[0], "after": column.types[1]},
        "paths": {"before": [*column.paths[0]], "after": [*column.paths[1]]},
        "rows": column.rows,
        "values": column.values,
        "changed": column.changed,
        "became_null": column.became_null,
        "were_null": column.were_null,
        "examples": [
            {
                "before": _value(each.before),
                "after": _value(each.after),
                "count": each.count,
                "key": {name: _value(value) for name, value in each.key.items()},
            }
            for each in column.examples
        ],
    }


def _method(method: MethodPlan) -> dict[str, object]:
    return {
        "method": method.name,
        "fingerprint": {"before": method.fingerprints[0], "after": method.fingerprints[1]},
        "applied_again": method.applied_again,
        "captures": method.captures,
        "rejected": _decisions(method.rejected),
        "accepted": _decisions(method.accepted),
    }


def _decisions(decisions: Decisions) -> dict[str, object]:
    return {"count": decisions.count, "examples": [{"file": each.file, "why": each.why} for each in decisions.examples]}


def _key(form: Form | None) -> list[str]:
    return [] if form is None else [*form.key]


def _row(form: Form | None, row: Row) -> dict[str, object]:
    return {} if form is None else {name: _value(value) for name, value in zip(form.columns, row, strict=True)}


def _value(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float | str) else plain_text(value)
