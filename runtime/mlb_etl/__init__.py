"""The runtime: captures responses of a JSON API, stores them unchanged, and fills tables from them safely.

The names here are public; every module below is private and may change. Importing the package loads nothing else: each
name is imported when it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlb_contracts.conventions import Conventions
    from mlb_contracts.extensions import check, converter
    from mlb_etl.api import (
        SchemaStatus,
        export_to,
        ingest,
        init_schema,
        pipeline,
        read,
        rows,
        schema_status,
        status,
    )
    from mlb_etl.apply.pipeline import Pipeline
    from mlb_etl.errors import DatabaseUnavailable, EtlError, Rejected
    from mlb_etl.export.run import Outcome
    from mlb_etl.jobs.worker import IngestResult
    from mlb_etl.laws.counts import Counts
    from mlb_etl.reading.relation import Rows
    from mlb_etl.reading.response import ResponseRows
    from mlb_etl.settings import Settings
    from mlb_etl.stores.interfaces.operations import DatabaseStatus

__all__ = [
    "Conventions",
    "Counts",
    "DatabaseStatus",
    "DatabaseUnavailable",
    "EtlError",
    "IngestResult",
    "Outcome",
    "Pipeline",
    "Rejected",
    "ResponseRows",
    "Rows",
    "SchemaStatus",
    "Settings",
    "check",
    "converter",
    "export_to",
    "ingest",
    "init_schema",
    "pipeline",
    "read",
    "rows",
    "schema_status",
    "status",
]

_MODULES = {
    "Conventions": "mlb_contracts.conventions",
    "Counts": "mlb_etl.laws.counts",
    "DatabaseStatus": "mlb_etl.stores.interfaces.operations",
    "DatabaseUnavailable": "mlb_etl.errors",
    "EtlError": "mlb_etl.errors",
    "IngestResult": "mlb_etl.jobs.worker",
    "Outcome": "mlb_etl.export.run",
    "Pipeline": "mlb_etl.apply.pipeline",
    "Rejected": "mlb_etl.errors",
    "ResponseRows": "mlb_etl.reading.response",
    "Rows": "mlb_etl.reading.relation",
    "SchemaStatus": "mlb_etl.api",
    "Settings": "mlb_etl.settings",
    "check": "mlb_contracts.extensions",
    "converter": "mlb_contracts.extensions",
    "export_to": "mlb_etl.api",
    "ingest": "mlb_etl.api",
    "init_schema": "mlb_etl.api",
    "pipeline": "mlb_etl.api",
    "read": "mlb_etl.api",
    "rows": "mlb_etl.api",
    "schema_status": "mlb_etl.api",
    "status": "mlb_etl.api",
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
