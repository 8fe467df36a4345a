"""The text of SQL scripts: views, as they were written, with their unique index and comments."""

from collections.abc import Iterable, Iterator, Sequence

from sqlglot import exp

from mlbgen.language.names import SqlName
from mlbgen.postgres import nodes, printer
from mlbgen.postgres.scripts import statement_lines
from mlbgen.postgres.view import View


def create_view(view: View) -> str:
    """Create the view with its unique index and comments; a materialized one is filled at once."""
    head = f"CREATE {_kind(view)} {printer.line(_name(view))} AS\n{view.query};\n"
    return "\n".join(filter(None, (head, statement_lines((*_indexes(view), *_comments(view))))))


def describe_view(view: View) -> str:
    """Comment on the view and its columns."""
    return statement_lines(_comments(view))


def drop_views(views: Sequence[View]) -> str:
    """Drop the views in this order. Those that are missing were dropped because of what the migration changes."""
    return "".join(f"DROP {_kind(each)} IF EXISTS {printer.line(_name(each))};\n" for each in views)


def new_schemas(views: Iterable[View], known: Iterable[SqlName]) -> list[SqlName]:
    """The schemas of the views that have no table."""
    return sorted({each.schema for each in views} - {*known})


def _kind(view: View) -> str:
    return "MATERIALIZED VIEW" if view.materialized else "VIEW"


def _name(view: View) -> exp.Table:
    return nodes.table(view.schema, view.name)


def _indexes(view: View) -> Iterator[exp.Create]:
    if view.index is not None:
        params = exp.IndexParameters(columns=nodes.columns(view.key))
        index = exp.Index(this=nodes.name(view.index), table=_name(view), params=params)
        yield exp.Create(this=index, kind="INDEX", unique=True)


def _comments(view: View) -> Iterator[exp.Comment]:
    yield exp.Comment(this=_name(view), kind=_kind(view), expression=exp.Literal.string(view.description))
    for column in view.columns:
        on = exp.Column(this=nodes.name(column.name), table=nodes.name(view.name), db=nodes.name(view.schema))
        yield exp.Comment(this=on, kind="COLUMN", expression=exp.Literal.string(column.description))
