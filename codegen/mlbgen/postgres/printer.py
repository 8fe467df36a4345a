"""How statements are laid out: as sqlglot does, but with lists of names that fill their lines."""

from typing import ClassVar

from sqlglot import exp
from sqlglot.generator import Generator
from sqlglot.generators.postgres import PostgresGenerator

INDENT = 4
_WIDTH = 100
_SIDE = 36  # characters of a list that stands beside another
_PARAMETER = "\0"  # stands for the percent sign of a parameter; PostgreSQL has no such character


class Filled(exp.Expression):
    """A list whose items are short: as many on a line as fit."""


class AddPlain(exp.Expression):
    """Of ALTER TABLE: add the column `this` of type `kind`, whose values stay in their row whatever their size."""

    arg_types: ClassVar = {"this": True, "kind": True}


class Add(exp.Expression):
    """Of ALTER TABLE: add the column or the constraint `this`."""


def line(statement: exp.Expr) -> str:
    """The statement on one line, but for the line breaks of its literals."""
    return _Printer(dialect="postgres", comments=False).generate(statement)


def block(statement: exp.Expr) -> str:
    """The statement on several lines."""
    return _Printer(
        dialect="postgres", comments=False, pretty=True, pad=INDENT, indent=INDENT, max_text_width=_SIDE
    ).generate(statement)


def sent_with_parameters(statement: exp.Expr) -> str:
    """The statement on several lines as a driver takes it that fills in parameters: each other percent sign doubled."""
    return block(statement).replace("%", "%%").replace(_PARAMETER, "%")


def _filled(generator: Generator, node: Filled) -> str:
    lines = [""]
    for item in (f"{generator.sql(each)}, " for each in node.expressions):
        if generator.pretty and lines[-1] and len(lines[-1]) + len(item) > _WIDTH:
            lines.append("")
        lines[-1] += item
    return "\n".join(each.rstrip() for each in lines).removesuffix(",")


def _add_plain(generator: Generator, node: AddPlain) -> str:
    name, kind = generator.sql(node, "this"), generator.sql(node, "kind")
    return f"ADD COLUMN IF NOT EXISTS {name} {kind},{generator.sep()}ALTER COLUMN {name} SET STORAGE PLAIN"


def _add(generator: Generator, node: Add) -> str:
    kind = "COLUMN " if isinstance(node.this, exp.ColumnDef) else ""
    return f"ADD {kind}{generator.sql(node, 'this')}"


class _Printer(PostgresGenerator):
    TRANSFORMS = PostgresGenerator.TRANSFORMS | {Filled: _filled, AddPlain: _add_plain, Add: _add}

    def placeholder_sql(self, expression: exp.Placeholder) -> str:
        return f"{_PARAMETER}({expression.name})s"

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

    def copy_sql(self, expression: exp.Copy) -> str:
        source = self.expressions(expression, key="files", flat=True)
        options = self.expressions(expression, key="params", flat=True)
        return f"COPY {self.sql(expression, 'this')} FROM {source} ({options})"

    def insert_sql(self, expression: exp.Insert) -> str:
        parts = ("expression", "conflict", "returning")
        head = f"INSERT INTO {self.sql(expression, 'this')}"
        return self.sep().join((head, *(self.sql(expression, part).lstrip() for part in parts)))

    def onconflict_sql(self, expression: exp.OnConflict) -> str:
        keys = self.expressions(expression, key="conflict_keys", flat=True)
        changes = self.expressions(expression)
        what = f"DO UPDATE SET{self.sep()}{changes}" if changes else "DO NOTHING"
        return f"ON CONFLICT ({keys}) {what}{self.sql(expression, 'where')}"

    def update_sql(self, expression: exp.Update) -> str:
        parts = ("from_", "where", "returning")
        head = f"UPDATE {self.sql(expression, 'this')} SET{self.sep()}{self.expressions(expression)}"
        return "".join((head, *(self.sql(expression, part) for part in parts)))

    def delete_sql(self, expression: exp.Delete) -> str:
        head = " ".join(("DELETE FROM", self.sql(expression, "this")))
        using = " ".join(("USING", self.expressions(expression, key="using", flat=True)))
        return "".join((head, self.sep(), using, *(self.sql(expression, part) for part in ("where", "returning"))))

    def unnest_sql(self, expression: exp.Unnest) -> str:
        """Values and names on a line each where one is too short for both."""
        values, alias = self.expressions(expression, flat=True), self.sql(expression, "alias")
        between = self.sep() if len(values) + len(alias) > _WIDTH else " "
        return f"UNNEST({values}){between}AS {alias}"

    def any_sql(self, expression: exp.Any) -> str:
        return f"ANY({self.sql(expression, 'this')})"

    def filter_sql(self, expression: exp.Filter) -> str:
        return f"{self.sql(expression, 'this')} FILTER (WHERE {self.sql(expression.expression, 'this')})"

    def cast_sql(self, expression: exp.Cast, safe_prefix: str | None = None) -> str:
        return f"{safe_prefix or ''}{self.sql(expression, 'this')}::{self.sql(expression, 'to')}"
