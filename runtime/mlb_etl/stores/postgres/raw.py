"""Writes the raw tables: every response unchanged, and the documents it holds."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb

from mlb_contracts import Capture, Method, times
from mlb_contracts.response import Response
from mlb_etl import settings
from mlb_etl.errors import Rejected
from mlb_etl.extract import answer
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http.bodies import TooLarge
from mlb_etl.stores.encoding import encode
from mlb_etl.stores.interfaces.captures import Answered, Fate
from mlb_etl.stores.postgres import standing
from mlb_etl.stores.postgres.db import Connection, translate_errors
from mlb_etl.stores.postgres.partitions import Partitioned, Partitions
from mlb_etl.stores.postgres.raw_reader import TIMELY, RawReader

_COLUMNS = (
    *("request", "captured_at", "as_of", "last_seen_at", "seen", "endpoint", "method", "path_params", "query_params"),
    *("hydrations", "url", "status_code", "content_hash", "encoding", "body"),
)
# Whether the capture is ahead of the database's clock, and the row with the response to the request that was current at
# its time. On a tie, prefer the row with different content, so that a conflicting row's `seen` never advances.
_BEFORE = """
SELECT %(captured_at)s > clock_timestamp() + {tolerance}, before.*
FROM (SELECT) AS always
LEFT JOIN LATERAL (
    SELECT captured_at, content_hash = %(content_hash)s, last_seen_at < %(as_of)s FROM {raw} AS r
    WHERE request = %(request)s AND as_of <= %(as_of)s AND {timely}
    ORDER BY least(last_seen_at, %(as_of)s) DESC, content_hash <> %(content_hash)s DESC
    LIMIT 1
) AS before ON true
"""
_SEEN = """
UPDATE {raw} SET seen = seen + 1, last_seen_at = %(as_of)s
WHERE request = %(request)s AND captured_at = %(captured_at)s AND content_hash = %(content_hash)s
    AND last_seen_at < %(as_of)s
"""
# One statement, so that no capture lacks its documents; these may exist already if a capture was deleted.
_INSERT = """
WITH stored AS (
    INSERT INTO {raw} ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING RETURNING true
), held AS (
    INSERT INTO {documents} ({keys}, content_hash, places, request, captured_at, answer_hash)
    SELECT {keys}, item_hash, places::integer[], %(request)s, %(captured_at)s, %(content_hash)s
    FROM stored, unnest({arrays}) AS item ({keys}, item_hash, places)
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM stored
"""
_CLOCK = "SELECT clock_timestamp()"


class RawWriter(RawReader):
    """The raw table of a method, for reading and writing."""

    def __init__(self, connection: Connection, method: Method) -> None:
        super().__init__(connection, method)
        self._partitions = Partitions.of_raw(connection, method)
        self._partitioned = [Partitioned.of_raw(method), Partitioned.of_documents(method)]
        raw, documents = standing.raw_table(method), standing.documents_table(method)
        self._before = sql.SQL(_BEFORE).format(raw=raw, timely=TIMELY, tolerance=times.TOLERANCE)
        self._seen = sql.SQL(_SEEN).format(raw=raw)
        types = (*(each.type for each in method.document), "bytea", "text")
        names = sql.SQL(", ").join(sql.Identifier(key.name) for key in method.document)
        self._insert_into = sql.SQL(_INSERT).format(
            raw=raw,
            columns=sql.SQL(", ").join(map(sql.Identifier, _COLUMNS)),
            values=sql.SQL(", ").join(map(sql.Placeholder, _COLUMNS)),
            documents=documents,
            keys=names,
            arrays=sql.SQL(", ").join(
                sql.SQL("{}::{}[]").format(sql.Placeholder(f"item_{number}"), sql.SQL(each))
                for number, each in enumerate(types)
            ),
        )
        self._encoding = settings.raw_encoding()

    def store(self, response: Response, held: Sequence[HeldDocument]) -> Fate:
        """Add a response that holds these documents, or count it if the previous response had the same content.

        Raises TooLarge for a body larger than MLB_ETL_MAX_BODY.
        """
        facts = {
            "request": self._method.request_name(response.method, Capture(response.as_of, response.parameters)),
            "as_of": response.as_of,
            "content_hash": answer.content_hash(response.data, held),
        }
        asked = facts | {"captured_at": response.captured_at}
        with translate_errors(self._method.qualified_raw_table):
            ((ahead, captured_at, same, later),) = self.connection.execute(self._before, asked).fetchall()
            if ahead or not same:
                return "stored" if self._insert(response, held, asked) else "known"
            if later and self.connection.execute(self._seen, facts | {"captured_at": captured_at}).rowcount:
                return "seen"
            return "known"

    @property
    def batch(self) -> int:
        """As `RawStore` says."""
        return 1

    def store_all(self, answers: Sequence[Answered]) -> list[Fate | TooLarge]:
        """As `RawStore` says."""
        return [self._fate(*each) for each in answers]

    def _fate(self, response: Response, held: Sequence[HeldDocument]) -> Fate | TooLarge:
        try:
            return self.store(response, held)
        except TooLarge as why:
            return why

    @translate_errors()
    def now(self) -> datetime:
        """The time on the database's clock, which all processes share."""
        [(found,)] = self.connection.execute(_CLOCK).fetchall()
        now: datetime = found
        return now

    def require_present(self, response: Response) -> None:
        """Raise Rejected if the response, captured just now, is ahead of the database's clock."""
        now = self.now()
        if response.captured_at > now + times.TOLERANCE:
            ours, theirs = (f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" for time in (response.captured_at, now))
            raise Rejected(
                f"this machine's clock says {ours}, the database's {theirs}: set them, because this capture would hide"
                " all captures up to that time",
                path="captured_at",
                value=ours,
            )

    def _insert(self, response: Response, held: Sequence[HeldDocument], facts: Mapping[str, Any]) -> bool:
        """Add a row, and one for each document; return False if this capture exists already."""
        kept = encode(response.data, self._encoding)
        self._partitions.ensure({table: [response.captured_at] for table in self._partitioned})
        row = {
            **facts,
            "last_seen_at": facts["as_of"],
            "seen": 1,
            "endpoint": response.endpoint,
            "method": response.method,
            "path_params": Jsonb(dict(response.path_params)),
            "query_params": Jsonb(dict(response.query_params)),
            "hydrations": response.hydrations,
            "url": response.url,
            "status_code": response.status_code,
            "encoding": kept.encoding,
            "body": kept.body,
        }
        items = [
            *([each.keys[key.name] for each in held] for key in self._method.document),
            [each.content_hash for each in held],
            [None if each.places is None else f"{{{','.join(map(str, each.places))}}}" for each in held],
        ]
        arrays = {f"item_{number}": values for number, values in enumerate(items)}
        ((number,),) = self.connection.execute(self._insert_into, row | arrays).fetchall()
        return bool(number)
