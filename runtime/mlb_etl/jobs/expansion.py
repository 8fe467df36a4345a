"""How a job expands the rows of a listing into requests."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mlb_contracts import jsonpath
from mlb_etl.jobs.grammar import Model, Name, Value

GAMES = "schedule"
"""The listing that no mapping describes; the caller that runs a job passes it in."""


def _listing(by: str) -> str:
    if by != GAMES and not re.fullmatch(r"[A-Za-z]\w*\.[A-Za-z]\w*", by, re.ASCII):
        raise ValueError(f"{GAMES}, or a method such as schedule.schedule, is expected")
    return by


def _steps(path: object) -> object:
    steps = jsonpath.parse(path) if isinstance(path, str) else None
    if steps is None or not all(isinstance(step, str | int) for step in steps):
        raise ValueError("a single place in the response is expected, such as $.gameData.status.codedGameState")
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
        " such as $.gameData.status.codedGameState. By default any capture will do.",
    )


class Expansion(Model):
    """Makes a request for each row of a listing."""

    by: Annotated[str, AfterValidator(_listing)] = Field(
        description="schedule, for the games of a schedule; or a method that has a mapping, such as schedule.schedule."
    )
    table: str | None = Field(
        None, description="The table of that method whose rows are listed, such as schedule.schedule_games."
    )
    query: dict[str, Value] = Field(
        description="The parameters of the listing's request; ${NAME} stands for a parameter's value."
    )
    parameters: dict[str, Name] = Field(
        {},
        description="Parameters of the requests, each with the column of the listing that it comes from. Those that"
        " the method needs come from columns of the same name. A schedule has game_pk and coded_game_state.",
    )
    leave_out: dict[Name, tuple[Value, ...]] = Field(
        {}, description="Columns of the listing, with the values for which a row is left out."
    )
    settled: Settled | None = Field(
        None,
        description="When a row's request is skipped (unless --again is given), because its final answer is captured."
        " By default never; for a schedule this is built in.",
    )
    except_states: tuple[str, ...] = Field((), description="Short for coded_game_state under leave_out.")

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The values for which a row is left out, by column."""
        states = {"coded_game_state": self.except_states} if self.except_states else {}
        return {**self.leave_out, **states}

    @property
    def columns(self) -> set[str]:
        """The columns of the listing that decide whether a row is requested."""
        return {*self.left_out, *self.settled.when, *self.settled.shown} if self.settled else {*self.left_out}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.table is None) != (self.by == GAMES):
            raise ValueError(f"a method needs a table, and {GAMES} has none")
        if self.settled and self.by == GAMES:
            raise ValueError(f"for {GAMES}, settled is built in: leave it out")
        if self.except_states and "coded_game_state" in self.leave_out:
            raise ValueError("except_states is short for coded_game_state under leave_out: leave one out")
        return self
