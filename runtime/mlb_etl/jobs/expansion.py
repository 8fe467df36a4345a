"""How a job makes requests of a listing's rows."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mlb_contracts import jsonpath
from mlb_etl.jobs.grammar import Model, Name, Value

GAMES = "schedule"
"""The listing that no mapping describes: whoever runs a job passes it in."""


def _listing(by: str) -> str:
    if by != GAMES and not re.fullmatch(r"[A-Za-z]\w*\.[A-Za-z]\w*", by, re.ASCII):
        raise ValueError(f"{GAMES}, or a method such as schedule.schedule, is expected")
    return by


def _steps(path: object) -> object:
    steps = jsonpath.parse(path) if isinstance(path, str) else None
    if steps is None or not all(isinstance(step, str | int) for step in steps):
        raise ValueError("one place in the response, such as $.gameData.status.codedGameState, is expected")
    return steps


Place = Annotated[tuple[str | int, ...], BeforeValidator(_steps, json_schema_input_type=str)]


class Settled(Model):
    """Tells when a row's request need not be made again: its last answer is captured already."""

    when: dict[Name, tuple[Value, ...]] = Field(
        {}, description="Columns of the listing, and the values with which nothing more will come. By default any row."
    )
    shown: dict[Name, Place] = Field(
        {},
        description="Columns of the listing, each with the place in the newest capture that has to hold the same value,"
        " such as $.gameData.status.codedGameState. By default any capture will do.",
    )


class Expansion(Model):
    """Makes a request for each row of a listing."""

    by: Annotated[str, AfterValidator(_listing)] = Field(
        description="schedule, for the games of a schedule; or a method that has a mapping, such as schedule.schedule."
    )
    table: str | None = Field(
        None, description="The table of that method, the rows of which are listed, such as schedule.schedule_games."
    )
    query: dict[str, Value] = Field(
        description="What the listing is asked for; ${NAME} stands for a parameter's value."
    )
    parameters: dict[str, Name] = Field(
        {},
        description="Parameters of the requests, each with the column of the listing that it comes from; those that"
        " the method needs come from columns of their names. A schedule has game_pk and coded_game_state.",
    )
    leave_out: dict[Name, tuple[Value, ...]] = Field(
        {}, description="Columns of the listing, and the values with which a row is left out."
    )
    settled: Settled | None = Field(
        None,
        description="When a row's request is skipped, unless --again is given, since its last answer is captured. By"
        " default never; a schedule knows it by itself.",
    )
    except_states: tuple[str, ...] = Field((), description="Short for values of coded_game_state under leave_out.")

    @property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """The values with which a row is left out, by column."""
        states = {"coded_game_state": self.except_states} if self.except_states else {}
        return {**self.leave_out, **states}

    @property
    def columns(self) -> set[str]:
        """The columns of the listing that decide about a row."""
        return {*self.left_out, *self.settled.when, *self.settled.shown} if self.settled else {*self.left_out}

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.table is None) != (self.by == GAMES):
            raise ValueError(f"a table is needed of a method, and {GAMES} has none")
        if self.settled and self.by == GAMES:
            raise ValueError(f"{GAMES} knows by itself what is settled: leave settled out")
        if self.except_states and "coded_game_state" in self.leave_out:
            raise ValueError("except_states is short for coded_game_state under leave_out: leave one out")
        return self
