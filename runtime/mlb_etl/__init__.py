"""The runtime: captures responses of a JSON API, stores them unchanged, and fills tables from them safely.

The names here are public; every module below is private and may change. Importing the package loads nothing else: each
name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlb_contracts.extensions import check, converter
    from mlb_etl.api import pipeline
    from mlb_etl.apply.pipeline import Pipeline
    from mlb_etl.errors import DatabaseUnavailable, EtlError, Rejected
    from mlb_etl.laws.counts import Counts
    from mlb_etl.settings import Settings

__all__ = [
    "Counts",
    "DatabaseUnavailable",
    "EtlError",
    "Pipeline",
    "Rejected",
    "Settings",
    "check",
    "converter",
    "pipeline",
]

_MODULES = {
    "Counts": "mlb_etl.laws.counts",
    "DatabaseUnavailable": "mlb_etl.errors",
    "EtlError": "mlb_etl.errors",
    "Pipeline": "mlb_etl.apply.pipeline",
    "Rejected": "mlb_etl.errors",
    "Settings": "mlb_etl.settings",
    "check": "mlb_contracts.extensions",
    "converter": "mlb_contracts.extensions",
    "pipeline": "mlb_etl.api",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
