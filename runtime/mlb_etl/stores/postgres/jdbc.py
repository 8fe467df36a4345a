"""What a JVM needs to read captures from a raw table by JDBC: table, columns, conditions and credentials."""

from collections.abc import Iterable

from psycopg import sql

from mlb_contracts import Method
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.settings import Settings
from mlb_etl.stores.postgres import db, standing

_IDENTITY = ("request", "captured_at", "content_hash")
COLUMNS = (*_IDENTITY, "encoding", "body")


def raw_table(method: Method) -> str:
    """The raw table, as SQL."""
    return standing.raw_table(method).as_string()


def condition(captures: Iterable[StoredCapture]) -> str:
    """The condition under which a row of the raw table is the response of one of these captures, as SQL."""
    answers = (sql.SQL(", ").join(map(sql.Literal, each)) for each in dict.fromkeys(each.answer for each in captures))
    rows = sql.SQL(", ").join(map(sql.SQL("({})").format, answers))
    names = sql.SQL(", ").join(map(sql.Identifier, _IDENTITY))
    return sql.SQL("({}) IN ({})").format(names, rows).as_string()


def credentials(settings: Settings) -> dict[str, str]:
    """The user, and the password if the server asks for one, wherever libpq takes them from."""
    with db.connect(settings) as connection:
        found = {"user": connection.info.user, "password": connection.info.password}
    return {name: value for name, value in found.items() if value}
