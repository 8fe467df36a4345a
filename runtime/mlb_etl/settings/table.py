"""The settings, each stated once: help, validation, `mlb-etl config`, the JSON Schema and the reference read it."""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from mlb_etl import plugins
from mlb_etl.settings.kinds import Choice, Folder, Headers, Kind, Rate, Text, Url, Whole

RATE = 1.0
SLOWEST, FASTEST = 0.001, 1000.0  # requests per second; a number outside is a mistake
TIMEOUT = 60  # seconds
MAX_BODY = 64 << 20  # bytes; of what was seen, most have 1 MB, the largest 10 MB
LARGEST_BODY = 512 << 20  # bytes; half of PostgreSQL's limit for one value
LAKE = "delta:"
Encoding: TypeAlias = Literal["zstd", "identity"]

PREFIX = "MLB_ETL_"
_API = plugins.api()
_TABLES, _URL = (None, None) if _API is None else (_API.tables, _API.url)
_PUBLIC = "" if _API is None else f" up to {_API.fastest:g} for the public API;"


def _by_default(value: str | None) -> str:
    return "" if value is None else f", by default {value}"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting: its key in the file, what it can be, and its default in a kind's own values, None if there is none.

    where: `both` the file and the environment, or one of them. secret: the value may contain a password.
    """

    name: str
    kind: Kind
    default: Any
    help: str
    where: Literal["both", "file", "environment"] = "both"
    secret: bool = False

    @property
    def variable(self) -> str | None:
        """The environment variable; None if there is none."""
        return None if self.where == "file" else f"{PREFIX}{self.name.upper()}"

    @property
    def in_file(self) -> bool:
        """Whether the file may have it."""
        return self.where != "environment"

    @property
    def expects(self) -> str:
        """What values it can have, in a few words."""
        return self.kind.expects

    @property
    def default_text(self) -> str:
        """The default as the file would have it; empty if there is none."""
        return self.text(self.default)

    def text(self, value: Any) -> str:
        """A value as the file would have it; empty for none."""
        if value in {None, ()}:
            return ""
        if isinstance(value, float):
            return "off" if math.isinf(value) else f"{value:g}"
        return str(value)


# of what follows documents in progress, where a plug-in does so
_FOLLOWING = (
    Setting(
        "live_cache",
        Text("a URL such as redis://host:6379/0"),
        None,
        "a Redis for the state of followed documents: redis://host:6379/0",
        secret=True,
    ),
)
SETTINGS: Final = (
    Setting(
        "dsn",
        Text("a DSN, delta:FOLDER or delta:s3://bucket/prefix", places=(LAKE,)),
        None,
        "the database: postgresql://user@host/database, or delta:FOLDER or delta:s3://bucket/prefix for a lake; if"
        " unset, an embedded PostgreSQL in the data folder",
        secret=True,
    ),
    Setting(
        "data",
        Folder(),
        None,
        "the data folder, by default data in the project's folder: the nearest one, from the working directory upwards,"
        " with settings, a database in data/postgres or jobs in config/jobs; else the working directory",
    ),
    Setting(
        "tables",
        Text("the name of a package", pattern=r"([^\W\d]\w*(\.[^\W\d]\w*)*)?"),
        _TABLES,
        f"the package of generated tables{_by_default(_TABLES)}",
    ),
    Setting(
        "base_url",
        Url(_URL or "https://api.example.com"),
        _URL,
        f"the API{_by_default(_URL)}",
    ),
    Setting(
        "headers",
        Headers(),
        (),
        "headers of each request, such as Authorization; their values can stand in the environment",
        where="file",
        secret=True,
    ),
    Setting(
        "rate",
        Rate(SLOWEST, FASTEST),
        RATE,
        f"limit of requests per second, by default {RATE:g};{_PUBLIC} off, for a server of your own only",
    ),
    Setting("timeout", Whole("seconds", 1, 600), TIMEOUT, f"seconds for a whole exchange, by default {TIMEOUT}"),
    Setting(
        "max_body",
        Whole("MiB", 1, LARGEST_BODY >> 20),
        MAX_BODY >> 20,
        f"largest decompressed body in MiB, by default {MAX_BODY >> 20}",
    ),
    Setting(
        "raw_encoding",
        Choice(get_args(Encoding)),
        "zstd",
        "how raw tables store new bodies: zstd, the default, or identity, as they arrive",
    ),
    Setting(
        "object_store",
        Text("a folder or s3://bucket/prefix", places=("",)),
        None,
        "a second place for captures: s3://bucket/prefix or a folder",
        secret=True,
    ),
    Setting(
        "metrics",
        Text("listen:HOST:PORT, textfile:FOLDER or push:URL", places=("textfile:",)),
        None,
        "where metrics go: listen:HOST:PORT while a command runs, textfile:FOLDER or push:URL at its end",
        secret=True,
    ),
    *(_FOLLOWING if "live" in plugins.commands() else ()),
    Setting(
        "run_id",
        Text("up to 100 letters, digits and any of .:_-", pattern="([A-Za-z0-9][A-Za-z0-9.:_-]{0,99})?"),
        None,
        "id of the run in log lines and in etl.run; if unset, a new one",
        where="environment",
    ),
    Setting(
        "config",
        Folder("the path of a settings file"),
        None,
        "the settings file, as --config names it; if unset, the nearest mlb-etl.toml, or pyproject.toml with a table"
        " tool.mlb-etl, from the working directory upwards",
        where="environment",
    ),
    Setting(
        "profile",
        Text("the name of a profile in the settings file"),
        None,
        "the profile of the settings file, as --profile names it",
        where="environment",
    ),
)
BY_NAME: Final = {each.name: each for each in SETTINGS}
