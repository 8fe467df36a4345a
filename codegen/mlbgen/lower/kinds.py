"""What kind of value an SQL expression has, as far as its operands tell; it must mean the same in every session.

Only expressions that PostgreSQL calls immutable pass, since their results are stored.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

from sqlglot import exp

from mlb_contracts.sql_types import SqlType

# "string" is a quoted literal, whose type follows from what it is compared with; "nothing" is NULL.
Kind: TypeAlias = Literal[
    "integer", "numeric", "double", "text", "boolean", "date", "time", "uuid", "string", "nothing", "unknown"
]

_KINDS: Mapping[str, Kind] = {
    "smallint": "integer", "integer": "integer", "bigint": "integer", "numeric": "numeric",
    "double precision": "double", "text": "text", "boolean": "boolean", "date": "date", "timestamptz": "time",
    "uuid": "uuid",
}  # fmt: skip
_NUMBERS: tuple[Kind, ...] = ("integer", "numeric", "double")  # each holds those before it
_LITERALS: frozenset[Kind] = frozenset({"text", "date", "uuid"})  # kinds that a quoted literal can have
_SHOWN: Mapping[Kind, str] = {
    "integer": "an integer", "numeric": "a number", "double": "a double precision", "boolean": "a boolean",
    "date": "a date", "time": "a timestamptz", "uuid": "a uuid", "string": "a text", "nothing": "NULL",
}  # fmt: skip
FILLS_HELP: Mapping[Kind, str] = {
    "numeric": "make it numeric or double precision, or round the expression",
    "double": "make it numeric or double precision, or round the expression",
    "integer": "make it an integer or numeric",
}


class KindError(ValueError):
    """Operands that don't go together; the message says which, `help` what to do."""

    def __init__(self, message: str, help_: str = "") -> None:
        super().__init__(message)
        self.help = help_


def of_type(sql_type: SqlType) -> Kind:
    """The kind of a column's values."""
    return _KINDS.get(sql_type.name, "unknown")


def may_be_number(sql_type: SqlType) -> bool:
    """Whether a column's values are numbers, as far as its type tells."""
    return of_type(sql_type) in {*_NUMBERS, "unknown"}


def of_expression(node: exp.Expr, columns: Mapping[str, SqlType]) -> Kind:
    """The kind of an expression that `expressions` accepts. Raises KindError."""
    return _Reader(columns).kind(node)


def fills(kind: Kind, sql_type: SqlType) -> bool:
    """Whether a column of the type holds such values, without rounding or a conversion that depends on the session."""
    wanted = of_type(sql_type)
    if "unknown" in {kind, wanted} or kind == wanted:
        return True
    if wanted in _NUMBERS and kind in _NUMBERS:
        return wanted != "integer"
    return kind == "string" and wanted == "text"


