"""A table or view of a database, read when it is asked for."""

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

from pydantic import BaseModel

from mlb_contracts import Table
from mlb_etl.errors import EtlError
from mlb_etl.reading.models import Model, as_models, model_of
from mlb_etl.stores.interfaces.reading import Snapshot, Wanted

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa


class Rows:
    """The rows of a table or view, as they are in the database each time they are read.

    Everything streams but `arrow`, `pandas` and `polars`, which hold all rows. Polars, DuckDB and other libraries that
    know Arrow's C stream take the object itself: `polars.from_arrow(rows)`. Reading raises EtlError if the database has
    no such table or view.
    """

    def __init__(self, name: str, seasons: Sequence[int], table: Table | None, connect: Callable[[], Snapshot]) -> None:
        self.name = name
        self.seasons = tuple(seasons)
        self._table = table
        self._connect = connect

    def reader(self) -> "pa.RecordBatchReader":
        """The rows as record batches of a few thousand rows; the connection is closed when they are read to the end."""
        import pyarrow as pa  # noqa: PLC0415 - an extra

        stream = self._stream()
        return pa.RecordBatchReader.from_batches(next(stream), stream)

    def _stream(self) -> Generator[Any, None, None]:
        """The schema, then batches."""
        with self._connect() as moment:
            [relation] = moment.relations([self.name])
            if self.seasons and not relation.has_season:
                raise EtlError(f"{self.name} has no column season: read it without one")
            yield moment.schema(relation)
            yield from moment.batches(relation, Wanted(self.seasons))

    def arrow(self) -> "pa.Table":
        """The rows as a table of Arrow."""
        return self.reader().read_all()

    def pandas(self) -> "pd.DataFrame":
        """The rows as a frame of pandas; columns of integers and booleans stay such where values are missing."""
        import pandas as pd  # noqa: PLC0415 - not every user has it
        import pyarrow as pa  # noqa: PLC0415

        kept = {
            pa.int16(): pd.Int16Dtype(),
            pa.int32(): pd.Int32Dtype(),
            pa.int64(): pd.Int64Dtype(),
            pa.bool_(): pd.BooleanDtype(),
        }
        frame: pd.DataFrame = self.arrow().to_pandas(types_mapper=kept.get)
        return frame

    def polars(self) -> "pl.DataFrame":
        """The rows as a frame of Polars."""
        import polars as pl  # noqa: PLC0415 - not every user has it

        return pl.DataFrame(self.arrow())

    def dicts(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict by column."""
        for batch in self.reader():
            yield from batch.to_pylist()

    @overload
    def models(self) -> Iterator[BaseModel]: ...
    @overload
    def models(self, model: type[Model]) -> Iterator[Model]: ...
    def models(self, model: type[BaseModel] | None = None) -> Iterator[BaseModel]:
        """Each row as a generated row model, or as another pydantic model; a view has no model of its own."""
        if model is not None:
            return as_models(self.dicts(), model)
        if self._table is None:
            raise EtlError(f"{self.name} is a view, which has no row model: pass a pydantic model with its columns")
        return as_models(self.dicts(), model_of(self._table))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.reader().__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        seasons = f", season {', '.join(map(str, self.seasons))}" if self.seasons else ""
        return f"<{self.name}{seasons}: .reader(), .arrow(), .pandas(), .polars(), .dicts(), .models()>"
