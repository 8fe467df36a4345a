"""The grammar of partitioning."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mlbgen.language.base import Spec, Text

Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]


class Partition(Spec):
    """How a table is partitioned; the migration premakes `from` to `to`, others are created on demand."""

    column: Text = Field(description="captured_at or a column of the tables.")
    kind: Literal["list", "month"] = Field(
        description="list: a partition for each value; month: for each month of a date or time."
    )
    from_: int | Month | None = Field(
        default=None, alias="from", description="First value (2024) or month (2024-01) to premake."
    )
    to: int | Month | None = Field(default=None, description="Last value or month to premake.")


class TablePartition(Partition):
    """The partitioning of tables; its column is added to their keys, and so may not be NULL."""

    of: Text | None = Field(
        default=None, description="Table that has the column: tables without it copy it from there, with the same path."
    )
    foreign_keys: Literal["none"] | None = Field(
        default=None, description="With captured_at: omit foreign keys to the table, which are not possible."
    )
