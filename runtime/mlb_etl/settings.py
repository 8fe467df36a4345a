"""What the environment says: the database, the data folder, the package of generated tables, the API, the store."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from mlb_etl.errors import EtlError

TABLES = "mlb_tables"
API = "https://statsapi.mlb.com"
RATE = 1.0
_PROJECT = ("data/postgres/lock", "config/jobs")


@dataclass(frozen=True, slots=True)
class Settings:
    """`dsn` None stands for the embedded server in `data`; `tables` is the import name of the generated package.

    `api` is the API's URL up to /api; `rate` the requests a second to it at most, infinite where there is no limit;
    `store` is where an object store is, None where there is none.
    """

    dsn: str | None = field(repr=False)  # as the store, it may hold a password
    data: Path
    tables: str
    api: str = API
    rate: float = RATE
    store: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls) -> Self:
        """$MLB_ETL_DSN, $MLB_ETL_DATA (else data in the project's folder), $MLB_ETL_TABLES (else mlb_tables).

        And $MLB_ETL_BASE_URL (else the Stats API), $MLB_ETL_RATE (else 1), a number or `off`, and
        $MLB_ETL_OBJECT_STORE. Raises EtlError for what does not fit.
        """
        return cls(
            dsn=os.environ.get("MLB_ETL_DSN") or None,
            data=_data(),
            tables=os.environ.get("MLB_ETL_TABLES") or TABLES,
            api=_api(os.environ.get("MLB_ETL_BASE_URL") or API),
            rate=_rate(os.environ.get("MLB_ETL_RATE") or str(RATE)),
            store=os.environ.get("MLB_ETL_OBJECT_STORE") or None,
        )


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
    try:
        parts = urlsplit(text)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # of a port or an address that is none
        fits = False
    if not fits or parts.query or parts.fragment or parts.username or parts.password:
        raise EtlError(f"MLB_ETL_BASE_URL is {text!r}: a URL such as {API} or http://127.0.0.1:8000 is expected")
    return text.rstrip("/")


def _rate(text: str) -> float:
    try:
        rate = math.inf if text == "off" else float(text)
    except ValueError:
        rate = math.nan
    if not rate > 0 or (math.isinf(rate) and text != "off"):
        raise EtlError(f"MLB_ETL_RATE is {text!r}: requests a second are expected, such as 1 or 0.5, or off")
    return rate
