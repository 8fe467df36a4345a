"""A Redis for the tests, Debian's, on a port of its own."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from databases import temporary_folder
from redis import Redis, RedisError

PATIENCE = 30.0  # seconds, on a busy machine


@dataclass(frozen=True)
class RedisServer:
    port: int
    password: str | None = None

    @property
    def url(self) -> str:
        return f"redis://{'' if self.password is None else f':{self.password}@'}127.0.0.1:{self.port}/0"

    def client(self) -> Redis:
        return Redis(port=self.port, password=self.password, decode_responses=True)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serve(*arguments: str, server: RedisServer | None = None) -> Iterator[RedisServer]:
    """An empty server that lives as long as the block."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    server = server or RedisServer(free_port())
    folder = temporary_folder()
    options = ["--bind", "127.0.0.1", "--port", str(server.port), "--save", "", "--dir", str(folder)]
    options += [] if server.password is None else ["--requirepass", server.password]
    process = subprocess.Popen([program, *options, *arguments], stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            with suppress(RedisError), server.client() as client:
                client.ping()
                break
            assert process.poll() is None, "it ended"
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.01)
        yield server
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder)
