"""Settings from the environment: database, data folder, package of generated tables, API, object store."""

import math
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Self, TypeAlias, cast, get_args
from urllib.parse import urlsplit
from uuid import uuid4

from mlb_etl.errors import EtlError, redacted, shortened

TABLES = "mlb_tables"
API = "https://statsapi.mlb.com"
RATE = 1.0
SLOWEST, FASTEST = 0.001, 1000.0  # requests per second; a number outside is a mistake
PUBLIC_RATE = 5.0  # requests per second to the public API, whose terms allow individual, non-bulk use
TIMEOUT = 60  # seconds
MAX_BODY = 64 << 20  # bytes; a live feed has 1 MB, the schedule of a season 10 MB
LARGEST_BODY = 512 << 20  # bytes; half of PostgreSQL's limit for one value
Encoding: TypeAlias = Literal["zstd", "identity"]
POSTGRES = "postgres"  # as a target: the PostgreSQL database of the environment
LAKE = "delta:"
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_LONGEST_PLACE = 1024  # characters, the limit of S3 for names
_RUN_ID = re.compile("[A-Za-z0-9][A-Za-z0-9.:_-]{0,99}")
_VISIBLE = re.compile("[!-~]+")
_PROJECT = ("data/postgres/lock", "config/jobs")


@dataclass(frozen=True, slots=True)
class Settings:
    """`dsn` None stands for the embedded server in `data`; `tables` is the import name of the generated package.

    `api` is the API's URL up to /api; `rate` limits requests per second, infinity if there is no limit; `store` is the
    place of the object store, None if there is none; `timeout` is the number of seconds for a whole exchange;
    `max_body` is the largest decompressed body in bytes; `cache` is the URL of the live cache, None if there is none.
    """

    dsn: str | None = field(repr=False)  # like the store, it may contain a password
    data: Path
    tables: str
    api: str = API
    rate: float = RATE
    store: str | None = field(default=None, repr=False)
    timeout: int = TIMEOUT
    max_body: int = MAX_BODY
    cache: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls) -> Self:
        """$MLB_ETL_DSN, $MLB_ETL_DATA (else data in the project's folder), $MLB_ETL_TABLES (else mlb_tables).

        And $MLB_ETL_BASE_URL (else the Stats API), $MLB_ETL_RATE (else 1), a number or `off`, $MLB_ETL_OBJECT_STORE,
        $MLB_ETL_TIMEOUT (else 60 s), $MLB_ETL_MAX_BODY (else 64 MiB) and $MLB_ETL_LIVE_CACHE. Raises EtlError for
        invalid values.
        """
        return cls(
            dsn=os.environ.get("MLB_ETL_DSN") or None,
            data=_data(),
            tables=os.environ.get("MLB_ETL_TABLES") or TABLES,
            api=_api(os.environ.get("MLB_ETL_BASE_URL", API)),
            rate=_rate(os.environ.get("MLB_ETL_RATE") or str(RATE)),
            store=os.environ.get("MLB_ETL_OBJECT_STORE") or None,
            timeout=_number("MLB_ETL_TIMEOUT", TIMEOUT, "seconds", 1, 600),
            max_body=max_body(),
            cache=os.environ.get("MLB_ETL_LIVE_CACHE") or None,
        )

    @property
    def lake(self) -> str | None:
        """The folder or s3://bucket/prefix if `dsn` is delta:PLACE; None if it names a PostgreSQL database."""
        dsn = self.dsn or ""
        return dsn.removeprefix(LAKE) if dsn.startswith(LAKE) else None

    def at(self, target: str) -> Self:
        """The same settings for another database: a DSN, delta:PLACE, or `postgres` for the one that they name.

        Raises EtlError if that one is a lake.
        """
        if target != POSTGRES:
            return replace(self, dsn=target)
        if self.lake is not None:
            raise EtlError(
                "MLB_ETL_DSN names a lake, so it does not say where PostgreSQL is: instead of postgres, give --target"
                " postgresql://user@host/database"
            )
        return self

    def requests(self, wanted: float | None = None) -> float:
        """Requests per second, at most `wanted`; raises EtlError for a rate above the limit of the public API."""
        public = (urlsplit(self.api).hostname or "").rstrip(".") == urlsplit(API).hostname
        rate = self.rate if wanted is None else min(wanted, self.rate)
        if public and rate > PUBLIC_RATE:
            raise EtlError(
                f"MLB_ETL_RATE is {'off' if math.isinf(rate) else f'{rate:g}'}, which is for a server of your own: "
                f"{self.api} is asked at most {PUBLIC_RATE:g} times a second"
            )
        return rate


