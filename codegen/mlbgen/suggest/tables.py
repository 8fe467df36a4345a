"""The tables of a document: one for itself and one for each list in it, with the keys of the lists around."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mlb_contracts import jsonpath, sql_types
from mlbgen.language import spec
from mlbgen.language.names import snake
from mlbgen.samples.values import value_at
from mlbgen.suggest import column_types, keys, nesting
from mlbgen.suggest.documents import TODO, Documents
from mlbgen.suggest.keys import Rows
from mlbgen.suggest.naming import Names, column_wishes, singular
from mlbgen.suggest.nesting import Level, Members

_ONE_ROW = keys.Key((), "Each document has one row.")


@dataclass(frozen=True, slots=True)
class Suggested:
    """A table, and why it has its key and some of its columns, by their names."""

    table: spec.Table
    why: str
    columns: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Around:
    """What tables of inner lists take from those around: levels with their names, and columns of their keys.

    `table` is the nearest one, if it has rows.
    """

    levels: tuple[tuple[str, Level], ...] = ()
    columns: tuple[spec.Column, ...] = ()
    table: spec.Table | None = None


@dataclass(slots=True)
class _Tables:
    documents: Documents
    values: Sequence[object]  # the documents of the samples
    schema: str
    stem: str
    names: Names
    found: list[Suggested] = field(default_factory=list)

    def see(self, level: Level, around: _Around, name: str) -> None:
        """Add the tables of the level and of those in it; `name` is the level's variable."""
        levels = around.levels if level is self.documents.root else (*around.levels, (name, level))
        inner = _Around(levels, around.columns, around.table)
        if levels == around.levels:
            inner = self._add(level, inner, name, [], _ONE_ROW)
        else:
            inner = self._add_of_list(level, inner, name, keys.choose(level, name, _rows_of(levels, self.values)))
        for each in level.inner:
            wish = singular(each.members[-1]) if each.members else f"{name}_item"
            longer = "_".join((*map(snake, each.members[:-1]), wish))
            taken = [self.documents.variable, *(variable for variable, _ in levels)]
            self.see(each, inner, Names("variable", taken).take(wish, longer, f"{wish}_item"))

    def _add_of_list(self, level: Level, around: _Around, name: str, key: keys.Key) -> _Around:
        taken = Names("column", [*self.documents.keys, *(each.name for each in around.columns)])
        rows = _rows_of(around.levels, self.values)
        own = [_column(level, name, members, taken, rows, in_key=True)[0] for members in key.members]
        if not key.members:
            own.append(_place(level, name, taken))
        columns = around.columns
        if key.in_document:
            columns = tuple(each.model_copy(update={"nullable": True}) for each in columns)
        return self._add(level, _Around(around.levels, columns, around.table), name, own, key)

    def _add(
        self,
        level: Level,
        around: _Around,
        name: str,
        own: list[spec.Column],
        key: keys.Key,
    ) -> _Around:
        """Add the level's table, unless it would have only columns of keys that its inner tables have too."""
        primary = [*self.documents.keys, *(each.name for each in (*around.columns, *own) if not each.nullable)]
        taken = Names("column", [*self.documents.keys, *(each.name for each in (*around.columns, *own))])
        left_out = {*key.members, *(self.documents.taken if level is self.documents.root else ())}
        rows = _rows_of(around.levels, self.values)
        made = [_column(level, name, each, taken, rows) for each in level.values if each not in left_out]
        inner = (*around.columns, *own)
        if not made and not key.members:
            return _Around(around.levels, inner)
        table = spec.Table(
            name=f"{self.schema}.{self.names.take(*self._wishes(level))}",
            description=TODO,
            rows=_rows(self.documents.variable, around.levels),
            primary_key=primary,
            columns=[*inner, *(column for column, _ in made)],
            foreign_keys=_foreign_keys(around.table, primary),
        )
        self.found.append(Suggested(table, key.why, {column.name: reason for column, reason in made if reason}))
        return _Around(around.levels, inner, table)

    def _wishes(self, level: Level) -> Iterator[str]:
        """Names for the table: of the stem, and of as many members on the way as are needed."""
        if level is self.documents.root:
            yield self.stem
            return
        words = [snake(member) for member in _members(level)]
        for start in range(len(words) - 1, -1, -1):
            below = "_".join(words[start:])
            if f"_{self.stem}".endswith(f"_{below}"):
                yield self.stem
            yield f"{self.stem}_{below}"


