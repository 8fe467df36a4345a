"""Bodies in raw tables are read back byte for byte or clearly refused, and never exceed the memory limit."""

import subprocess
import sys

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from mlb_etl import settings
from mlb_etl.errors import EtlError, Rejected
from mlb_etl.http.bodies import TooLarge
from mlb_etl.settings import Encoding
from mlb_etl.stores.encoding import StoredBody, encode

BODY = b'{"gamePk": 747175, "plays": []}' * 3000
FRAME = bytes(encode(BODY, "zstd").body)
SIZE_AT = 5  # where a frame of one segment says the size of its content


def claiming(size: int) -> bytes:
    """The frame, claiming another content size."""
    assert zstandard.frame_content_size(FRAME) == int.from_bytes(FRAME[SIZE_AT : SIZE_AT + 4], "little") == len(BODY)
    return FRAME[:SIZE_AT] + size.to_bytes(4, "little") + FRAME[SIZE_AT + 4 :]


@given(st.binary(max_size=3000), st.sampled_from(["zstd", "identity"]))
def test_a_stored_body_is_read_back(data: bytes, encoding: Encoding) -> None:
    kept = encode(data, encoding)
    assert kept.encoding in {encoding, "identity"}
    assert StoredBody(*kept).decoded() == data


def test_zstd_is_smaller() -> None:
    assert len(FRAME) < len(BODY) // 100


DAMAGED = {
    "cut off": FRAME[:-1],
    "one bit": FRAME[:-9] + bytes([FRAME[-9] ^ 1]) + FRAME[-8:],
    "checksum": FRAME[:-1] + bytes([FRAME[-1] ^ 1]),
    "more behind it": FRAME + b"x",
    "two frames": FRAME + FRAME,
    "no frame": BODY,
    "empty": b"",
    "claims to be empty": claiming(0),
    "claims to be shorter": claiming(len(BODY) - 1),
    "claims to be longer": claiming(len(BODY) + 1),
}


@pytest.mark.parametrize("body", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_body_is_refused(body: bytes) -> None:
    with pytest.raises(Rejected, match=r"the body in the raw table is damaged: .*; delete that row"):
        StoredBody("zstd", body).decoded()


def unsized(data: bytes) -> bytes:
    """A frame without its content size."""
    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


def test_a_frame_without_its_size_can_be_read() -> None:
    assert StoredBody("zstd", unsized(BODY)).decoded() == BODY


def test_bodies_larger_than_the_setting_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "1")
    fits, too_large = bytes(1 << 20), bytes((1 << 20) + 1)
    assert StoredBody(*encode(fits, "zstd")).decoded() == fits
    for encoding in ("zstd", "identity"):
        with pytest.raises(TooLarge, match="larger than 1 MiB, the limit set by MLB_ETL_MAX_BODY"):
            encode(too_large, encoding)
    with pytest.raises(TooLarge, match="larger than 1 MiB"):
        StoredBody("zstd", zstandard.compress(too_large)).decoded()
    with pytest.raises(Rejected):
        StoredBody("zstd", unsized(too_large)).decoded()


BOMB = """
import resource, sys, zstandard
from mlb_etl.errors import Rejected
from mlb_etl.stores.encoding import StoredBody

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

pack = zstandard.ZstdCompressor(write_content_size=sys.argv[1] == "sized").compressobj(**{sized})
body = b"".join([*(pack.compress(bytes(1 << 20)) for _ in range(1024)), pack.flush()])
before = most()
try:
    StoredBody("zstd", body).decoded()
except Rejected:
    print((most() - before) >> 10)
"""


@pytest.mark.parametrize("sized", [True, False])
def test_a_bomb_takes_little_memory(monkeypatch: pytest.MonkeyPatch, *, sized: bool) -> None:
    """One GiB, whether the frame claims its size or not."""
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "8")
    script = BOMB.replace("{sized}", "{'size': 1 << 30}" if sized else "{}")
    command = [sys.executable, "-c", script, "sized" if sized else "not"]
    used = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 0 <= int(used) < 100, "MiB, of 1024"


@pytest.mark.parametrize("text", ["", "zstd", "identity"])
def test_the_encoding_is_a_setting(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", text)
    assert settings.raw_encoding() == (text or "zstd")


@pytest.mark.parametrize("text", ["gzip", "ZSTD", " zstd", "none"])
def test_another_encoding_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("MLB_ETL_RAW_ENCODING", text)
    with pytest.raises(EtlError, match=r"MLB_ETL_RAW_ENCODING is .*: zstd or identity is expected"):
        settings.raw_encoding()