def is_lake_place(text: str) -> bool:
    """Whether a lake can be at this place: a folder, or s3://bucket/prefix."""
    if not text or len(text) > _LONGEST_PLACE or not text.isprintable():
        return False
    return "://" not in text or bool(_BUCKET.fullmatch(text))


def _data() -> Path:
    """The data folder: from the environment, or that of the project that contains the working directory.

    The project is the nearest folder, from the working directory upwards, that has a database of the embedded server
    or job files; if there is none, it is the working directory.
    """
    try:
        if data := os.environ.get("MLB_ETL_DATA"):
            return Path(data).absolute()
        here = Path.cwd()
    except FileNotFoundError as error:
        raise EtlError("the working directory is gone: change into one that is there") from error
    above = (folder for folder in (here, *here.parents) if any(os.access(folder / each, os.F_OK) for each in _PROJECT))
    return next(above, here) / "data"


def _api(text: str) -> str:
    """The API's URL; errors don't repeat an invalid value in full, because it may contain a password."""
    expected = f"a URL such as {API} or http://127.0.0.1:8000 is expected"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        fits = parts.scheme in {"http", "https"} and host and parts.port != 0 and _VISIBLE.fullmatch(text)
    except ValueError:  # an invalid port, address or host name
        raise EtlError(f"MLB_ETL_BASE_URL is not a URL: {expected}") from None
    if parts.username is not None or parts.password is not None:
        raise EtlError(f"MLB_ETL_BASE_URL is not to have a user or password: {expected}")
    if not fits or parts.query or parts.fragment:
        raise EtlError(f"MLB_ETL_BASE_URL is {redacted(text) or 'empty'}: {expected}")
    return text.rstrip("/")


def _rate(text: str) -> float:
    try:
        rate = math.inf if text == "off" else float(text)
    except ValueError:
        rate = math.nan
    if not SLOWEST <= rate <= FASTEST and text != "off":
        bounds = f"{SLOWEST:g} to {FASTEST:g} requests a second"
        raise EtlError(f"MLB_ETL_RATE is {shortened(text)}: {bounds} are expected, such as 1 or 0.5, or off")
    return rate


def max_body() -> int:
    """The largest decompressed body in bytes, from the environment; raises EtlError for an invalid value."""
    return _number("MLB_ETL_MAX_BODY", MAX_BODY >> 20, "MiB", 1, LARGEST_BODY >> 20) << 20


def raw_encoding() -> Encoding:
    """The encoding of new bodies in raw tables, from the environment; raises EtlError for an invalid value."""
    text = os.environ.get("MLB_ETL_RAW_ENCODING") or "zstd"
    if text not in get_args(Encoding):
        raise EtlError(f"MLB_ETL_RAW_ENCODING is {shortened(text)}: {' or '.join(get_args(Encoding))} is expected")
    return cast("Encoding", text)


def run_id() -> str:
    """$MLB_ETL_RUN_ID, or a new id; raises EtlError for an invalid value."""
    text = os.environ.get("MLB_ETL_RUN_ID") or str(uuid4())
    if not _RUN_ID.fullmatch(text):
        raise EtlError(f"MLB_ETL_RUN_ID is {shortened(text)}: up to 100 letters, digits and any of .:_- are expected")
    return text


def _number(name: str, default: int, unit: str, least: int, most: int) -> int:
    """A whole number from the environment."""
    text = os.environ.get(name) or str(default)
    number = int(text) if re.fullmatch("[0-9]{1,6}", text) else -1
    if not least <= number <= most:
        raise EtlError(f"{name} is {shortened(text)}: {least} to {most} {unit} are expected, as a whole number")
    return number
