"""Collects bodies that arrive in pieces, perhaps gzipped, up to a size limit after decompression."""

import zlib

from mlb_etl.errors import CorruptResponse, Rejected

_GZIP = zlib.MAX_WBITS | 16


class TooLarge(Rejected):
    """The body exceeds the size limit."""

    def __init__(self, most: int) -> None:
        super().__init__(f"larger than {most >> 20} MiB, the limit set by MLB_ETL_MAX_BODY", value=f"> {most} bytes")


class PlainBody:
    """A body without compression, at most `most` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, piece: bytes) -> None:
        """Add a piece; raises TooLarge."""
        self._size += len(piece)
        if self._size > self._most:
            self._pieces.clear()
            raise TooLarge(self._most)
        self._pieces.append(piece)

    def whole(self) -> bytes:
        """The collected body."""
        return b"".join(self._pieces)


class GzipBody(PlainBody):
    """A gzipped body, decompressed to at most `most` bytes."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self._unzip = zlib.decompressobj(_GZIP)
        self._within = False  # inside a gzip member; a file may have several

    def add(self, piece: bytes) -> None:
        """Add a piece; raises TooLarge, and CorruptResponse if it is not gzip."""
        while piece := piece.lstrip(b"\0") if self._unzip.eof else piece:  # zeros between members are padding
            if self._unzip.eof:
                self._unzip = zlib.decompressobj(_GZIP)
            try:
                unzipped = self._unzip.decompress(piece, self._most - self._size + 1)
            except zlib.error as error:
                raise CorruptResponse(f"can't be decompressed: {error}") from error
            super().add(unzipped)
            self._within = not self._unzip.eof
            piece = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail

    def whole(self) -> bytes:
        """The decompressed body; raises CorruptResponse if it ends too soon."""
        if self._within:
            raise CorruptResponse("can't be decompressed: it ends too early")
        return super().whole()


def gunzip(content: bytes, most: int) -> bytes:
    """The decompressed content, at most `most` bytes; raises TooLarge, and CorruptResponse if it is not gzip."""
    body = GzipBody(most)
    body.add(content)
    return body.whole()
