"""Removes values that decoders accept but columns can't store: U+0000 in texts, too many digits, absurd times.

They are so rare that this only runs after rows could not be packed or the database refused them.
"""

from collections.abc import Callable, Sequence

from mlb_contracts import Column, Method, Row, sql_types
from mlb_etl.extract.lenient import Misfits

Refusal = Callable[[object], str | None]  # returns why a value can't be stored, None if it can


def without_unstorable(method: Method, rows: Sequence[list[Row]], misfits: Misfits) -> list[list[Row]]:
    """The rows with NULL for each optional value that can't be stored, which is added to the misfits."""
    made = []
    for table, its in zip(method.tables, rows, strict=True):
        misfits.table = table.qualified_name
        optional = [
            (place, column.paths[0], refusal)
            for place, column in enumerate(table.columns)
            if column.paths and not {*column.paths} & {*method.required} and (refusal := _refusal(column))
        ]
        made.append([_row(row, optional, misfits) for row in its])
    return made


def _row(row: Row, optional: Sequence[tuple[int, str, Refusal]], misfits: Misfits) -> Row:
    values = list(row)
    for place, path, refusal in optional:
        if (reason := refusal(values[place])) is not None:
            misfits.converted(path, values[place], reason)
            values[place] = None
    return tuple(values)


def _refusal(column: Column) -> Refusal | None:
    of_type = sql_types.parse_type(column.type)
    return None if of_type is None else sql_types.storage_problem(of_type)
