"""Recordings of the API, and replaying them from files."""

import gzip
import json
import resource
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from api import Answer, Api, serve
from sample_tables.game import METHOD
from samples import NOON, at, response, stub, write

from mlb_contracts.response import Response
from mlb_etl.capture import record, stub_files
from mlb_etl.capture.record import Recorder, Replay
from mlb_etl.errors import CorruptResponse, EtlError, NotFound
from mlb_etl.http import answers
from mlb_etl.http.client import Client, Fetcher
from mlb_etl.http.rate import RateLimit
from mlb_etl.http.request import Request, build_request

TARGET = "/api/v1/sample/1"


@pytest.fixture
def api() -> Iterator[Api]:
    with serve() as api:
        yield api


@pytest.fixture
def recorder(api: Api, tmp_path: Path) -> Iterator[Recorder]:
    recorder = Recorder(Client(api.url, RateLimit(tmp_path / "rate", float("inf"))), tmp_path / "kept")
    yield recorder
    recorder.close()


def fetch(source: Fetcher, **query: str) -> Response:
    return source.fetch(request(**query), lambda response: answers.read_documents(METHOD, response))[0]


def request(**query: str) -> Request:
    return build_request(METHOD, {"game_pk": "1", **query})


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(response()).encode(),
        json.dumps(response(note="é"), ensure_ascii=False, indent=2).encode(),
        b" \r\n" + json.dumps(response()).encode() + b"\n\n",
    ],
    ids=["compact", "indented", "whitespace around"],
)
def test_a_recording_is_served_byte_for_byte(api: Api, recorder: Recorder, tmp_path: Path, body: bytes) -> None:
    api.says(f"{TARGET}?a=1&b=x%2Fy", Answer(body))
    said = fetch(recorder, a="1", b="x/y")
    assert said.data == body
    asked = len(api.asked)
    again = fetch(Replay(tmp_path / "kept"), b="x/y", a="1")
    assert again == said, "with its time and all of its request"
    assert len(api.asked) == asked


def test_a_recording_is_an_ordinary_stub(recorder: Recorder, api: Api, tmp_path: Path) -> None:
    api.says(TARGET, response())
    said = fetch(recorder)
    [file] = stub_files.find_stubs(tmp_path / "kept")
    assert file.parent == tmp_path / "kept" / "sample" / "game"
    assert file.name == f"1_{said.captured_at:%Y%m%dT%H%M%S}.{said.captured_at.microsecond:06}Z.json.gz"
    captured_at = datetime.fromisoformat(json.loads(gzip.decompress(file.read_bytes()))["captured_at"])
    wrapped = json.loads(gzip.decompress(file.read_bytes()))
    assert list(wrapped) == [
        "endpoint", "method", "path_params", "query_params", "url", "status_code", "captured_at", "response",
    ]  # fmt: skip
    assert wrapped["path_params"] == {"game_pk": "1"}
    assert captured_at == said.captured_at


def test_recordings_of_one_request_are_served_in_order(tmp_path: Path) -> None:
    for minutes in (2, 0, 1):
        write(tmp_path / f"{9 - minutes}.json", stub(response(score=minutes), at(minutes)))
    replay = Replay(tmp_path)
    assert [fetch(replay).captured_at for _ in range(5)] == [at(0), at(1), at(2), at(2), at(2)]


def test_a_request_without_a_recording_is_not_found(tmp_path: Path) -> None:
    write(tmp_path / "1.json", stub(response(), query_params={"timecode": "20240701_120000"}))
    with pytest.raises(NotFound, match=r"has no recording of sample\.game /api/v1/sample/1"):
        fetch(Replay(tmp_path))


def test_a_recording_is_checked_like_an_answer(tmp_path: Path) -> None:
    write(tmp_path / "1.json", stub(response(2)))
    with pytest.raises(CorruptResponse, match="gamePk is the one asked for"):
        fetch(Replay(tmp_path))


def test_other_files_in_a_recording_are_skipped(tmp_path: Path) -> None:
    write(tmp_path / "bare.json", response())
    write(tmp_path / "error.json", stub({"message": "no"}, status_code=500))
    (tmp_path / "broken.json.gz").write_bytes(b"\x1f\x8bno")
    write(tmp_path / "good.json.gz", stub(response()))
    assert fetch(Replay(tmp_path)).captured_at == NOON


def test_an_incomplete_recording_is_reported_and_not_served(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "1.json", stub(response()))
    whole = (tmp_path / "1.json").read_bytes()
    (tmp_path / "1.json").write_bytes(whole[: len(whole) // 2])
    zipped = gzip.compress(whole)
    (tmp_path / "2.json.gz").write_bytes(zipped[: len(zipped) // 2])
    with pytest.raises(NotFound, match="has no recording"):
        fetch(Replay(tmp_path))
    said = [each for each in caplog.messages if "is not served" in each]
    assert [each.partition(" is not served: ")[0] for each in said] == [
        str(tmp_path / name) for name in ("1.json", "2.json.gz")
    ]


@pytest.fixture
def _full_disk() -> Iterator[None]:
    """Limit files of this process to 4 KB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_full_disk")
def test_a_recording_is_written_atomically(tmp_path: Path) -> None:
    body = json.dumps(response(note=secrets.token_hex(20_000))).encode()
    with pytest.raises(EtlError, match=r"1\.json\.gz: can't be written: File too large"):
        record.write_stub(tmp_path / "kept" / "1.json.gz", replace(answer(), data=body))
    assert list((tmp_path / "kept").iterdir()) == []


KILLED = """
import resource, secrets, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from mlb_etl.capture import record
from mlb_contracts.response import Response
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
data = b'"%s"' % secrets.token_hex(20_000).encode()
response = Response("sample", "game", {}, {}, "", 200, datetime(2024, 7, 1, tzinfo=UTC), data)
record.write_stub(Path(sys.argv[1]), response)
"""


def test_a_killed_process_leaves_no_partial_recording(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "1.json.gz")], check=False)
    assert killed.returncode == -signal.SIGXFSZ
    assert stub_files.find_stubs(tmp_path) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EtlError, match="is not a folder of recordings"):
        Replay(tmp_path / "none")


def test_a_folder_that_is_not_writable(tmp_path: Path) -> None:
    (tmp_path / "sample").write_text("a file")
    with pytest.raises(EtlError, match="can't be written"):
        record.write_stub(tmp_path / "sample" / "1.json.gz", answer())


@pytest.mark.parametrize(
    ("members", "name"),
    [
        ({}, "1_20240701T120000Z"),
        ({"captured_at": datetime(2024, 7, 1, 12, 0, 0, 5, UTC)}, "1_20240701T120000.000005Z"),
        ({"query_params": {"b": "x/y z", "a": "1"}}, "1_a=1_b=x-y-z_20240701T120000Z"),
        ({"path_params": {}}, "20240701T120000Z"),
    ],
)
def test_file_names(members: dict[str, Any], name: str) -> None:
    assert record.recording_file_name(answer(**members)) == Path("sample", "game", f"{name}.json.gz")


def test_long_file_names_are_shortened_and_differ() -> None:
    names = {record.recording_file_name(answer(query_params={"ids": "1," * 500 + last})).name for last in "12"}
    assert len(names) == 2
    assert max(map(len, names)) < 255


def answer(**members: Any) -> Response:
    facts: dict[str, Any] = {"path_params": {"game_pk": "1"}, "query_params": {}, "captured_at": NOON, **members}
    return Response(endpoint="sample", method="game", url="", status_code=200, data=b"{}", **facts)