class _Reader:
    def __init__(self, columns: Mapping[str, SqlType]) -> None:
        self.columns = columns
        self.known: dict[int, Kind] = {}  # by the node: some readers ask for the kind of an operand twice

    def kind(self, node: exp.Expr) -> Kind:
        if id(node) not in self.known:
            self.known[id(node)] = self._kind(node)
        return self.known[id(node)]

    def _kind(self, node: exp.Expr) -> Kind:
        if isinstance(node, exp.Column):
            return of_type(self.columns[node.name])
        if isinstance(node, exp.Literal):
            return "string" if node.is_string else "integer" if node.is_int else "numeric"
        return _READERS[type(node)](self, node)

    def paren(self, node: exp.Expr) -> Kind:
        return self.kind(node.this)

    def signed(self, node: exp.Expr) -> Kind:
        return self._number(node, [node.this])

    def nullif(self, node: exp.Expr) -> Kind:
        self._alike(node, [node.this, node.expression])
        return self.kind(node.this)

    def first_of(self, node: exp.Expr) -> Kind:
        return self._alike(node, [node.this, *node.expressions])

    def text(self, node: exp.Expr) -> Kind:
        return self._of_texts(node, [node.this], "text")

    def length(self, node: exp.Expr) -> Kind:
        return self._of_texts(node, [node.this], "integer")

    def joined(self, node: exp.Expr) -> Kind:
        return self._of_texts(node, [node.this, node.expression], "text")

    def like(self, node: exp.Expr) -> Kind:
        return self._of_texts(node, [node.this, node.expression], "boolean")

    def negated(self, node: exp.Expr) -> Kind:
        return self._boolean(node, [node.this])

    def both(self, node: exp.Expr) -> Kind:
        return self._boolean(node, [node.this, node.expression])

    def compared(self, node: exp.Expr) -> Kind:
        return self._compared(node, [node.this, node.expression])

    def between(self, node: exp.Expr) -> Kind:
        return self._compared(node, [node.this, node.args["low"], node.args["high"]])

    def listed(self, node: exp.Expr) -> Kind:
        return self._compared(node, [node.this, *node.expressions])

    def tested(self, node: exp.Expr) -> Kind:
        self.kind(node.this)
        return "boolean"

    def _number(self, node: exp.Expr, operands: Iterable[exp.Expr]) -> Kind:
        found = [self.kind(each) for each in operands]
        if "unknown" in found:
            return "unknown"
        for each in found:
            if each not in _NUMBERS:
                raise KindError(f"{_sql(node)} calculates with {article(each)}")
        return max(found, key=_NUMBERS.index)

    def calculated(self, node: exp.Expr) -> Kind:
        left, right = self.kind(node.this), self.kind(node.expression)
        if left == "date" and right in {"integer", "date"} and isinstance(node, exp.Sub):
            return "date" if right == "integer" else "integer"
        if isinstance(node, exp.Add) and {left, right} == {"date", "integer"}:
            return "date"
        return self._number(node, [node.this, node.expression])

    def divided(self, node: exp.Expr) -> Kind:
        divisor = node.expression.unnest()
        safe = isinstance(divisor, exp.Nullif) and divisor.expression.sql() == "0"
        if not safe and not (isinstance(divisor, exp.Literal) and divisor.to_py() != 0):
            raise KindError(
                f"{_sql(divisor)} can be zero", f"write nullif({_sql(divisor)}, 0): the result is then NULL"
            )
        kind = self._number(node, [node.this, node.expression])
        if kind == "double" and isinstance(node, exp.Mod):
            raise KindError(f"{_sql(node)}: % does not take double precision")
        return kind

    def rounded(self, node: exp.Expr) -> Kind:
        kind = self._number(node, [node.this])
        if node.args.get("decimals") is None:
            return "integer" if kind in _NUMBERS else kind
        if kind == "double":
            raise KindError(f"{_sql(node)}: PostgreSQL rounds double precision to integers only", "use numeric columns")
        return "numeric"

    def _of_texts(self, node: exp.Expr, operands: Iterable[exp.Expr], result: Kind) -> Kind:
        for each in map(self.kind, operands):
            if each not in {"text", "string", "nothing", "unknown"}:
                raise KindError(f"{_sql(node)} takes text, not {article(each)}")
        return result

    def _boolean(self, node: exp.Expr, operands: Iterable[exp.Expr]) -> Kind:
        for each in map(self.kind, operands):
            if each not in {"boolean", "nothing", "unknown"}:
                raise KindError(f"{_sql(node)} takes conditions, not {article(each)}")
        return "boolean"

    def _compared(self, node: exp.Expr, operands: Iterable[exp.Expr]) -> Kind:
        self._alike(node, operands)
        return "boolean"

    def case(self, node: exp.Expr) -> Kind:
        branches = node.args["ifs"]
        if node.this is None:
            self._boolean(node, [each.this for each in branches])
        else:
            self._alike(node, [node.this, *(each.this for each in branches)])
        results = [each.args["true"] for each in branches]
        default = node.args.get("default")
        return self._alike(node, results if default is None else [*results, default])

    def _alike(self, node: exp.Expr, operands: Iterable[exp.Expr]) -> Kind:
        """The one kind that all operands have, or can be read as."""
        found = dict.fromkeys(map(self.kind, operands))
        if "unknown" in found:
            return "unknown"
        kinds: list[Kind] = [each for each in found if each not in {"string", "nothing"}]
        if kinds and all(each in _NUMBERS for each in kinds) and "string" not in found:
            return max(kinds, key=_NUMBERS.index)
        if len(kinds) > 1 or (kinds and "string" in found and kinds[0] not in _LITERALS):
            shown = " and ".join(article(each) for each in found if each != "nothing")
            raise KindError(f"{_sql(node)} takes {shown} together, which is not possible in every session")
        return kinds[0] if kinds else "string" if "string" in found else "nothing"


_READERS: Mapping[type[exp.Expr], Callable[[_Reader, exp.Expr], Kind]] = {
    exp.Boolean: lambda _reader, _node: "boolean",
    exp.Null: lambda _reader, _node: "nothing",
    exp.Case: _Reader.case,
    exp.Paren: _Reader.paren,
    exp.Nullif: _Reader.nullif,
    exp.Length: _Reader.length,
    exp.DPipe: _Reader.joined,
    exp.Round: _Reader.rounded,
    exp.Not: _Reader.negated,
    exp.Between: _Reader.between,
    exp.In: _Reader.listed,
    exp.Is: _Reader.tested,
    **dict.fromkeys((exp.Neg, exp.Abs), _Reader.signed),
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul), _Reader.calculated),
    **dict.fromkeys((exp.Div, exp.Mod), _Reader.divided),
    **dict.fromkeys((exp.Lower, exp.Upper, exp.Trim), _Reader.text),
    **dict.fromkeys((exp.Coalesce, exp.Greatest, exp.Least), _Reader.first_of),
    **dict.fromkeys((exp.And, exp.Or), _Reader.both),
    **dict.fromkeys((exp.Like, exp.ILike), _Reader.like),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ), _Reader.compared
    ),
}


def article(kind: Kind) -> str:
    """The kind with its article, such as `an integer`."""
    return _SHOWN.get(kind, f"a {kind}")


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="postgres", comments=False)
