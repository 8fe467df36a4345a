"""The row models that the generator emits beside each table."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from mlb_contracts import Table

Model = TypeVar("Model", bound=BaseModel)


def model_of(table: Table) -> type[BaseModel]:
    """The row model of a table: the one in the module of its extractor whose fields are its columns."""
    module = sys.modules[table.extract.__module__]
    names = {column.name for column in table.columns}
    return next(
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, BaseModel) and names & {*each.model_fields} == names
    )


def as_models(rows: Iterable[Mapping[str, Any]], model: type[Model]) -> Iterator[Model]:
    """Rows as models, checked; what a row has beside the model's fields is left out."""
    return (model.model_validate(row) for row in rows)
