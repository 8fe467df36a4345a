"""The settings of a run: database, data folder, package of generated tables, API, object store."""

import math
import os
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import urlsplit
from uuid import uuid4

from mlb_etl import plugins
from mlb_etl.errors import EtlError
from mlb_etl.settings.resolved import Header, Layers
from mlb_etl.settings.table import BY_NAME, LAKE, MAX_BODY, RATE, TIMEOUT, Encoding

POSTGRES = "postgres"  # as a target: the PostgreSQL database of the settings
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?")
_LONGEST_PLACE = 1024  # characters, the limit of S3 for names
_FIELDS = ("dsn", "data", "tables", "base_url", "rate", "object_store", "timeout", "max_body", "live_cache")
_PROJECT = ("data/postgres/lock", "config/jobs")


@dataclass(frozen=True, slots=True)
class Settings:
    """`dsn` None stands for the embedded server in `data`; `tables` is the import name of the generated package.

    `api` is the API's URL up to /api; both are empty if they are not set. `rate` limits requests per second, infinity
    if there is no limit; `store` is the place of the object store, None if there is none; `timeout` is the number of
    seconds for a whole exchange; `max_body` is the largest decompressed body in bytes; `cache` is the URL of the
    live cache, None if there is none; `headers` are sent with each request; `project` is the folder of the project,
    None if it is unknown.
    """

    dsn: str | None = field(repr=False)  # like the store, it may contain a password
    data: Path
    tables: str
    api: str = ""
    rate: float = RATE
    store: str | None = field(default=None, repr=False)
    timeout: int = TIMEOUT
    max_body: int = MAX_BODY
    cache: str | None = field(default=None, repr=False)
    headers: tuple[Header, ...] = field(default=(), repr=False)
    project: Path | None = field(default=None, compare=False)

    @classmethod
    def from_environment(cls) -> Self:
        """The settings of the environment and of the settings file; `table.SETTINGS` says what each can be.

        Raises EtlError for invalid ones.
        """
        here = working_directory()
        layers = Layers.now(here)
        found = {name: layers.find(name).value for name in _FIELDS if name in BY_NAME}
        folder = project_folder(here, layers)
        _find_tables(folder, found["tables"] or "")
        return cls(
            dsn=found["dsn"],
            data=found["data"] or folder / "data",
            tables=found["tables"] or "",
            api=found["base_url"] or "",
            rate=found["rate"],
            store=found["object_store"],
            timeout=found["timeout"],
            max_body=found["max_body"] << 20,
            cache=found.get("live_cache"),
            headers=layers.headers(),
            project=folder,
        )

    def request_headers(self) -> dict[str, str]:
        """The headers of each request, with what the environment has of them; raises EtlError for what it lacks."""
        return {each.name: each.text() for each in self.headers}

    @property
    def public_api(self) -> plugins.Api | None:
        """The API that a plug-in knows, if that is the one that is asked."""
        known = plugins.api()
        asked = (urlsplit(self.api).hostname or "").rstrip(".")
        return known if known is not None and asked == urlsplit(known.url).hostname else None

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
        public = self.public_api
        rate = self.rate if wanted is None else min(wanted, self.rate)
        if public is not None and rate > public.fastest:
            raise EtlError(
                f"MLB_ETL_RATE is {'off' if math.isinf(rate) else f'{rate:g}'}, which is for a server of your own: "
                f"{self.api} is asked at most {public.fastest:g} times a second"
            )
        return rate


def _find_tables(project: Path, package: str) -> None:
    """Let the generated package be imported from the project's folder, unless it is installed."""
    generated = project / "generated"
    if package and str(generated) not in sys.path and (generated / package.partition(".")[0]).is_dir():
        sys.path.append(str(generated))


def is_lake_place(text: str) -> bool:
    """Whether a lake can be at this place: a folder, or s3://bucket/prefix."""
    if not text or len(text) > _LONGEST_PLACE or not text.isprintable():
        return False
    return "://" not in text or bool(_BUCKET.fullmatch(text))


def working_directory() -> Path:
    """The working directory. Raises EtlError if it is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise EtlError("the working directory is gone: change into one that is there") from error


def project_folder(here: Path, layers: Layers) -> Path:
    """The project's folder: that of a named settings file, or the nearest one from a folder upwards.

    A project has a settings file, a database of the embedded server or job files. If there is none, it is the folder.
    """
    if layers.file is not None and os.environ.get("MLB_ETL_CONFIG"):
        return layers.file.path.parent
    above = (
        folder
        for folder in (here, *here.parents)
        if (layers.file is not None and folder == layers.file.path.parent)
        or any(os.access(folder / each, os.F_OK) for each in _PROJECT)
    )
    return next(above, here)


def max_body() -> int:
    """The largest decompressed body in bytes; raises EtlError for an invalid value."""
    return cast("int", _now("max_body")) << 20


def raw_encoding() -> Encoding:
    """The encoding of new bodies in raw tables; raises EtlError for an invalid value."""
    return cast("Encoding", _now("raw_encoding"))


def run_id() -> str:
    """$MLB_ETL_RUN_ID, or a new id; raises EtlError for an invalid value."""
    return Layers(None).find("run_id").value or str(uuid4())  # no file has it


def metrics() -> str | None:
    """Where metrics go, unparsed; None if nowhere."""
    return cast("str | None", _now("metrics"))


def _now(name: str) -> Any:
    return Layers.now(working_directory()).find(name).value
