"""Bodies of raw tables, decompressed."""

from mlb_etl.stores.encoding import StoredBody


def whole(encoding: str, body: bytes) -> bytes:
    """The body of a row."""
    return bytes(StoredBody(encoding, body).decoded())
