"""Implements the database interface of `mlb_etl.stores.interfaces` on Delta Lake."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Self

from mlb_contracts import Method
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta import schema
from mlb_etl.stores.delta.archive import DeltaArchive
from mlb_etl.stores.delta.drift import Drift
from mlb_etl.stores.delta.failures import Failures
from mlb_etl.stores.delta.lake import S3, Lake
from mlb_etl.stores.delta.marks import Marks
from mlb_etl.stores.delta.operations import DeltaOperations
from mlb_etl.stores.delta.quarantine import Quarantine
from mlb_etl.stores.delta.raw import DeltaRaw
from mlb_etl.stores.delta.runs import Runs
from mlb_etl.stores.delta.tables import DeltaTables
from mlb_etl.stores.delta.tidy import Tidier


class DeltaStores:
    """The stores of a lake, which open each table once."""

    def __init__(self, lake: Lake, package: str) -> None:
        self._lake = lake.session()
        self._package = package
        self._tidiers: dict[str, Tidier] = {}

    def require_migrated(self, *, writing: bool = True) -> None:  # noqa: ARG002 - who may not write is told when he does
        """As `Stores` says."""
        schema.require(self._lake, self._package)

    def raw(self, method: Method) -> DeltaRaw:
        """As `Stores` says."""
        return DeltaRaw(self._lake, method)

    def archive(self, method: Method) -> DeltaArchive:
        """As `Stores` says."""
        return DeltaArchive(self._lake, method)

    def tables(self, method: Method) -> DeltaTables:
        """As `Stores` says."""
        return DeltaTables(self._lake, method)

    def quarantine(self, method: Method, fingerprint: str | None = None) -> Quarantine:
        """As `Stores` says."""
        return Quarantine(self._lake, method.name, fingerprint, Marks(self._lake, method))

    def failures(self) -> Failures:
        """As `Stores` says."""
        return Failures(self._lake)

    def drift(self, method: Method) -> Drift:
        """As `Stores` says."""
        return Drift(self._lake, method.name)

    def runs(self) -> Runs:
        """As `Stores` says."""
        return Runs(self._lake)

    def tidy(self, method: Method) -> None:
        """As `Stores` says."""
        if method.name not in self._tidiers:
            self._tidiers[method.name] = Tidier(self._lake, self._package, method)
        self._tidiers[method.name].tidy()

    def operations(self) -> DeltaOperations:
        """As `Stores` says."""
        return DeltaOperations(self._lake, self._package)

    def close(self) -> None:
        """As `Stores` says: there is no connection."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Delta:
    """The lake at a place, with the tables of a package."""

    lake: Lake = field(repr=False)
    package: str

    @property
    def batches_a_unit(self) -> int:
        """As `Database` says: a unit commits to each table, however many documents it has."""
        return 4

    def dataset(self, schema: str, table: str) -> tuple[str, str]:
        """As `Database` says."""
        place = self.lake.uri(schema, table)
        if not place.startswith(S3):
            return "file", place
        bucket, _, name = place.removeprefix(S3).partition("/")
        return f"{S3}{bucket}", name

    def open(self) -> DeltaStores:
        """As `Database` says."""
        return DeltaStores(self.lake, self.package)

    def explained(self) -> AbstractContextManager[None]:
        """As `Database` says."""
        return lakes.translated(self.lake.root)
