"""Unusable proxies and certificates in the environment are reported without a traceback or a secret."""

import subprocess
import sys

import pytest

from mlb_etl.errors import EtlError, printable, redacted
from mlb_etl.http.exchange import Exchanges, Timeouts

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "https_proxy", "ALL_PROXY"])
@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("socks5://u:SECRET@127.0.0.1:1080", "_PROXY names a proxy of socks5: http or https is expected"),
        ("foo://127.0.0.1", "_PROXY names a proxy of foo: http or https is expected"),
        ("http://u:SECRET@127.0.0.1:x", "_PROXY can't be read|_PROXY or NO_PROXY can't be read"),
    ],
)
def test_an_invalid_proxy_is_reported(monkeypatch: pytest.MonkeyPatch, name: str, proxy: str, reason: str) -> None:
    monkeypatch.setenv(name, proxy)
    with pytest.raises(EtlError, match=reason) as caught:
        Exchanges(Timeouts(), 1)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_invalid_certificate_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, content: str | None
) -> None:
    file = tmp_path_factory.mktemp("certificates") / "certificate.pem"
    if content is not None:
        file.write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    with pytest.raises(EtlError, match="SSL_CERT_FILE or SSL_CERT_DIR names no certificates: "):
        Exchanges(Timeouts(), 1)


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        ("https://host/x", "https://host/x"),
        ("s3://KEY:SECRET@bucket/x", "***@bucket/x"),
        ("s3://KEY:SE://CRET@bucket", "***@bucket"),
        ("KEY:SECRET@bucket", "***@bucket"),
        ("https://host/x?key=SECRET#SECRET", "https://host/x?***"),
        ("/folder\x1b[2J", "/folder\\x1b[2J"),
    ],
)
def test_secrets_are_redacted(place: str, shown: str) -> None:
    assert redacted(place) == shown


def test_text_from_outside_is_escaped_and_cut() -> None:
    assert printable("é\n\x00\x9b\u2028\u202e\ud800") == "é\\n\\x00\\x9b\\u2028\\u202e\\ud800"
    assert printable("x" * 10_000, 50) == "x" * 49 + "…"


SLOW = """
import socket, time
from mlb_etl.http.exchange import Exchanges, Timeouts
from mlb_etl.errors import Unreachable
socket.getaddrinfo = lambda *_, **__: time.sleep(600)
exchanges = Exchanges(Timeouts(connect=600, whole=0.5), 1)
try:
    exchanges.get("http://a.name.that.is.looked.up/")
except Unreachable as why:
    print(why)
exchanges.close()
"""


def test_a_name_lookup_that_never_ends_blocks_nothing() -> None:
    """Neither the request nor the end of the process."""
    done = subprocess.run([sys.executable, "-c", SLOW], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().endswith("no whole answer within 0.5 s")
