"""Parses DSNs, and keeps their secrets out of messages and command lines."""

from collections.abc import Mapping
from typing import TypeAlias

import psycopg
from psycopg import conninfo

from mlb_etl.errors import DatabaseUnavailable

Parts: TypeAlias = Mapping[str, str]

# The secret parameters of libpq; older versions know only some of them.
SECRETS = frozenset({"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"})
_HELP = (
    "postgresql://user@host:5432/database is expected, with special characters of a password or name percent-encoded"
)


def parse_dsn(target: str) -> Parts:
    """The parameters of a DSN; raises DatabaseUnavailable for an invalid one.

    The message never quotes the DSN, as any part may be a password: libpq reads `user:se/cret@host` as a port `se`.
    """
    try:
        found = {name: str(value) for name, value in conninfo.conninfo_to_dict(target).items() if value is not None}
    except psycopg.ProgrammingError:
        raise DatabaseUnavailable(f"MLB_ETL_DSN is not a valid DSN: {_HELP}") from None
    port = found.get("port", "").replace(",", "")
    hosts = found.get("host", "").split(",")
    if (port and not port.isdecimal()) or any("@" in host for host in hosts if not host.startswith(("/", "@"))):
        raise DatabaseUnavailable(f"MLB_ETL_DSN has no valid host and port: {_HELP}")
    return found


def without_secrets(target: str) -> str:
    """The DSN without its secrets."""
    found = parse_dsn(target)
    if SECRETS.isdisjoint(found):
        return target
    return conninfo.make_conninfo("", **{name: value for name, value in found.items() if name not in SECRETS})
