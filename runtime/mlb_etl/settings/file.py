"""The settings file: mlb-etl.toml, or the table tool.mlb-etl of pyproject.toml; found, read within bounds, checked.

rate = 2
dsn = {env = "TRACKER_DSN"}
[headers]
Authorization = {env = "TRACKER_TOKEN", prefix = "Bearer "}
[profile.prod]
rate = 5
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mlb_etl.errors import EtlError, printable, shortened
from mlb_etl.settings.kinds import LONGEST, Unfit
from mlb_etl.settings.table import BY_NAME, SETTINGS

if TYPE_CHECKING:
    from mlb_etl.settings.toml import Document, Keys

FILE = "mlb-etl.toml"
PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "mlb-etl")
_OURS = re.compile(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?mlb-etl[\"']?[ \t]*[].]", re.MULTILINE)
_MOST = 1 << 20  # bytes
_ERRORS = 20  # reported for one file, at most
_PROFILE = re.compile("[A-Za-z0-9_-]{1,60}")
_VARIABLE = re.compile("[A-Za-z_][A-Za-z0-9_]{0,199}")
_HEADER = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # a token of RFC 9110
_HEADER_VALUE = re.compile("[ -~\t]*")
_CONNECTION = frozenset(("accept-encoding", "connection", "content-length", "host", "transfer-encoding"))  # ours alone


@dataclass(frozen=True, slots=True)
class Named:
    """A value that stands in an environment variable, after a prefix such as `Bearer `."""

    variable: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """A value in the file: as its setting has it, or where it stands, and the line."""

    value: Any
    line: int


Layer: TypeAlias = Mapping[str, Written]
"""Values by setting; that of `headers` is again a mapping, by header."""


@dataclass(frozen=True, slots=True, eq=False)
class SettingsFile:
    """A settings file: its values, and those of each profile."""

    path: Path
    base: Layer
    profiles: Mapping[str, Layer]

    def profile(self, name: str) -> Layer:
        """The values of a profile; raises EtlError if there is no such profile."""
        if name in self.profiles:
            return self.profiles[name]
        known = ", ".join(sorted(self.profiles)) or "none"
        raise EtlError(
            f"{shown(self.path)}: there is no profile {shortened(name)}{_near(name, self.profiles)}: it has {known}"
        )


def find(here: Path) -> SettingsFile | None:
    """The file that $MLB_ETL_CONFIG names, or else the nearest one from a folder upwards; None if there is none.

    Raises EtlError for a file that can't be read or has mistakes.
    """
    if given := os.environ.get("MLB_ETL_CONFIG"):
        return _load(Path(os.path.normpath(Path(given).absolute())), *_stamp(Path(given)))
    path = next((found for each in _upwards(here) if (found := _one_of(*each)) is not None), None)
    if path is None:
        return None
    owner = path.stat().st_uid
    if os.geteuid() and owner not in {0, os.geteuid()}:
        raise EtlError(
            f"{shown(path)} belongs to another user: if you trust it, name it with --config or MLB_ETL_CONFIG"
        )
    return _load(path, *_stamp(path))


@lru_cache(maxsize=4)
def _upwards(here: Path) -> tuple[tuple[Path, Path], ...]:
    """The files that a folder and those above it can have; kept, as each captured body asks for its largest size."""
    return tuple((folder / FILE, folder / PYPROJECT) for folder in (here, *here.parents))


def _one_of(own: Path, shared: Path) -> Path | None:
    """The settings file of a folder. Raises EtlError if it has two."""
    has_own = os.access(own, os.F_OK)
    if not (os.access(shared, os.R_OK) and shared.is_file() and _mentions(shared, *_stamp(shared))):
        return own if has_own else None
    if has_own:
        raise EtlError(f"{shown(own.parent)} has settings in {FILE} and in {PYPROJECT}: keep them in one of them")
    return shared


@lru_cache(maxsize=16)
def _mentions(path: Path, *_: int) -> bool:
    """Whether a pyproject.toml has our table, without parsing those that have not."""
    try:
        with path.open("rb") as file:
            return bool(_OURS.search(file.read(_MOST)))
    except OSError:
        return False


def _stamp(path: Path) -> tuple[int, int, int]:
    """What changes when a file does; raises EtlError for what is not a file."""
    try:
        found = path.stat()
    except (OSError, ValueError) as error:
        raise EtlError(f"the settings file {shown(path)} can't be read: {_why(error)}") from error
    if not stat.S_ISREG(found.st_mode):
        raise EtlError(f"the settings file {shown(path)} is not a file")
    return found.st_mtime_ns, found.st_size, found.st_ino


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(_MOST + 1)
    except OSError as error:
        raise EtlError(f"the settings file {shown(path)} can't be read: {_why(error)}") from error
    if len(found) > _MOST:
        raise EtlError(f"the settings file {shown(path)} is larger than {_MOST >> 20} MiB")
    return found


@lru_cache(maxsize=4)
def _load(path: Path, *_: int) -> SettingsFile:
    """Read and check a file; again only after it has changed."""
    table = _TABLE if path.name == PYPROJECT else ()
    from mlb_etl.settings import toml  # noqa: PLC0415 - most commands find no file

    document = toml.parse(shown(path), _bytes(path))
    reading = _Reading(path.parent, document, table)
    loaded = reading.load(path)
    if reading.errors:
        more = [f"{shown(path)}: and {len(reading.errors) - _ERRORS} more"] if len(reading.errors) > _ERRORS else []
        raise EtlError("\n".join([*reading.errors[:_ERRORS], *more]))
    return loaded


@dataclass
class _Reading:
    """Reads one file, and notes all its errors."""

    folder: Path
    document: "Document"
    table: "Keys"
    errors: list[str] = field(default_factory=list)

    def load(self, path: Path) -> SettingsFile:
        """The settings; incomplete where there are errors."""
        found: Any = self.document.data
        for depth, key in enumerate(self.table):
            if not isinstance(found, dict) or not isinstance(found.get(key), dict):
                self.error(self.table[:depth], f"has no table {'.'.join(self.table)}")
                return SettingsFile(path, {}, {})
            found = found[key]
        profiles = found.get("profile", {})
        if not isinstance(profiles, dict):
            self.error((*self.table, "profile"), "profile is not a table: write [profile.NAME] above its settings")
            profiles = {}
        base = {name: value for name, value in found.items() if name != "profile"}
        layers = {name: layer for name, value in profiles.items() for layer in self.profile(name, value)}
        return SettingsFile(path, self.layer(self.table, base), layers)

    def error(self, keys: "Keys", message: str) -> None:
        """Note an error at the place of a key."""
        self.errors.append(f"{self.document.place(keys)}: {message}")

    def profile(self, name: str, value: object) -> Iterator[Layer]:
        """The layer of a profile, unless it is none."""
        keys = (*self.table, "profile", name)
        if not _PROFILE.fullmatch(name):
            self.error(
                keys, f"{shortened(name)} can't be a profile's name: up to 60 letters, digits, _ and - are expected"
            )
        elif not isinstance(value, dict):
            self.error(keys, f"profile.{name} is not a table: write [profile.{name}] above its settings")
        else:
            yield self.layer(keys, value)

    def layer(self, above: "Keys", values: Mapping[str, object]) -> Layer:
        """The values of a table of settings."""
        found = {}
        for name, value in values.items():
            keys = (*above, name)
            setting = BY_NAME.get(name)
            try:
                if setting is None:
                    known = [each.name for each in SETTINGS if each.in_file]
                    self.error(keys, f"there is no setting {printable(name, 60)}{_near(name, [*known, 'profile'])}")
                elif not setting.in_file:
                    self.error(keys, f"{name} can't stand in the file: set {setting.variable}")
                elif name == "headers":
                    found[name] = Written(self.headers(keys, value), self.document.line(keys))
                else:
                    named = _named(value)
                    read = setting.kind.read(value, self.folder) if named is None else named
                    found[name] = Written(read, self.document.line(keys))
            except Unfit as error:
                self.error(keys, f"{name} {error}")
        return found

    def headers(self, above: "Keys", value: object) -> Layer:
        """The headers, by name."""
        if not isinstance(value, dict):
            raise Unfit("is not a table: write [headers] above them")
        found = {}
        for name, text in value.items():
            keys = (*above, name)
            try:
                found[name] = Written(_header(name, text), self.document.line(keys))
            except Unfit as error:
                self.error(keys, f"headers.{printable(name, 100)} {error}")
        return found


def _header(name: str, value: object) -> str | Named:
    """The value of a header. Raises Unfit."""
    if not _HEADER.fullmatch(name) or name.lower() in _CONNECTION:
        raise Unfit("can't be a header of requests")
    if (named := _named(value)) is not None:
        return named
    if not isinstance(value, str) or not is_header_value(value):
        raise Unfit('is not one line of text: "..." or {env = "NAME"} is expected')
    return value


def is_header_value(text: str) -> bool:
    """Whether a header can have this value: printable ASCII on one line."""
    return len(text) <= LONGEST and bool(_HEADER_VALUE.fullmatch(text)) and text == text.strip()


def _named(value: object) -> Named | None:
    """A value that the file names: {env = "NAME"}, or with a prefix too; None for any other. Raises Unfit."""
    if not isinstance(value, dict):
        return None
    variable, prefix = value.get("env"), value.get("prefix", "")
    if value.keys() - {"env", "prefix"} or not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
        raise Unfit('is a table: a value, or {env = "NAME"} with the name of an environment variable, is expected')
    if not isinstance(prefix, str) or not _HEADER_VALUE.fullmatch(prefix) or len(prefix) > LONGEST:
        raise Unfit("has a prefix that is not one line of text")
    return Named(variable, prefix)


def shown(path: Path) -> str:
    """A path for messages, relative to the working directory if that is shorter."""
    return printable(min(os.path.relpath(path), str(path), key=len))


def _near(name: str, known: Any) -> str:
    import difflib  # noqa: PLC0415 - few commands meet a mistake

    near = difflib.get_close_matches(name, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
