"""HTTP/2 is used if a server offers it, and the answer is the same."""

import gzip
import json
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any, TypeAlias

import h2.config
import h2.connection
import h2.events
import pytest
from sample_tables.game import METHOD
from samples import response

from mlb_etl.errors import Unreachable
from mlb_etl.http import answers
from mlb_etl.http.client import Client
from mlb_etl.http.exchange import Timeouts
from mlb_etl.http.rate import RateLimit
from mlb_etl.http.request import build_request
from mlb_etl.retries import Retries

BODY = json.dumps(response()).encode()


_Odd: TypeAlias = Callable[[h2.connection.H2Connection, int], bytes]


class _Handler(BaseRequestHandler):
    """Answers each request with the same gzipped body, over HTTP/2 only."""

    server: "_Server"

    def handle(self) -> None:
        with self.server.context.wrap_socket(self.request, server_side=True) as socket:
            self.server.agreed.append(socket.selected_alpn_protocol())
            connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            connection.initiate_connection()
            socket.sendall(connection.data_to_send())
            while received := socket.recv(65536):
                for event in connection.receive_data(received):
                    if isinstance(event, h2.events.StreamEnded) and self.server.odd:
                        socket.sendall(self.server.odd.pop(0)(connection, event.stream_id))
                    elif isinstance(event, h2.events.StreamEnded):
                        headers = {":status": "200", "content-type": "application/json", "content-encoding": "gzip"}
                        connection.send_headers(event.stream_id, list(headers.items()))
                        connection.send_data(event.stream_id, gzip.compress(BODY), end_stream=True)
                socket.sendall(connection.data_to_send())


class _Server(ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, certificate: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate)
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.agreed: list[Any] = []
        self.odd: list[_Odd] = []  # what is done instead of answers


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Server]:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate, and is not there")
    certificate = tmp_path / "certificate.pem"
    new = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-days", "2"]
    files = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", certificate]
    subprocess.run([*new, *files], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with (tmp_path / "both.pem").open("wb") as both:
        both.write((tmp_path / "key.pem").read_bytes() + certificate.read_bytes())
    with _Server(tmp_path / "both.pem") as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


def test_http2_is_used_if_the_server_offers_it(server: _Server, tmp_path: Path) -> None:
    client = Client(f"https://127.0.0.1:{server.server_address[1]}", RateLimit(tmp_path, float("inf")))
    request = build_request(METHOD, {"game_pk": "1"})
    for _ in range(2):
        got, (held,) = client.fetch(request, lambda answer: answers.read_documents(METHOD, answer))
        assert (got.data, held.keys) == (BODY, {"game_pk": 1})
    client.close()
    assert server.agreed == ["h2"], "one connection, for both"


# ---------------------------------------------------------------- a server that does what none should


def _bytes(_: h2.connection.H2Connection, stream: int) -> bytes:
    return bytes(range(256)) * (stream + 40)


def _odd_status(connection: h2.connection.H2Connection, stream: int) -> bytes:
    connection.send_headers(stream, [(":status", "two"), ("content-type", "application/json")])
    return connection.data_to_send()


def _reset(connection: h2.connection.H2Connection, stream: int) -> bytes:
    connection.reset_stream(stream)
    return connection.data_to_send()


def _away(connection: h2.connection.H2Connection, _: int) -> bytes:
    connection.close_connection()
    return connection.data_to_send()


def _headers_only(connection: h2.connection.H2Connection, stream: int) -> bytes:
    connection.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
    return connection.data_to_send()


def _informational(connection: h2.connection.H2Connection, stream: int) -> bytes:
    for _ in range(100):
        connection.send_headers(stream, [(":status", "103")])
    return connection.data_to_send()


def _pings(connection: h2.connection.H2Connection, _: int) -> bytes:
    for _ in range(1000):
        connection.ping(b"12345678")
    return connection.data_to_send()


ODD = [_bytes, _odd_status, _reset, _away, _headers_only, _informational, _pings]


@pytest.mark.parametrize("odd", ODD, ids=[each.__name__.strip("_") for each in ODD])
def test_a_hostile_server_only_costs_its_own_answer(server: _Server, tmp_path: Path, odd: _Odd) -> None:
    """The request ends in time as unreachable, and the next one is answered."""
    server.odd = [odd, odd]
    url = f"https://127.0.0.1:{server.server_address[1]}"
    limit = RateLimit(tmp_path, float("inf"))
    client = Client(url, limit, Retries(attempts=1), Timeouts(whole=1))
    request = build_request(METHOD, {"game_pk": "1"})
    began = time.monotonic()
    while server.odd:
        with pytest.raises(Unreachable):
            client.fetch(request, lambda answer: answers.read_documents(METHOD, answer))
    assert time.monotonic() - began < 20
    assert client.fetch(request, lambda answer: answers.read_documents(METHOD, answer))[1][0].keys == {"game_pk": 1}
    client.close()
