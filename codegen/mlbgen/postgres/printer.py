"""How statements are laid out: as sqlglot does it, with the parts that belong together on one line."""

from sqlglot import exp
from sqlglot.generator import Generator
from sqlglot.generators.postgres import PostgresGenerator

INDENT = 4
_SIDE = 36  # characters of a list that stands beside another


class Add(exp.Expression):
    """Of ALTER TABLE: add the column or the constraint `this`."""


class Written(exp.Expression):
    """The text `this` as it stands: an expression that was written already."""


def line(statement: exp.Expr) -> str:
    """The statement on one line, but for the line breaks of its literals."""
    return _Printer(dialect="postgres", comments=False).generate(statement)


def block(statement: exp.Expr) -> str:
    """The statement on several lines."""
    return _Printer(
        dialect="postgres", comments=False, pretty=True, pad=INDENT, indent=INDENT, max_text_width=_SIDE
    ).generate(statement)


def _add(generator: Generator, node: Add) -> str:
    kind = "COLUMN " if isinstance(node.this, exp.ColumnDef) else ""
    return f"ADD {kind}{generator.sql(node, 'this')}"


def _written(_: Generator, node: Written) -> str:
    return str(node.this)


class _Printer(PostgresGenerator):
    TRANSFORMS = PostgresGenerator.TRANSFORMS | {Add: _add, Written: _written}

    def create_sql(self, expression: exp.Create) -> str:
        """What follows a table's closing bracket stands on its line."""
        created = super().create_sql(expression)
        return created.replace("\n)\n", "\n) ", 1) if self.pretty else created

    def alter_sql(self, expression: exp.Alter) -> str:
        return f"ALTER TABLE {self.sql(expression, 'this')}{self.sep()}{self.expressions(expression, key='actions')}"

    def checkcolumnconstraint_sql(self, expression: exp.CheckColumnConstraint) -> str:
        """On one line; the layout must not move what follows a line break in a literal."""
        condition = line(expression.this)
        return f"CHECK ({self._replace_line_breaks(condition)})"

    def reference_sql(self, expression: exp.Reference) -> str:
        return f"REFERENCES {self.sql(expression, 'this')} ({self.expressions(expression, flat=True)})"

    def indexparameters_sql(self, expression: exp.IndexParameters) -> str:
        using = f" USING {how}" if (how := self.sql(expression, "using")) else ""
        return f"{using} ({self.expressions(expression, key='columns', flat=True)}){self.sql(expression, 'where')}"
