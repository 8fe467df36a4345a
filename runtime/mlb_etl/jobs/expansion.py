"""How a job expands the rows of a listing into requests."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mlb_contracts import jsonpath
from mlb_etl.jobs.grammar import Model, Name, Value


def _listing(by: str) -> str:
    if not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)?", by, re.ASCII):
        raise ValueError("a method such as tracker.projects is expected, or the name of a listing that a plug-in has")
    return by


def _steps(path: object) -> object:
    steps = jsonpath.parse(path) if isinstance(path, str) else None
    if steps is None or not all(isinstance(step, str | int) for step in steps):
        raise ValueError("a single place in the response is expected, such as $.status.code")
    return steps


Place = Annotated[tuple[str | int, ...], BeforeValidator(_steps, json_schema_input_type=str)]


class Settled(Model):
    """When a row's request is not needed anymore, because its final answer is captured."""

    when: dict[Name, tuple[Value, ...]] = Field(
        {},
        description="Columns of the listing, with values after which nothing more comes. By default any row.",
    )
    shown: dict[Name, Place] = Field(
        {},
        description="Columns of the listing, each with a place in the newest capture that must hold the same value,"
        " such as $.status.code. By default any capture will do.",
    )


class Expansion(Model):
    """Makes a request for each row of a listing."""

    by: Annotated[str, AfterValidator(_listing)] = Field(
        description="A method that has a mapping, such as tracker.projects; or the name of a listing of a plug-in."
    )
    table: str | None = Field(
        None, description="The table of that method whose rows are listed, such as tracker.projects."
    )
    query: dict[str, Value] = Field(
        description="The parameters of the listing's request; ${NAME} stands for a parameter's value."
    )
    parameters: dict[str, Name] = Field(
        {},
        description="Parameters of the requests, each with the column of the listing that it comes from. Those that"
        " the method needs come from columns of the same name.",
    )
    leave_out: dict[Name, tuple[Value, ...]] = Field(
        {}, description="Columns of the listing, with the values for which a row is left out."
    )
    settled: Settled | None = Field(
        None,
        description="When a row's request is skipped (unless --again is given), because its final answer is captured."
        " By default never; listings of plug-ins have this built in.",
    )

    @property
    def columns(self) -> set[str]:
        """The columns of the listing that decide whether a row is requested."""
        return {*self.leave_out, *self.settled.when, *self.settled.shown} if self.settled else {*self.leave_out}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        of_method = "." in self.by
        if of_method and self.table is None:
            raise ValueError("a method needs a table whose rows are listed")
        if not of_method and (self.table is not None or self.settled is not None):
            raise ValueError(
                f"{self.by} is a listing of a plug-in, which has table and settled built in: leave them out"
            )
        return self
