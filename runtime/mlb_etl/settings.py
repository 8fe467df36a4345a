"""What the environment says: the database, the data folder, the package of generated tables, the API, the store."""

import math
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self, TypeAlias, cast, get_args
from urllib.parse import urlsplit

from mlb_etl.errors import EtlError, redacted, shortened

TABLES = "mlb_tables"
API = "https://statsapi.mlb.com"
RATE = 1.0
SLOWEST, FASTEST = 0.001, 1000.0  # requests a second: a number outside is a slip
PUBLIC_RATE = 5.0  # to the Stats API itself, whose terms are individual and non-bulk use
TIMEOUT = 60  # seconds
MAX_BODY = 64 << 20  # bytes: a live feed has 1 MB, the schedule of a season 10
LARGEST_BODY = 512 << 20  # half of what PostgreSQL takes as one value
Encoding: TypeAlias = Literal["zstd", "identity"]
_VISIBLE = re.compile("[!-~]+")
_PROJECT = ("data/postgres/lock", "config/jobs")


@dataclass(frozen=True, slots=True)
class Settings:
    """`dsn` None stands for the embedded server in `data`; `tables` is the import name of the generated package.

    `api` is the API's URL up to /api; `rate` the requests a second to it at most, infinite where there is no limit;
    `store` is where an object store is, None where there is none; `timeout` the seconds that an answer may take as a
    whole; `max_body` how many bytes of it are taken at most, unzipped.
    """

    dsn: str | None = field(repr=False)  # as the store, it may hold a password
    data: Path
    tables: str
    api: str = API
    rate: float = RATE
    store: str | None = field(default=None, repr=False)
    timeout: int = TIMEOUT
    max_body: int = MAX_BODY

    @classmethod
    def from_environment(cls) -> Self:
        """$MLB_ETL_DSN, $MLB_ETL_DATA (else data in the project's folder), $MLB_ETL_TABLES (else mlb_tables).

        And $MLB_ETL_BASE_URL (else the Stats API), $MLB_ETL_RATE (else 1), a number or `off`, $MLB_ETL_OBJECT_STORE,
        $MLB_ETL_TIMEOUT (else 60 s) and $MLB_ETL_MAX_BODY (else 64 MiB). Raises EtlError for what does not fit.
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
        )

    def requests(self, wanted: float | None = None) -> float:
        """Requests a second, as many as wanted at most; raises EtlError for too many to the Stats API itself."""
        public = (urlsplit(self.api).hostname or "").rstrip(".") == urlsplit(API).hostname
        rate = self.rate if wanted is None else min(wanted, self.rate)
        if public and rate > PUBLIC_RATE:
            raise EtlError(
                f"MLB_ETL_RATE is {'off' if math.isinf(rate) else f'{rate:g}'}, which is for a server of your own: "
                f"{self.api} is asked at most {PUBLIC_RATE:g} times a second"
            )
        return rate


def _data() -> Path:
    """The data folder: the one that is set, or that of the project that the working directory is in.

    The project is the nearest folder, from the working directory upwards, that has a database of the embedded server
    or job files; where there is none, it is the working directory.
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
    """The API's URL; what is refused is not repeated, as it may hold a password."""
    expected = f"a URL such as {API} or http://127.0.0.1:8000 is expected"
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna")
        fits = parts.scheme in {"http", "https"} and host and parts.port != 0 and _VISIBLE.fullmatch(text)
    except ValueError:  # of a port, an address or a name that is none
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
    """Bytes that are taken of a body at most, of the environment; raises EtlError for what does not fit."""
    return _number("MLB_ETL_MAX_BODY", MAX_BODY >> 20, "MiB", 1, LARGEST_BODY >> 20) << 20


def raw_encoding() -> Encoding:
    """How new bodies are kept in raw tables, of the environment; raises EtlError for what does not fit."""
    text = os.environ.get("MLB_ETL_RAW_ENCODING") or "zstd"
    if text not in get_args(Encoding):
        raise EtlError(f"MLB_ETL_RAW_ENCODING is {shortened(text)}: {' or '.join(get_args(Encoding))} is expected")
    return cast("Encoding", text)


def _number(name: str, default: int, unit: str, least: int, most: int) -> int:
    """A whole number of the environment."""
    text = os.environ.get(name) or str(default)
    number = int(text) if re.fullmatch("[0-9]{1,6}", text) else -1
    if not least <= number <= most:
        raise EtlError(f"{name} is {shortened(text)}: {least} to {most} {unit} are expected, as a whole number")
    return number
