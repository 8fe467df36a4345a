"""The entry points that installed packages have in groups of ours.

As importlib.metadata finds them, whose import alone takes a third of the time of `mlb-etl --help`; it is asked only
where packages may be in archives.
"""

import os
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

OURS: Final = "mlb_etl."
_SEPARATORS = re.compile(r"[-_.]+")


class EntryPoint(NamedTuple):
    """An object, as `module:attribute`, by the name and the group under which a package registers it."""

    group: str
    name: str
    value: str

    def load(self) -> Any:
        """Import it. Raises ImportError, AttributeError, and whatever its module raises."""
        module, _, attributes = self.value.partition("[")[0].strip().partition(":")
        found: Any = import_module(module.strip())
        for attribute in filter(None, attributes.strip().split(".")):
            found = getattr(found, attribute)
        return found


def entry_points(group: str) -> list[EntryPoint]:
    """Those of a group, whose name starts with that of ours, in the order of sys.path."""
    path = tuple(sys.path)
    if any(map(os.path.isfile, path)):
        from importlib import metadata  # noqa: PLC0415 - as above

        return [EntryPoint(each.group, each.name, each.value) for each in metadata.entry_points(group=group)]
    return [each for each in _all(path) if each.group == group]


@lru_cache(1)
def _all(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    found: dict[str, str] = {}  # by distribution, of which the first on the path counts
    for each in (each for folder in path for each in _distributions(Path(folder))):
        name = _SEPARATORS.sub("-", each.stem.partition("-")[0]).lower()
        if name not in found:
            found[name] = _text(each / "entry_points.txt")
    return tuple(each for text in found.values() if f"[{OURS}" in text for each in _parsed(text))


def _distributions(folder: Path) -> list[Path]:
    """The folders of a folder with the metadata of a distribution each."""
    try:
        return [each for each in folder.iterdir() if each.suffix in {".dist-info", ".egg-info"}]
    except OSError:  # what is on sys.path need not be there
        return []


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError):  # most distributions have none
        return ""


def _parsed(text: str) -> Iterator[EntryPoint]:
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            group = line[1:-1]
        elif line and not line.startswith("#") and group.startswith(OURS):
            name, _, value = line.partition("=")
            yield EntryPoint(group, name.strip(), value.strip())
