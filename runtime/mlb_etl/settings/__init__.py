"""Settings: one table of them, the settings file with its profiles, and the environment over it.

Help needs the table alone; the rest is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from mlb_etl.settings.table import (
    FASTEST,
    LAKE,
    LARGEST_BODY,
    MAX_BODY,
    PREFIX,
    RATE,
    SETTINGS,
    SLOWEST,
    TIMEOUT,
    Encoding,
    Setting,
)

if TYPE_CHECKING:
    from mlb_etl.settings.file import Named
    from mlb_etl.settings.resolved import Found, Header, Layers, Origin
    from mlb_etl.settings.values import (
        POSTGRES,
        Settings,
        is_lake_place,
        max_body,
        metrics,
        project_folder,
        raw_encoding,
        run_id,
        working_directory,
    )

__all__ = [
    "FASTEST",
    "LAKE",
    "LARGEST_BODY",
    "MAX_BODY",
    "POSTGRES",
    "PREFIX",
    "RATE",
    "SETTINGS",
    "SLOWEST",
    "TIMEOUT",
    "Encoding",
    "Found",
    "Header",
    "Layers",
    "Named",
    "Origin",
    "Setting",
    "Settings",
    "is_lake_place",
    "max_body",
    "metrics",
    "project_folder",
    "raw_encoding",
    "run_id",
    "working_directory",
]

_MODULES = {
    "Found": "resolved",
    "Header": "resolved",
    "Layers": "resolved",
    "Named": "file",
    "Origin": "resolved",
}


def __getattr__(name: str) -> object:
    """Import a name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'values')}"), name)
    globals()[name] = value
    return value
