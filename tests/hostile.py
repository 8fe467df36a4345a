"""A server that misbehaves: each of `ATTACKS` is its behavior for one game."""

import socket
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import repeat

Attack = Callable[[socket.socket], None]

_BREATH = 0.002  # seconds between pieces, so that other threads can run
_TICK = 0.05  # seconds between the bytes that drip
_JSON = b"Content-Type: application/json\r\n"
_OPEN = b"HTTP/1.1 200 OK\r\n" + _JSON  # a body until the connection ends
_DEEP = b'{"a":' * 100_000
_NO_END = 600.0  # seconds; a test never waits for it


def answer(body: bytes, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """A correct answer, or at least a complete one."""
    length = b"Content-Length: %d\r\n" % len(body)
    return b"HTTP/1.1 " + status.encode() + b"\r\n" + _JSON + headers + length + b"Connection: close\r\n\r\n" + body


def says(content: bytes) -> Attack:
    return lambda client: client.sendall(content)


def _without_end(start: bytes, piece: bytes, pause: float = 0.0) -> Attack:
    def attack(client: socket.socket) -> None:
        client.sendall(start)
        for each in repeat(piece):
            client.sendall(each)
            time.sleep(pause)

    return attack


def silent(client: socket.socket) -> None:
    client.settimeout(_NO_END)
    while client.recv(4096):
        pass


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@cache
def bomb() -> bytes:
    """A gigabyte of zeros."""
    pack = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(1 << 20)
    return b"".join(pack.compress(zeros) for _ in range(1024)) + pack.flush()


def _bomb(client: socket.socket) -> None:
    client.sendall(answer(bomb(), headers=b"Content-Encoding: gzip\r\n"))


def _one_chunk(client: socket.socket) -> None:
    start = _OPEN + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    client.sendall(start + b"%x\r\n" % len(bomb()) + bomb() + b"\r\n0\r\n\r\n")


ATTACKS: dict[str, Attack] = {
    # without end
    "headers that drip": _without_end(_OPEN + b"X: ", b"x", _TICK),
    "headers without end": _without_end(_OPEN, b"X: " + b"x" * 1000 + b"\r\n", _BREATH),
    "100 Continue without end": _without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100, _BREATH),
    "100 Continue that drips": _without_end(b"", b"HTTP/1.1 100 Continue\r\n\r\n", _TICK),
    "a gzip header without end": _without_end(
        _OPEN + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff", b"x" * 1000, _BREATH
    ),
    "a body that drips": _without_end(_OPEN + b"\r\n{", b" ", _TICK),
    "an error that drips": _without_end(b"HTTP/1.1 500 X\r\n\r\n{", b" ", _TICK),
    "nothing": silent,
    # too much
    "a body without end": _without_end(_OPEN + b"\r\n{", b" " * 65_536, _BREATH),
    "an error without end": _without_end(b"HTTP/1.1 500 X\r\n\r\n{", b" " * 65_536, _BREATH),
    "a bomb": _bomb,
    "a bomb in one chunk": _one_chunk,
    "cookies": says(answer(b"{}", "503 X", b"".join(b"Set-Cookie: a%d=%s\r\n" % (n, b"x" * 900) for n in range(80)))),
    # nonsense
    "a reset": _reset,
    "bytes": says(bytes(range(256)) * 20),
    "a length too long": says(_OPEN + b"Content-Length: 100\r\n\r\n{}"),
    "a length below 0": says(_OPEN + b"Content-Length: -1\r\n\r\n{}"),
    "a length without bound": says(_OPEN + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"),
    "chunks without bound": says(_OPEN + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 16 + b"\r\n{}"),
    "another encoding": says(answer(b"{}", headers=b"Content-Encoding: br\r\n")),
    "no gzip": says(answer(b"{}", headers=b"Content-Encoding: gzip\r\n")),
    "a status of 999": says(answer(b"{}", "999 X")),
    "a redirect to itself": says(answer(b"{}", "302 X", b"Location: /\r\n")),
    "a deep error": says(answer(_DEEP, "404 X")),
    "a deep answer": says(answer(_DEEP)),
    "a deep whole answer": says(answer(_DEEP + b"1" + b"}" * 100_000)),
    "a number of 400 digits": says(answer(b'{"messageNumber": %s}' % (b"9" * 400))),
    "a terminal's codes": says(answer(b'{"message": "\\u001b[2J\\u009b\\u202e%s"}' % (b"spam " * 1000), "404 X")),
    "codes in a header": says(_OPEN.replace(b"json", b"\x9b\x1b]0;x\x07") + b"\r\n{}"),
    # absurd pauses
    "a pause of a year": says(answer(b"{}", "503 X", b"Retry-After: 31536000\r\n")),
    "a pause of 400 digits": says(answer(b"{}", "429 X", b"Retry-After: " + b"9" * 400 + b"\r\n")),
    "a pause until 9999": says(answer(b"{}", "429 X", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n")),
    "a pause of an hour": says(answer(b"{}", "503 X", b"Retry-After: 3600\r\n")),
}


class Hostile:
    """`attacks` has the behavior by path; all other paths get their answer from `answers`, or 404."""

    def __init__(self) -> None:
        self.attacks: dict[str, Attack] = {}
        self.answers: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self.url = ""

    def serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            client.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                if not (some := client.recv(65_536)):
                    return
                head += some
            path = head.split(b" ", 2)[1].decode().partition("?")[0]
            self.asked[path] += 1
            if path in self.attacks:
                self.attacks[path](client)
            elif path in self.answers:
                client.sendall(answer(self.answers[path]))
            else:
                client.sendall(answer(b"{}", "404 Not Found"))


@contextmanager
def serve() -> Iterator[Hostile]:
    """A server that lives as long as the block."""
    hostile = Hostile()
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        hostile.url = f"http://127.0.0.1:{server.getsockname()[1]}"

        def accept() -> None:
            with suppress(OSError):  # when it is closed
                while True:
                    client, _ = server.accept()
                    threading.Thread(target=hostile.serve, args=(client,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield hostile
        server.shutdown(socket.SHUT_RDWR)
