"""One SQL file of a view: CREATE VIEW, its comments and, of a materialized view, its unique index; nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from mlbgen.language.names import SqlName, is_sql_name
from mlbgen.postgres.view import View
from mlbgen.views.report import ViewReport

_ALLOWED = "a file has one CREATE [MATERIALIZED] VIEW schema.name AS SELECT, COMMENT ON and CREATE UNIQUE INDEX"
_UNREADABLE = "this is not SQL that mlbgen can read"
_SYNTAX = "check the syntax with psql; mlbgen reads PostgreSQL's dialect by sqlglot"
_HEAD = 8  # tokens before the query, at most: CREATE MATERIALIZED VIEW schema . name AS
_REFUSED = SqlName("refused")  # stands for a name that was reported


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement's tokens and text; `start` is its offset in the file."""

    tokens: list[Token]
    text: str
    start: int


@dataclass(slots=True)
class WrittenView:
    """A view as its file states it. Offsets are places in the file, in characters.

    `comments` are by column, `key` has the columns of the unique index; `base` is the offset of the query.
    """

    report: ViewReport
    schema: str
    name: str
    at: int
    query: str
    tree: exp.Query
    base: int
    materialized: bool
    reads: tuple[str, ...]
    description: str | None = None
    comments: dict[str, tuple[int, str]] = field(default_factory=dict)
    index: str | None = None
    key: list[tuple[int, str]] = field(default_factory=list)

    @property
    def qualified_name(self) -> str:
        """`schema.view`."""
        return f"{self.schema}.{self.name}"

    @property
    def kind(self) -> str:
        """As statements name it."""
        return "MATERIALIZED VIEW" if self.materialized else "VIEW"

    def view(self) -> View:
        """The view, without its columns."""
        return View(
            schema=sql_name(self.schema),
            name=sql_name(self.name),
            description=self.description or "",
            columns=(),
            query=self.query,
            reads=self.reads,
            materialized=self.materialized,
            key=tuple(sql_name(name) for _, name in self.key),
            index=None if self.index is None else sql_name(self.index),
            position=self.report.position(self.at),
        )


def sql_name(text: str) -> SqlName:
    """The text as a name, or a placeholder for one that was reported."""
    return SqlName(text) if is_sql_name(text) else _REFUSED


def parse(report: ViewReport) -> WrittenView | None:
    """Read a file; None, with a report, if it creates no view."""
    if "\ufffd" in report.text or "\0" in report.text:
        report.add("MG120", 0, "the file is not UTF-8 text", "save it as UTF-8")
        return None
    try:
        statements = list(_statements(report.text))
    except SqlglotError:
        report.add("MG120", 0, "the file is not SQL: a quote or a comment is not closed", _ALLOWED)
        return None
    view: WrittenView | None = None
    for each in statements:
        if view is None:
            view = _created(report, each)
            if view is None:
                return None
        else:
            _take(view, each)
    if view is None:
        report.add("MG120", 0, "the file creates no view", _ALLOWED)
    else:
        _check_whole(view)
    return view


def _statements(text: str) -> Iterator[_Statement]:
    tokens: list[Token] = []
    for token in (*sqlglot.tokenize(text, dialect="postgres"), None):
        if token is not None and token.token_type is not TokenType.SEMICOLON:
            tokens.append(token)
        elif tokens:
            start = tokens[0].start
            yield _Statement(tokens, text[start : tokens[-1].end + 1], start)
            tokens = []


def _created(report: ViewReport, statement: _Statement) -> WrittenView | None:
    tree = _tree(report, statement)
    if tree is None:
        return None
    head = [each.text.upper() for each in statement.tokens[:_HEAD]]
    materialized = head[1:2] == ["MATERIALIZED"]
    words = 2 + materialized  # CREATE [MATERIALIZED] VIEW
    named = statement.tokens[words : words + 4]
    if head[:words][:: words - 1] != ["CREATE", "VIEW"] or [each.text for each in named[1::2]][:1] != ["."]:
        report.add("MG120", statement.start, "the first statement does not create a view of a schema", _ALLOWED)
        return None
    if not isinstance(tree, exp.Create) or len(head) < words + 4 or head[words + 3] != "AS":
        at = named[-1].start
        report.add("MG120", at, "expected AS and a query after the view's name, without options", _ALLOWED)
        return None
    query = tree.expression
    if not isinstance(query, exp.Query):
        report.add("MG120", statement.start, "a view is made of a query: SELECT, WITH or UNION", _ALLOWED)
        return None
    schema, name = named[0].text, named[2].text
    for token in (named[0], named[2]):
        if not is_sql_name(token.text):
            report.add("MG120", token.start, f'"{token.text}" is not a name in snake_case of at most 63 characters')
    base = named[3].end + 1
    body = report.text[base : statement.start + len(statement.text)]
    lines = (line.rstrip() for line in body.strip().splitlines())
    return WrittenView(
        report=report,
        schema=schema,
        name=name,
        at=named[0].start,
        query="\n".join(lines),
        tree=query,
        base=statement.start,
        materialized=materialized,
        reads=tuple(sorted({f"{each.db}.{each.name}" for each in query.find_all(exp.Table) if each.db})),
    )


