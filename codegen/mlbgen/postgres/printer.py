"""Layout of statements: sqlglot's, but with related parts on one line."""

from typing import ClassVar

from sqlglot import exp
from sqlglot.generator import Generator
from sqlglot.generators.postgres import PostgresGenerator

INDENT = 4
_SIDE = 36  # characters of a list that stays on one line


class Add(exp.Expression):
    """The action ADD of ALTER TABLE, for the column or constraint `this`."""


class Generated(exp.Expression):
    """Of a column: the server computes it by the expression `this` when a row is written."""


class Rename(exp.Expression):
    """Of ALTER: give the column or constraint `this`, or without it the altered index, the name `to`."""

    arg_types: ClassVar = {"this": False, "to": True, "kind": False}


class Verbatim(exp.Expression):
    """An expression that is already printed: the text `this`."""


def line(statement: exp.Expr) -> str:
    """The statement on one line, except for line breaks in its literals."""
    return _Printer(dialect="postgres", comments=False).generate(statement)


def block(statement: exp.Expr) -> str:
    """The statement on several lines."""
    return _Printer(
        dialect="postgres", comments=False, pretty=True, pad=INDENT, indent=INDENT, max_text_width=_SIDE
    ).generate(statement)


def _add(generator: Generator, node: Add) -> str:
    kind = "COLUMN " if isinstance(node.this, exp.ColumnDef) else ""
    return f"ADD {kind}{generator.sql(node, 'this')}"


def _generated(generator: Generator, node: Generated) -> str:
    return f"GENERATED ALWAYS AS ({generator.sql(node, 'this')}) STORED"


def _rename(generator: Generator, node: Rename) -> str:
    what = f"{node.args['kind']} {generator.sql(node, 'this')} " if node.this else ""
    return f"RENAME {what}TO {generator.sql(node, 'to')}"


def _written(_: Generator, node: Verbatim) -> str:
    return str(node.this)


class _Printer(PostgresGenerator):
    TRANSFORMS = PostgresGenerator.TRANSFORMS | {Add: _add, Generated: _generated, Rename: _rename, Verbatim: _written}

    def create_sql(self, expression: exp.Create) -> str:
        """Keep what follows a table's closing bracket on the same line."""
        created = super().create_sql(expression)
        return created.replace("\n)\n", "\n) ", 1) if self.pretty else created

    def alter_sql(self, expression: exp.Alter) -> str:
        of = f"ALTER {expression.args['kind']} {self.sql(expression, 'this')}"
        return f"{of}{self.sep()}{self.expressions(expression, key='actions')}"

    def checkcolumnconstraint_sql(self, expression: exp.CheckColumnConstraint) -> str:
        """Print on one line: layout must not indent what follows a line break in a literal."""
        condition = line(expression.this)
        return f"CHECK ({self._replace_line_breaks(condition)})"

    def reference_sql(self, expression: exp.Reference) -> str:
        return f"REFERENCES {self.sql(expression, 'this')} ({self.expressions(expression, flat=True)})"

    def indexparameters_sql(self, expression: exp.IndexParameters) -> str:
        using = f" USING {how}" if (how := self.sql(expression, "using")) else ""
        return f"{using} ({self.expressions(expression, key='columns', flat=True)}){self.sql(expression, 'where')}"
