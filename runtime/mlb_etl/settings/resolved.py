"""The value of each setting, and where it is from: environment, profile, file, or default, in this order."""

import logging
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

from mlb_etl.errors import EtlError, shortened
from mlb_etl.settings import file
from mlb_etl.settings.file import Layer, Named, SettingsFile, Written
from mlb_etl.settings.kinds import Unfit
from mlb_etl.settings.table import BY_NAME, Setting

_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@|^[\w-]*(auth|cookie|key|secret|token)[\w-]*=|password\s*=", re.IGNORECASE)
Source: TypeAlias = Literal["default", "file", "profile", "environment"]
log = logging.getLogger(__name__)


class Origin(NamedTuple):
    """Where a value is from, and its place: FILE:LINE, or the environment's variable."""

    source: Source
    place: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A setting's value; `named` is the environment variable that the file names instead of a value."""

    setting: Setting
    value: Any
    origin: Origin
    named: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of requests: its text, or what names it, and where it stands."""

    name: str
    value: str | Named
    origin: Origin

    def text(self) -> str:
        """The header's value; raises EtlError if the environment lacks it."""
        if isinstance(self.value, str):
            return self.value
        text = _environment_text(self.value, f"headers.{self.name}", self.origin)
        if not file.is_header_value(text):
            raise EtlError(f"{self.value.variable} is not one line of ASCII, as the header {self.name} needs it")
        return text


@dataclass(frozen=True, slots=True)
class Layers:
    """The settings file, if there is one, and the chosen profile's name; empty if none is chosen."""

    file: SettingsFile | None
    profile: str = ""

    @classmethod
    def now(cls, here: Path) -> "Layers":
        """Those of the environment, for a working directory. Raises EtlError for an unusable file or profile."""
        found = file.find(here)
        profile = os.environ.get("MLB_ETL_PROFILE") or ""
        if profile and found is None:
            raise EtlError(f"there is no settings file that could have the profile {shortened(profile)}")
        if found is not None:
            if profile:
                found.profile(profile)
            _warn(found, _mode(found.path))
        return cls(found, profile)

    def find(self, name: str) -> Found:
        """A setting's value. Raises EtlError for one that is invalid, or that the environment lacks."""
        setting = BY_NAME[name]
        if (text := _of_environment(setting)) is not None:
            return Found(setting, _read(setting, text, str(setting.variable)), self.origin(name))
        origin, written = self._chosen(name)
        return Found(setting, setting.default, origin) if written is None else _of_file(setting, written, origin)

    def origin(self, name: str) -> Origin:
        """Where a setting's value is from, even if it can't be used."""
        return self._chosen(name)[0]

    def headers(self) -> tuple[Header, ...]:
        """The headers of requests; a profile's replace those of the same name."""
        found: dict[str, Header] = {}
        for origin, layer in reversed(self._written()):
            for name, written in layer["headers"].value.items() if "headers" in layer else ():
                found[name.lower()] = Header(name, written.value, Origin(origin, self._place(written)))
        return tuple(found.values())

    def _chosen(self, name: str) -> tuple[Origin, Written | None]:
        """Where a setting's value is from, and what the file says if it is the file."""
        setting = BY_NAME[name]
        if _of_environment(setting) is not None:
            return Origin("environment", str(setting.variable)), None
        for source, layer in self._written():
            if name in layer:
                return Origin(source, self._place(layer[name])), layer[name]
        return Origin("default"), None

    def _written(self) -> list[tuple[Source, Layer]]:
        """What the file says, the chosen profile first."""
        if self.file is None:
            return []
        chosen: list[tuple[Source, Layer]] = [("profile", self.file.profile(self.profile))] if self.profile else []
        return [*chosen, ("file", self.file.base)]

    def _place(self, written: Written) -> str:
        return "" if self.file is None else f"{file.shown(self.file.path)}:{written.line}"


def _of_environment(setting: Setting) -> str | None:
    """The text of its variable; None if that is unset, or empty: only an empty `base_url` would mean the real API."""
    text = os.environ.get(setting.variable) if setting.variable is not None else None
    return text if text or setting.name == "base_url" else None


def _read(setting: Setting, text: str, name: str) -> Any:
    try:
        return setting.kind.read_text(text)
    except Unfit as error:
        raise EtlError(f"{name} {error}") from None


def _of_file(setting: Setting, written: Written, origin: Origin) -> Found:
    if not isinstance(written.value, Named):
        return Found(setting, written.value, origin)
    text = _environment_text(written.value, setting.name, origin)
    variable = written.value.variable
    return Found(setting, _read(setting, text, f"{variable} (named at {origin.place})"), origin, variable)


def _environment_text(named: Named, name: str, origin: Origin) -> str:
    text = os.environ.get(named.variable)
    if not text:
        raise EtlError(f"{origin.place}: {name} stands in the environment variable {named.variable}, which is not set")
    return named.prefix + text


def _mode(path: Path) -> int:
    return path.stat().st_mode


@lru_cache(maxsize=4)
def _warn(found: SettingsFile, mode: int) -> None:
    """Warn once of passwords in a file that others can read."""
    if not mode & (stat.S_IRGRP | stat.S_IROTH):
        return
    for layer in (found.base, *found.profiles.values()):
        for name, written in layer.items():
            if any(_PASSWORD.search(text) for text in _secrets(name, written.value)):
                what = f"{file.shown(found.path)}:{written.line}: {name} has a secret, and others can read the file"
                log.warning('%s: run `chmod 600` on it, or write {env = "NAME"} in its place', what)


def _secrets(name: str, value: object) -> list[str]:
    """The texts in a written value that may hold secrets, headers as NAME=VALUE."""
    if isinstance(value, Mapping):  # the headers
        return [f"{key}={each.value}" for key, each in value.items() if isinstance(each.value, str)]
    return [value] if isinstance(value, str) and BY_NAME[name].secret else []
