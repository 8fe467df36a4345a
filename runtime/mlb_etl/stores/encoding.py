"""Bodies of responses as raw tables keep them: compressed by zstd, or as they came."""

from typing import NamedTuple

import zstandard

from mlb_contracts import Body
from mlb_etl import settings
from mlb_etl.errors import Rejected
from mlb_etl.http.bodies import TooLarge
from mlb_etl.settings import Encoding

HEAD = 18
"""Bytes of a body, at most, that tell how large it is as it came."""

_LEVEL = 1  # compresses live feeds as well as level 3 does (85 kB of 614), in 1.3 ms instead of 1.6
_DAMAGED = (
    "its body in the raw table is damaged: {}; delete that row, and fetch the response again by `mlb-etl replay`,"
    " `load` or `ingest`"
)


class Kept(NamedTuple):
    """A body as a raw table has it."""

    encoding: str
    body: Body

    def whole(self) -> Body:
        """The body as it came.

        Raises TooLarge for one that would decompress to more than MLB_ETL_MAX_BODY, and Rejected for a damaged one.
        """
        if self.encoding == "identity":
            return self.body
        try:
            return _decompressed(self.body, settings.max_body())
        except zstandard.ZstdError as error:
            raise Rejected(_DAMAGED.format(error), path="body", value=self.encoding) from error


def keep(data: bytes, encoding: Encoding) -> Kept:
    """The body as a raw table stores it; raises TooLarge for one that could not be read back."""
    if len(data) > (most := settings.max_body()):
        raise TooLarge(most)
    if encoding == "identity" or not data:
        return Kept("identity", data)
    return Kept(encoding, zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(data))


def size(head: Kept, stored: int) -> int | None:
    """Bytes that a body had when it came, of how it begins and its bytes in the table; None where it does not say."""
    if head.encoding == "identity":
        return stored
    try:
        claimed = zstandard.frame_content_size(head.body)
    except zstandard.ZstdError:
        return None
    return claimed if claimed >= 0 else None


def _decompressed(body: Body, most: int) -> bytes:
    # The decoder trusts the size that a frame claims: it ignores the bound then, and stops where that size is 0.
    claimed = zstandard.frame_content_size(body)
    if claimed > most:
        raise TooLarge(most)
    if claimed == 0:
        raise zstandard.ZstdError("it claims to be empty")
    return zstandard.ZstdDecompressor().decompress(body, max_output_size=most, allow_extra_data=False)