def suggest(documents: Documents, values: Sequence[object], schema: str, stem: str, names: Names) -> list[Suggested]:
    """The tables of documents with these values, in a schema; `stem` begins their names, `names` are taken."""
    tables = _Tables(documents, values, schema, stem, names)
    tables.see(documents.root, _Around(), documents.variable)
    if not tables.found:
        keys_only = spec.Table(
            name=f"{schema}.{names.take(stem)}",
            description=TODO,
            primary_key=list(documents.keys),
            columns=key_columns(documents),
        )
        tables.found.append(Suggested(keys_only, _ONE_ROW.why, {}))
    return tables.found


def key_columns(documents: Documents) -> list[spec.Column]:
    """The columns of every table that have the documents' keys."""
    columns = []
    for name, key in documents.keys.items():
        origin = {"path": key.path} if key.parameter is None else {"parameter": key.parameter}
        facts = {"name": name, "type": key.type, **origin, "nullable": False, "description": TODO}
        columns.append(spec.Column.model_validate(facts))
    return columns


def _rows_of(levels: Sequence[tuple[str, Level]], values: Sequence[object]) -> Rows:
    """The rows of each document: of the document itself without levels."""
    if not levels:
        return [[(nesting.Item("$", value),)] for value in values]
    return [list(nesting.rows(tuple(each for _, each in levels), value)) for value in values]


def _members(level: Level) -> Sequence[str]:
    """The members on the level's whole path."""
    return [part for part in jsonpath.parse(level.path) or () if isinstance(part, str)] or ["items"]


def _rows(variable: str, levels: Sequence[tuple[str, Level]]) -> dict[str, str]:
    found = {}
    root = variable
    for name, level in levels:
        found[name] = f"{jsonpath.below(root, level.members)}{'.*' if level.is_map else '[*]'}"
        root = name
    return found


def _foreign_keys(parent: spec.Table | None, primary: list[str]) -> list[spec.ForeignKey]:
    """The foreign key to the table of the list around, if its key begins this one."""
    if parent is None or primary[: len(parent.primary_key)] != parent.primary_key:
        return []
    return [spec.ForeignKey(columns=parent.primary_key, references=parent.name)]


def _place(level: Level, name: str, taken: Names) -> spec.Column:
    """The column with the item's place in its list, or its key in its map."""
    if level.is_map:
        key = taken.take(f"{name}_key")
        return spec.Column(name=key, type="text", key_of=name, nullable=False, description=TODO)
    index = taken.take(f"{name}_index")
    return spec.Column(name=index, type="integer", index_of=name, nullable=False, description=TODO)


def _column(
    level: Level, name: str, members: Members, taken: Names, rows: Rows, *, in_key: bool = False
) -> tuple[spec.Column, str]:
    """The column with the value at these members, and why it is so, if that is not plain."""
    values = {value_at(row[-1].value, members) for document in rows for row in document} - {None}
    last = members[-1] if members else name
    choice = column_types.choose(values, last, level.values[members].type)
    facts: dict[str, object] = {"name": taken.take(*_wishes(name, members, choice)), "type": choice.type}
    facts |= {"path": jsonpath.below(name, members)} if members else {"item_of": name}
    facts |= {"convert": choice.convert} if choice.convert else {}
    facts |= {"null_if": list(choice.null_if)} if choice.null_if else {}
    facts |= {"nullable": False} if in_key else {}
    return spec.Column.model_validate(facts | {"description": TODO}), choice.why


def _wishes(name: str, members: Members, choice: column_types.Choice) -> list[str]:
    """Names for the column; one that is converted to another unit says so."""
    unit = "" if choice.convert is None else sql_types.converted_unit(choice.convert)
    around = "response" if name == "$" else name
    wishes = list(column_wishes(around, members)) if members else [name, f"{name}_value"]
    return [f"{wish}_{unit}" for wish in wishes] if unit else wishes
