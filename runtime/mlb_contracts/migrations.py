"""The folder of migrations: the names of its files, and the checksum file that protects them."""

import hashlib
import re
from collections.abc import Mapping

SUMS = "migrations.sum"
SCHEMA = "schema.json"  # the schema after the last migration, from which the generator starts the next one
SCRIPT = re.compile(r"V(?P<version>[0-9]+)__(?P<description>\w+)\.sql")
_SUM = re.compile(r"^([0-9a-f]{64})  (\S+)$", re.MULTILINE)


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def format_sums(files: Mapping[str, bytes]) -> str:
    """The checksum file for these files, in the format of `sha256sum -c`."""
    return "".join(f"{digest(data)}  {name}\n" for name, data in files.items())


def parse_sums(sums: str) -> dict[str, str]:
    """The digests in a checksum file, by file name."""
    return {name: digest for digest, name in _SUM.findall(sums)}
