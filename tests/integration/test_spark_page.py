"""docs/spark.md, followed in a fresh clone."""

import re
import socket
import subprocess

import clones
import pytest
from test_pages import blocks


def test_the_page_is_followed() -> None:
    pytest.importorskip("pysail", reason="Spark is not installed: pip install -r requirements/spark.txt")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = str(listening.getsockname()[1])
    script = "set -eu\n" + "".join(text for _, text in blocks("docs/spark.md")).replace("50051", port)
    with clones.clone() as folder:
        done = subprocess.run(
            ["sh", "-x", "-c", script],
            cwd=folder, env=clones.environment(folder), capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    ended = re.findall(r"^applied (\d+), same \d+, stale \d+, quarantined 0$", done.stdout, re.MULTILINE)
    assert (int(ended[0]) > 0, *ended[1:]) == (True, "0")
