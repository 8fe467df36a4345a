"""Watermarks as locks: who applies captures of a document is alone with it, whether it is known or new."""

import psycopg
import pytest
from samples import at, connect

from mlb_etl.errors import DatabaseUnavailable, Rejected
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Watermark
from mlb_etl.stores.postgres.quarantine import Quarantine
from mlb_etl.stores.postgres.watermark import Watermarks

KNOWN, NEW = '{"game_pk": 1}', '{"game_pk": 2}'
MARK = Watermark(at(0), bytes(32), "1")
WAITS = "SELECT FROM etl.watermark WHERE document = %s FOR UPDATE"


def test_documents_are_locked_until_the_transaction_ends(sample_database: str) -> None:
    with connect(sample_database) as one, connect(sample_database) as other:
        marks = Watermarks(one, "sample.game")
        marks.lock({KNOWN: MARK})
        other.execute("SET lock_timeout = '100ms'")
        with one.transaction():
            assert marks.lock({NEW: MARK, KNOWN: MARK}) == {KNOWN: MARK}
            with pytest.raises(psycopg.errors.LockNotAvailable):
                other.execute(WAITS, [KNOWN])
            with pytest.raises(psycopg.errors.LockNotAvailable):
                Watermarks(other, "sample.game").lock({NEW: MARK})
        assert Watermarks(other, "sample.game").lock({NEW: MARK, KNOWN: MARK}) == {NEW: MARK, KNOWN: MARK}


def test_a_note_waits_for_who_applies_captures_of_the_document(sample_database: str) -> None:
    capture = StoredCapture(
        (1,), KNOWN, at(1), at(1), bytes(32), {}, ahead=False, note=None, quarantine=None, applied=None
    )
    with connect(sample_database) as one, connect(sample_database) as other:
        Watermarks(one, "sample.game").lock({KNOWN: MARK})
        other.execute("SET lock_timeout = '100ms'")
        with one.transaction():
            Watermarks(one, "sample.game").lock({KNOWN: MARK})
            with pytest.raises(DatabaseUnavailable, match="lock timeout"):
                Quarantine(other, "sample.game").add(capture, Rejected("a reason"))
        assert Quarantine(other, "sample.game").add(capture, Rejected("a reason")) is not None
