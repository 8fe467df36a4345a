"""Bodies of raw tables, as they came."""

from mlb_etl.stores.encoding import Kept


def whole(encoding: str, body: bytes) -> bytes:
    """The body of a row."""
    return bytes(Kept(encoding, body).decoded())