def _take(view: WrittenView, statement: _Statement) -> None:
    """A statement after the first: a comment or the unique index."""
    report = view.report
    tree = _tree(report, statement)
    match tree:
        case None:
            return
        case exp.Comment(this=exp.Table() as of) if _is(view, of) and _commented(tree) == view.kind:
            view.description = _text(view, statement, tree)
        case exp.Comment(this=exp.Column() as of) if (of.args.get("db"), of.table) and _owns(view, of):
            view.comments[of.name] = (statement.start, _text(view, statement, tree))
        case exp.Create(kind="INDEX", this=exp.Index() as index) if view.index is None and _is_key(tree, index, view):
            view.index = index.name
            columns = index.args["params"].args["columns"]
            view.key = [(statement.start + each.this.this.meta["start"], each.this.name) for each in columns]
        case _:
            help_ = f"allowed here: COMMENT ON {view.kind} {view.qualified_name}, COMMENT ON COLUMN of it"
            key = f", one CREATE UNIQUE INDEX name ON {view.qualified_name} (columns)" if view.materialized else ""
            report.add("MG120", statement.start, "this statement does not belong to the file of a view", help_ + key)


def _is(view: WrittenView, of: exp.Table) -> bool:
    return f"{of.db}.{of.name}" == view.qualified_name


def _owns(view: WrittenView, of: exp.Column) -> bool:
    return f"{of.text('db')}.{of.table}" == view.qualified_name


def _commented(tree: exp.Comment) -> str:
    return "MATERIALIZED VIEW" if tree.args.get("materialized") else str(tree.args["kind"]).upper()


def _is_key(tree: exp.Create, index: exp.Index, view: WrittenView) -> bool:
    """Whether it is a unique index on the view over plain columns, as REFRESH ... CONCURRENTLY needs."""
    params = index.args.get("params")
    if not view.materialized or not tree.args.get("unique") or params is None or not _is(view, index.args["table"]):
        return False
    columns = params.args.get("columns") or []
    plain = all(isinstance(each, exp.Ordered) and isinstance(each.this, exp.Column) for each in columns)
    return plain and bool(columns) and not params.args.get("where") and bool(index.name)


def _text(view: WrittenView, statement: _Statement, tree: exp.Comment) -> str:
    text = tree.expression
    if not isinstance(text, exp.Literal) or not text.is_string or not text.this.strip():
        view.report.add("MG124", statement.start, "the comment is empty, or not a plain string", "write IS 'text'")
        return "?"
    return str(text.this)


def _tree(report: ViewReport, statement: _Statement) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(statement.text, dialect="postgres")
    except RecursionError:
        report.add("MG120", statement.start, "the statement is nested too deeply")
    except ParseError as error:
        report.add("MG120", statement.start + _offset(statement.text, error), _UNREADABLE, _SYNTAX)
    except SqlglotError:
        report.add("MG120", statement.start, _UNREADABLE, _SYNTAX)
    return None


def _offset(text: str, error: ParseError) -> int:
    """Where the parser stopped: it tells the line, and the column behind the token."""
    where = error.errors[0] if error.errors else {}
    before = text.splitlines(keepends=True)[: (where.get("line") or 1) - 1]
    return sum(map(len, before)) + max((where.get("col") or 0) - len(where.get("highlight") or ""), 0)


def _check_whole(view: WrittenView) -> None:
    report = view.report
    if view.description is None:
        help_ = f"add COMMENT ON {view.kind} {view.qualified_name} IS '...'"
        report.add("MG124", view.at, "the view has no comment", help_)
    if view.materialized and view.index is None:
        help_ = f"add CREATE UNIQUE INDEX {view.name}_key ON {view.qualified_name} (...)"
        report.add("MG125", view.at, "a materialized view needs a unique key, to be refreshed while it is read", help_)
    elif view.index is not None and not is_sql_name(view.index):
        report.add("MG120", view.key[0][0], f'"{view.index}" is not a name in snake_case of at most 63 characters')
