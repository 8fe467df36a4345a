"""What a setting's value can be: read from a text of the environment or a value of the settings file, within bounds.

Each kind raises Unfit, whose message goes on after the setting's name, as "is 7x: 1 to 600 seconds are expected". The
messages don't repeat values that may contain a password. The classes are plain, because help imports them.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

from mlb_etl.errors import redacted, shortened

LONGEST = 4096  # characters of a text
_VISIBLE = re.compile("[!-~]+")


class Unfit(Exception):
    """A value that a setting can't have."""


class Kind(Protocol):
    """A kind of values; `expects` describes them in a few words, `schema` as JSON Schema."""

    @property
    def expects(self) -> str:
        """The values, such as "1 to 600 seconds"."""

    def read_text(self, text: str) -> Any:
        """The value of a text of the environment. Raises Unfit."""

    def read(self, value: object, folder: Path) -> Any:
        """The value of what a file in this folder has. Raises Unfit."""

    def schema(self) -> dict[str, Any]:
        """The values that a file may have."""


class _Texts:
    """A kind whose values are texts in the file too."""

    def read_text(self, text: str) -> Any:
        raise NotImplementedError

    def read(self, value: object, folder: Path) -> Any:  # noqa: ARG002 - for those with places
        """The value; raises Unfit for anything but a text."""
        if not isinstance(value, str):
            raise Unfit(f"is {_named(value)}: a text is expected")
        return self.read_text(value)

    def schema(self) -> dict[str, Any]:
        """A text."""
        return {"type": "string"}


@dataclass(eq=False, repr=False)
class Text(_Texts):
    """A text; an empty one means none. After one of the prefixes `places`, it is a folder or a URL.

    A relative folder in a file is relative to the file's own folder.
    """

    expects: str
    places: tuple[str, ...] = ()
    pattern: str = r".*"

    def read_text(self, text: str) -> str | None:
        """The text, None if it is empty."""
        if len(text) > LONGEST or "\0" in text or not re.fullmatch(self.pattern, text, re.DOTALL):
            raise Unfit(f"is {redacted(text)}: {self.expects} is expected")
        return text or None

    def read(self, value: object, folder: Path) -> str | None:
        """The text, with its folder made absolute."""
        text: str | None = _Texts.read(self, value, folder)
        prefix = next((each for each in self.places if text and text.startswith(each)), None)
        if text is None or prefix is None or "://" in text:
            return text
        return f"{prefix}{folder / text.removeprefix(prefix)}"


@dataclass(eq=False, repr=False)
class Folder(_Texts):
    """A folder, as an absolute path; an empty text means none."""

    expects: str = "a folder"

    def read_text(self, text: str) -> Path | None:
        """The folder; a relative one is relative to the working directory."""
        if len(text) > LONGEST or "\0" in text:
            raise Unfit(f"is {shortened(text)}: a folder is expected")
        return Path(text).absolute() if text else None

    def read(self, value: object, folder: Path) -> Path | None:
        """The folder; a relative one is relative to the file's own."""
        if isinstance(value, str) and value:
            return self.read_text(str(folder / value))
        return cast("Path | None", _Texts.read(self, value, folder))


@dataclass(eq=False, repr=False)
class Choice(_Texts):
    """One of some words."""

    words: tuple[str, ...]

    @property
    def expects(self) -> str:
        """The words."""
        return " or ".join(self.words)

    def read_text(self, text: str) -> str:
        """The word."""
        if text not in self.words:
            raise Unfit(f"is {shortened(text)}: {self.expects} is expected")
        return text

    def schema(self) -> dict[str, Any]:
        """The words."""
        return {"enum": list(self.words)}


@dataclass(eq=False, repr=False)
class Whole:
    """A whole number of a unit."""

    unit: str
    least: int
    most: int

    @property
    def expects(self) -> str:
        """The bounds."""
        return f"{self.least} to {self.most} {self.unit}"

    def read_text(self, text: str) -> int:
        """The number."""
        return self._checked(int(text) if re.fullmatch("[0-9]{1,6}", text) else None, text)

    def read(self, value: object, _: Path) -> int:
        """The number; a text is none."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(f"is {_named(value)}: {self.expects} are expected, as a whole number")
        return self._checked(value, value)

    def _checked(self, number: int | None, given: object) -> int:
        if number is None or not self.least <= number <= self.most:
            raise Unfit(f"is {shortened(given)}: {self.expects} are expected, as a whole number")
        return number

    def schema(self) -> dict[str, Any]:
        """The bounds."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(eq=False, repr=False)
class Rate:
    """Requests a second, infinity for `off`."""

    least: float
    most: float

    @property
    def expects(self) -> str:
        """The bounds."""
        return f"{self.least:g} to {self.most:g} requests a second"

    def read_text(self, text: str) -> float:
        """The rate."""
        try:
            rate = math.inf if text == "off" else float(text)
        except ValueError:
            rate = math.nan
        return rate if text == "off" else self._checked(rate, text)

    def read(self, value: object, _: Path) -> float:
        """The rate: a number, or the text `off`."""
        if value == "off":
            return math.inf
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit(f'is {_named(value)}: {self.expects} are expected, such as 1 or 0.5, or "off"')
        return self._checked(value, value)

    def _checked(self, rate: float, given: object) -> float:
        if not self.least <= rate <= self.most:
            raise Unfit(f"is {shortened(given)}: {self.expects} are expected, such as 1 or 0.5, or off")
        return float(rate)

    def schema(self) -> dict[str, Any]:
        """The bounds."""
        return {"anyOf": [{"type": "number", "minimum": self.least, "maximum": self.most}, {"const": "off"}]}


@dataclass(eq=False, repr=False)
class Url(_Texts):
    """The URL of a server, without user, query and fragment, and without a slash at its end."""

    example: str

    @property
    def expects(self) -> str:
        """An example."""
        return f"a URL such as {self.example} or http://127.0.0.1:8000"

    def read_text(self, text: str) -> str:
        """The URL; errors don't repeat an invalid value in full, because it may contain a password."""
        expected = f"{self.expects} is expected"
        try:
            parts = urlsplit(text)
            host = (parts.hostname or "").encode("idna")
            fits = parts.scheme in {"http", "https"} and host and parts.port != 0 and _VISIBLE.fullmatch(text)
        except ValueError:  # an invalid port, address or host name
            raise Unfit(f"is not a URL: {expected}") from None
        if parts.username is not None or parts.password is not None:
            raise Unfit(f"is not to have a user or password: {expected}")
        if not fits or parts.query or parts.fragment or len(text) > LONGEST:
            raise Unfit(f"is {redacted(text) or 'empty'}: {expected}")
        return text.rstrip("/")


@dataclass(eq=False, repr=False)
class Headers:
    """Headers of requests, by name. The file reads each value itself, so this kind only describes them."""

    expects: str = "a table of texts"

    def read_text(self, text: str) -> Any:
        raise NotImplementedError(text)

    def read(self, value: object, folder: Path) -> Any:
        raise NotImplementedError(value, folder)

    def schema(self) -> dict[str, Any]:
        """A table of texts."""
        return {"type": "object", "additionalProperties": {"type": "string"}}


def _named(value: object) -> str:
    """The type of a value of TOML, in words."""
    words = {bool: "true or false", int: "a number", float: "a number", str: "a text", list: "a list", dict: "a table"}
    return words.get(type(value), "a date or time")
