"""Diagrams: one of each subject, with all columns, and one of all tables, with their keys."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mlbgen.dictionary import names
from mlbgen.dictionary.drawing import Box, BoxRow, Line, draw
from mlbgen.dictionary.facts import ColumnFacts, Dictionary, Subject, TableFacts

_TIMES = ("captured_at", "ingested_at")
_LEGEND = "A line leads from a table to those that refer to it: whole for foreign keys, dashed if nothing enforces it."


def diagrams(dictionary: Dictionary) -> dict[str, str]:
    """The text of each diagram, by file name."""
    tables = {table.name: table for table in dictionary.tables}
    found = {names.subject_page(each.name): _of_subject(each, tables) for each in dictionary.subjects}
    return {f"{name}.svg": drawing for name, drawing in (*found.items(), (names.EVERYTHING, _of_all(dictionary)))}


def _of_subject(subject: Subject, tables: Mapping[str, TableFacts]) -> str:
    """All columns of its tables but the two times that every table has, and the tables that foreign keys lead to."""
    own = [tables[name] for name in subject.tables]
    lines = _lines(own, tables)
    inner = {each.name for each in own}
    drawn = [each for each in lines if each.enforced or each.start in inner]
    others = sorted({each.start for each in drawn} - inner)
    boxes = [_box(each, [column.name for column in each.columns if column.name not in _TIMES]) for each in own]
    boxes += [_box(tables[name], tables[name].primary_key, faint=True) for name in others]
    return draw(subject.name, f"The tables of {subject.name} with their columns. {_LEGEND}", boxes, drawn)


def _of_all(dictionary: Dictionary) -> str:
    """The keys of all tables. Of what nothing enforces it only has keys of tables without a foreign key."""
    boxes = [_box(each, each.primary_key) for each in dictionary.tables]
    lines = _lines(map(_by_key, dictionary.tables), {table.name for table in dictionary.tables})
    return draw("All tables", f"All tables with their keys. {_LEGEND}", boxes, lines)


def _by_key(table: TableFacts) -> TableFacts:
    enforced = tuple(each for each in table.links if each.enforced)
    return replace(
        table, links=enforced or tuple(each for each in table.links if {*each.columns} <= {*table.primary_key})
    )


def _box(table: TableFacts, columns: Sequence[str], *, faint: bool = False) -> Box:
    shown = (column for column in table.columns if column.name in columns)
    return Box(table.name, table.name, tuple(_rows(shown)), faint)


def _rows(columns: Iterable[ColumnFacts]) -> Iterator[BoxRow]:
    for column in columns:
        if column.refers_to is None:
            yield BoxRow(column.name, column.type, column.key)
        else:
            table = column.refers_to.rpartition(".")[0]
            yield BoxRow(column.name, f"→ {table}", column.key, table)


def _lines(tables: Iterable[TableFacts], known: Container[str]) -> list[Line]:
    """One line for each pair of tables; a reference to the table itself, or to an unknown one, has none."""
    found: dict[tuple[str, str], bool] = {}
    for table in tables:
        for each in table.links:
            if each.table != table.name and each.table in known:
                pair = each.table, table.name
                found[pair] = found.get(pair, False) or each.enforced
    return [Line(*pair, enforced) for pair, enforced in sorted(found.items())]
