"""Bodies are collected up to a size limit, and a decompression bomb takes no more memory than that."""

import gzip
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from mlb_etl.capture import stub_files
from mlb_etl.errors import CorruptResponse
from mlb_etl.http import bodies

TEXT = b'{"a": "' + b"x" * 100_000 + b'"}'


@pytest.mark.parametrize("size", [1, 7, 1000, 1_000_000])
def test_a_body_in_pieces_of_any_size(size: int) -> None:
    content = gzip.compress(TEXT[:50_000]) + gzip.compress(TEXT[50_000:]) + b"\0\0"
    body = bodies.GzipBody(len(TEXT))
    for start in range(0, len(content), size):
        body.add(content[start : start + size])
    assert body.whole() == TEXT


def test_a_body_one_byte_too_long_is_refused() -> None:
    assert bodies.gunzip(gzip.compress(TEXT), len(TEXT)) == TEXT
    with pytest.raises(bodies.TooLarge):
        bodies.gunzip(gzip.compress(TEXT), len(TEXT) - 1)
    with pytest.raises(bodies.TooLarge):
        bodies.gunzip(gzip.compress(TEXT[:-1]) + gzip.compress(TEXT[-1:]), len(TEXT) - 1)


@pytest.mark.parametrize("cut", [-1, -9, 40, 12, 3])
def test_a_truncated_gzip_body_is_corrupt(cut: int) -> None:
    with pytest.raises(CorruptResponse, match="can't be decompressed: it ends too early"):
        bodies.gunzip(gzip.compress(TEXT)[:cut], len(TEXT))


@pytest.mark.parametrize("content", [b"\x1f\x8bnot gzip", gzip.compress(TEXT) + b"more"])
def test_a_body_that_is_not_gzip_is_corrupt(content: bytes) -> None:
    with pytest.raises(CorruptResponse, match="can't be decompressed: "):
        bodies.gunzip(content, len(TEXT))


READ = """
import re, sys
from pathlib import Path
from mlb_etl.capture import stub_files
from mlb_etl.http import bodies

def most():  # KiB; getrusage would count what the test's own process has
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])

before = most()
try:
    stub_files.read_file(Path(sys.argv[1]))
except bodies.TooLarge:
    print((most() - before) >> 10)
"""


def bomb(file: Path, size: int) -> None:
    """A gzip file of `size` zeros."""
    pack = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(1 << 20)
    with file.open("wb") as opened:
        for _ in range(size >> 20):
            opened.write(pack.compress(zeros))
        opened.write(pack.flush())


def test_a_bomb_in_a_file_takes_little_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "8")
    bomb(tmp_path / "bomb.json.gz", 1 << 30)
    command = [sys.executable, "-c", READ, str(tmp_path / "bomb.json.gz")]
    used = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert 0 <= int(used) < 100, "MiB, of 1024"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_MAX_BODY", "1")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(1 << 34)
    with pytest.raises(bodies.TooLarge, match="larger than 1 MiB, the limit set by MLB_ETL_MAX_BODY"):
        stub_files.read_file(tmp_path / "large.json")
