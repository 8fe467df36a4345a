"""The folder of migrations: which files it has, and the sum file that guards them."""

import hashlib
import re
from collections.abc import Mapping

SUMS = "migrations.sum"
SCHEMA = "schema.json"  # the schema after the last migration: where the generator starts the next one from
SCRIPT = re.compile(r"V(?P<version>[0-9]+)__(?P<description>\w+)\.sql")
_SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def lines(files: Mapping[str, bytes]) -> str:
    """The sums of files by name, as `sha256sum -c` reads them."""
    return "".join(f"{digest(data)}  {name}\n" for name, data in files.items())


def noted(sums: str) -> dict[str, str]:
    """The digests that a sum file has, by the names of their files."""
    return {name: digest for digest, name in _SUM.findall(sums)}
