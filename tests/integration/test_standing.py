"""What a capture is stands twice, in Python and in SQL: the two say the same, whatever is shown and put aside."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from psycopg import sql
from sample_tables.game import METHOD
from samples import connect

from mlb_contracts.response import Response
from mlb_etl.extract.answer import one_document
from mlb_etl.laws.standing import standing
from mlb_etl.stores.postgres import standing as in_sql
from mlb_etl.stores.postgres.raw import RawWriter

NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)
FIRST, AGAIN = NOON, NOON + timedelta(minutes=10)
TIMES = [NOON + timedelta(minutes=minutes) for minutes in (-5, 0, 5, 10, 15)]
SHOW = """
INSERT INTO etl.watermark (method, document, as_of, content_hash, fingerprint)
VALUES (%s, '{"game_pk": 1}', %s, %s, %s)
"""
PUT_ASIDE = """
INSERT INTO etl.quarantine (method, document, captured_at, content_hash, state, path, reason)
SELECT %s, '{"game_pk": 1}', captured_at, content_hash, %s, '$', '' FROM sample.raw_game
"""


@pytest.mark.parametrize("aside", [None, "waiting", "dropped"])
def test_python_and_sql_agree(sample_database: str, aside: str | None) -> None:
    body = b'{"gamePk": 1}'
    [held] = one_document(body, {"game_pk": 1})
    query = sql.SQL("SELECT as_of, standing, shown, unapplied FROM ({}) AS capture ORDER BY as_of").format(
        in_sql.captures(METHOD)
    )
    compared = set()
    with connect(sample_database) as connection:
        raw = RawWriter(connection, METHOD)
        for at in (FIRST, AGAIN):
            raw.store(Response("sample", "game", {"game_pk": "1"}, {}, "", 200, at, body), [held])
        if aside is not None:
            connection.execute(PUT_ASIDE, [METHOD.name, aside])
        watermarks = [None, *product(TIMES, (held.content_hash, bytes(32)), (METHOD.fingerprint, "before"))]
        for watermark in watermarks:
            connection.execute("DELETE FROM etl.watermark")
            if watermark is not None:
                connection.execute(SHOW, [METHOD.name, *watermark])
            ours = [(each.as_of, standing(each, METHOD.fingerprint)) for each in raw.captures({})]
            theirs = connection.execute(query).fetchall()
            assert [(as_of, said) for as_of, said, *_ in theirs] == ours
            compared |= {said for _, said in ours}
            its = watermark is not None and watermark[1] == held.content_hash
            at = watermark and watermark[0]
            assert {shown for *_, shown, _ in theirs} == {bool(its and at and FIRST <= at <= AGAIN)}
            last = watermark is None or (watermark[0], its) < (AGAIN, True)
            assert theirs[-1][-1] == last, "of what it was last seen with"
    assert compared == ({aside} if aside else {"pending", "later", "same", "stale"})
