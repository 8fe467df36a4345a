"""A plan for people: lines that read well at 80 columns."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rich.text import Text

from mlbgen.plan.model import ColumnPlan, Decisions, Form, MigrationPlan, Plan, TablePlan, ViewPlan

_WIDTH = 80
_LONGEST = 32  # characters of a value
_SQL_LINES = 30
_NEW, _GONE, _OTHER, _HEAD, _NOTE = "green", "red", "yellow", "bold", "dim"
_SIGNS = {"+": _NEW, "-": _GONE, "~": _OTHER}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line, wrapped if it is long and `wraps`; a `note` after it only gets the room that is left."""

    indent: int
    text: str
    style: str = ""
    note: str = ""
    wraps: bool = True

    def texts(self) -> Iterator[Text]:
        """What is printed."""
        if self.note:
            room = _WIDTH - self.indent - len(self.text) - 2
            yield Text(" " * self.indent).append(f"{self.text}  ").append(_shortened(self.note, max(1, room)), _NOTE)
            return
        parts = textwrap.wrap(
            self.text,
            _WIDTH - self.indent,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for part in parts if self.wraps and parts else [self.text]:
            yield Text(f"{' ' * self.indent if part else ''}").append(part, self.style or None)


_BLANK = _Line(0, "")


def lines(plan: Plan) -> Iterator[Text]:
    """The whole plan, with a summary at its end."""
    for line in _lines(plan):
        yield from line.texts()


def _lines(plan: Plan) -> Iterator[_Line]:
    if not plan:
        yield _Line(0, f"No changes: mappings and views agree with {plan.since}.", _HEAD)
        return
    yield _Line(0, f"Compared with {plan.since}", _HEAD)
    if plan.captures is not None:
        yield _Line(2, f"{_count(plan.captures, 'capture')} read{_unread(plan.unread)}", _NOTE)
    if plan.migration is not None:
        yield from _migration(plan.migration, {each.name for each in plan.views})
    yield from _views(plan.views)
    yield from _tables(plan)
    yield from _decisions(plan)
    yield from _applied_again(plan)
    yield from _summary(plan)


def _migration(migration: MigrationPlan, views: set[str]) -> Iterator[_Line]:
    """The changes of tables, and the script, which also has those of the views."""
    yield _BLANK
    if migration.refused:
        yield _Line(0, "No migration can do this", _HEAD)
        for each in migration.refused:
            yield _Line(2, f"{each.message}: {each.help}", _GONE)
        return
    needs = f", refused without {' '.join(migration.needs)}" if migration.needs else ""
    yield _Line(0, f"Migration V{migration.version}{needs}", _HEAD)
    for name, what in migration.changes:
        if name not in views:
            yield _signed(2, _sign(what), f"{name}: {what}")
    yield _BLANK
    statements = migration.sql.partition("\n\n")[2].rstrip().splitlines()
    for statement in statements[:_SQL_LINES]:
        yield _Line(4, statement, wraps=False)
    if len(statements) > _SQL_LINES:
        yield _Line(4, f"… {len(statements) - _SQL_LINES} more lines, all of which --format json has", _NOTE)


def _views(views: tuple[ViewPlan, ...]) -> Iterator[_Line]:
    if views:
        yield _BLANK
        yield _Line(0, "Views", _HEAD)
    for view in views:
        yield _signed(2, _sign(view.change), f"{view.name}: {view.change}")
        for sign, names in (("+", view.added), ("-", view.removed)):
            for name in names:
                yield _signed(6, sign, name)


def _tables(plan: Plan) -> Iterator[_Line]:
    if plan.tables:
        yield _BLANK
        yield _Line(0, "Rows", _HEAD)
    for table in plan.tables:
        yield _signed(2, "+" if table.before is None else "-" if table.after is None else "~", _title(table))
        if table.before is not None and table.after is not None and table.before.key != table.after.key:
            yield _Line(6, f"the key was {_names(table.before.key)}", _OTHER)
            yield _Line(6, f"and becomes {_names(table.after.key)}", _OTHER)
            yield _Line(6, f"rows are compared by {_names(table.matched_by)}", _NOTE)
        for column in table.columns:
            yield from _column(column)
        yield from _rows("-", table.removed, table.removed_rows, table.before)
        yield from _rows("+", table.added, table.added_rows, table.after)


def _title(table: TablePlan) -> str:
    counts = {"changed": table.changed, "added": table.added, "removed": table.removed}
    said = ", ".join(f"{number:,} {what}" for what, number in counts.items() if number)
    before, after = table.rows
    if before != after:
        said += f" ({before:,} rows before, {after:,} after)"
    elif said:
        said += f" of {_count(after, 'row')}"
    else:
        said = f"no row changes ({_count(after, 'row')})" if after else "no rows to compare"
    return f"{table.name}: {said}"


def _column(column: ColumnPlan) -> Iterator[_Line]:
    if column.before is None or column.after is None:
        sign, kind = ("+", column.types[1]) if column.before is None else ("-", column.types[0])
        what = "have a value" if column.before is None else "lose a value"
        yield _signed(6, sign, f"{column.name} {kind}: {column.values:,} of {_count(column.rows, 'row')} {what}")
    else:
        yield _signed(6, "~", _kept(column))
        if column.paths[0] != column.paths[1]:
            yield _Line(10, f"from  {', '.join(column.paths[0]) or 'no path'}", _NOTE)
            yield _Line(10, f"to    {', '.join(column.paths[1]) or 'no path'}", _NOTE)
    for each in column.examples:
        value = f"{_value(each.before)} → {_value(each.after)}"
        if column.before is None or column.after is None:
            value = _value(each.after if column.before is None else each.before)
        yield _Line(8, f"{each.count:>6,}x  {value}", note=_key(each.key))


def _kept(column: ColumnPlan) -> str:
    """A column that stays: its new name and type, and how many values change."""
    name = f"{column.before} → {column.after}" if column.before != column.after else column.name
    retyped = f" {column.types[0]} → {column.types[1]}" if column.types[0] != column.types[1] else ""
    if not column.changed:
        return f"{name}{retyped}: no value changes"
    nulls = {"become NULL": column.became_null, "were NULL": column.were_null}
    said = "".join(f", {number:,} {what}" for what, number in nulls.items() if number)
    return f"{name}{retyped}: {column.changed:,} of {_count(column.rows, 'value')} change{said}"


def _rows(sign: str, count: int, examples: tuple[tuple[object, ...], ...], form: Form | None) -> Iterator[_Line]:
    """Added or removed rows: key and other values of the examples, and how many more there are."""
    if form is None:
        return
    for row in examples:
        key = form.key_of(row)
        others = {name: value for name, value in zip(form.columns, row, strict=True) if name not in key}
        filled = {name: value for name, value in others.items() if value is not None and name != "captured_at"}
        text = f"{_key(key)}  {_key(filled)}".rstrip()
        yield _signed(6, sign, _shortened(text, _WIDTH - 8))
    if examples and count > len(examples):
        yield _Line(8, f"… {count - len(examples):,} more", _NOTE)


def _decisions(plan: Plan) -> Iterator[_Line]:
    """Documents that are newly rejected, or no longer, and values that can't be read."""
    for title, style, found in (
        (
            "Newly rejected, so their rows stay as they are",
            _GONE,
            [(each.name, each.rejected) for each in plan.methods],
        ),
        ("No longer rejected", _NEW, [(each.name, each.accepted) for each in plan.methods]),
    ):
        if any(decisions.count for _, decisions in found):
            yield _BLANK
            yield _Line(0, title, _HEAD)
        for name, decisions in found:
            if decisions.count:
                yield _Line(2, f"{name}: {_count(decisions.count, 'document')}", style)
                for each in decisions.examples:
                    yield _Line(6, each.file)
                    yield _Line(8, each.why, _NOTE)
    if plan.unreadable:
        yield _BLANK
        yield _Line(0, "Values that can't be read, and so are NULL", _HEAD)
    for unreadable in plan.unreadable:
        style = _GONE if unreadable.after > unreadable.before else _NEW
        yield _Line(2, f"{unreadable.table}: {unreadable.before:,} before, {unreadable.after:,} after", style)
        yield _Line(6, unreadable.example, _NOTE)


def _applied_again(plan: Plan) -> Iterator[_Line]:
    again = [each for each in plan.methods if each.applied_again]
    if again:
        yield _BLANK
        yield _Line(0, "Applied again by `mlb-etl transform`, since the mapping's meaning changes", _HEAD)
    for each in again:
        yield _Line(2, f"{each.name}: every capture; {each.captures:,} of those read here", _OTHER)


def _summary(plan: Plan) -> Iterator[_Line]:
    yield _BLANK
    changes = 0 if plan.migration is None else len(plan.migration.changes)
    rows = {what: sum(getattr(each, what) for each in plan.tables) for what in ("added", "changed", "removed")}
    said = [_count(changes, "schema change"), ", ".join(f"{number:,} rows {what}" for what, number in rows.items())]
    if rejected := sum(each.rejected.count for each in plan.methods):
        said.append(f"{_count(rejected, 'document')} newly rejected")
    yield _Line(0, f"Plan: {'; '.join(said)}", _HEAD)
    steps = ["mlbgen generate"] if plan.modules else []
    if plan.migration is not None and not plan.migration.refused:
        steps.append(" ".join(("mlbgen migrate WHAT", *plan.migration.needs)))
    if steps:
        yield _Line(0, f"Next: {', then '.join(steps)}")


def _unread(unread: Decisions) -> str:
    if not unread.count:
        return ""
    first = f", such as {unread.examples[0].file}: {unread.examples[0].why}" if unread.examples else ""
    return f"; {_count(unread.count, 'file')} not{first}"


def _sign(what: str) -> str:
    """How a change in words is marked: `column venue added`."""
    words = {*what.replace(",", " ").split()}
    return "+" if "added" in words else "-" if "dropped" in words else "~"


def _key(values: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    """A value as people write it; texts in quotes, and shortened."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
    text = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)
    return _shortened(text, _LONGEST)


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _names(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)})" if names else "nothing, so none are the same"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _signed(indent: int, sign: str, text: str) -> _Line:
    return _Line(indent, f"{sign} {text}", _SIGNS[sign])
