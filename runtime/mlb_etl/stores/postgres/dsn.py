"""Reads DSNs, and keeps their secrets out of messages and command lines."""

from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg import conninfo

from mlb_etl.errors import DatabaseUnavailable

Parts: TypeAlias = Mapping[str, str]

# Parameters of libpq that are secrets; not all versions of it know each.
SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
_HELP = (
    "postgresql://user@host:5432/database is expected, with special characters of a password or name percent-encoded"
)


def parts(target: str) -> Parts:
    """The parameters that a DSN gives; raises DatabaseUnavailable where it can't be read, and repeats nothing of it.

    What can't be read may be a password: libpq takes `user:se/cret@host` for a host with the port `se`.
    """
    try:
        found = {name: str(value) for name, value in conninfo.conninfo_to_dict(target).items() if value is not None}
    except psycopg.ProgrammingError:
        raise DatabaseUnavailable(f"MLB_ETL_DSN can't be read: {_HELP}") from None
    port = found.get("port", "").replace(",", "")
    hosts = found.get("host", "").split(",")
    if (port and not port.isdecimal()) or any("@" in host for host in hosts if not host.startswith(("/", "@"))):
        raise DatabaseUnavailable(f"MLB_ETL_DSN has no host and port that can be read: {_HELP}")
    return found


def without_secrets(target: str) -> str:
    """The DSN as anyone may see it."""
    found = parts(target)
    if SECRETS.isdisjoint(found):
        return target
    return conninfo.make_conninfo("", **{name: value for name, value in found.items() if name not in SECRETS})
