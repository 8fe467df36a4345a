"""An S3 server for the tests, SeaweedFS: it knows one account, and refuses others."""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from databases import temporary_folder
from obstore.exceptions import BaseError
from obstore.store import S3Store

BUCKET = "captures"
SECRET = "open-sesame"  # noqa: S105 - of the test's own server
PATIENCE = 60.0  # seconds, on a busy machine
_GRPC = 10_000  # each port has a second one, so much higher
_ADMIN = {
    "name": "tests",
    "credentials": [{"accessKey": "tests", "secretKey": SECRET}],
    "actions": ["Admin", "Read", "Write", "List", "Tagging"],
}


@dataclass(frozen=True)
class S3:
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """As a user sets it."""
        return {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": SECRET}

    def store(self) -> S3Store:
        """The bucket, as it is."""
        return S3Store(
            BUCKET,
            endpoint=self.endpoint,
            access_key_id="tests",
            secret_access_key=SECRET,
            client_options={"allow_http": True},
            retry_config={"max_retries": 0},
        )


@contextmanager
def serve() -> Iterator[S3]:
    """A server with an empty bucket, that lives as long as the block."""
    folder = temporary_folder()
    (folder / "config.json").write_text(json.dumps({"identities": [_ADMIN]}))
    ports = _free(5)
    arguments = ["-dir=" + str(folder), "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={folder / 'config.json'}"]
    names = ("s3", "master", "filer", "volume", "admin")
    arguments += [f"-{name}.port={port}" for name, port in zip(names, ports, strict=True)]
    arguments += ["-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-master.telemetry=false"]
    arguments += [f"-bucket={BUCKET}", "-s3.autoCreateBucket=false"]
    program = Path(sys.executable).with_name("weed")
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, "-logtostderr=true", "mini", *arguments], stdout=log, stderr=log)
    try:
        s3 = S3(f"http://127.0.0.1:{ports[0]}")
        _await(s3, server)
        yield s3
    finally:
        server.kill()
        server.wait()
        shutil.rmtree(folder)


def _await(s3: S3, server: subprocess.Popen[bytes]) -> None:
    store = s3.store()
    deadline = time.monotonic() + PATIENCE
    while True:
        with suppress(BaseError, FileNotFoundError):  # the bucket comes after the server
            store.put("ready", b"")
            store.delete("ready")
            return
        assert server.poll() is None, "it ended"
        assert time.monotonic() < deadline, "it does not answer"
        time.sleep(0.02)


def _free(number: int) -> list[int]:
    """Ports that nobody listens on, nor on the ones that go with them."""
    found: list[int] = []
    for port in range(20_000, 30_000):
        with socket.socket() as one, socket.socket() as other, suppress(OSError):
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + _GRPC))
            found.append(port)
        if len(found) == number:
            return found
    raise AssertionError("no ports are free")
