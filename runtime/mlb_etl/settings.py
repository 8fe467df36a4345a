"""What the environment says: the database, the data folder, the package of generated tables."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TABLES = "mlb_tables"


@dataclass(frozen=True, slots=True)
class Settings:
    """`dsn` None stands for the embedded server in `data`; `tables` is the import name of the generated package."""

    dsn: str | None
    data: Path
    tables: str

    @classmethod
    def from_environment(cls) -> Self:
        """$MLB_ETL_DSN, $MLB_ETL_DATA (else data in the working directory), $MLB_ETL_TABLES (else mlb_tables)."""
        return cls(
            dsn=os.environ.get("MLB_ETL_DSN") or None,
            data=Path(os.environ.get("MLB_ETL_DATA") or "data"),
            tables=os.environ.get("MLB_ETL_TABLES") or TABLES,
        )
