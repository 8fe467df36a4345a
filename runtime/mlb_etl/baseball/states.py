"""The states of a game, on which all decisions about it depend: their codes, names and groups in one place."""

from enum import StrEnum
from typing import Self


class State(StrEnum):
    """A codedGameState, as in schedules and feeds. The API may add more; an unknown one counts as in progress.

    A member equals its code; `words` is its name in messages.
    """

    words: str

    def __new__(cls, code: str, words: str) -> Self:
        """Create the member for a code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.words = words
        return member

    SCHEDULED = "S", "scheduled"
    PREGAME = "P", "before the game"
    IN_PROGRESS = "I", "in progress"
    CHALLENGE = "M", "challenge"
    REVIEW = "N", "review"
    OVER = "O", "over"
    FINAL = "F", "final"
    POSTPONED = "D", "postponed"
    CANCELLED = "C", "cancelled"
    SUSPENDED_T = "T", "suspended"
    SUSPENDED_U = "U", "suspended"
    FORFEITED_Q = "Q", "forfeited"
    FORFEITED_R = "R", "forfeited"


SUSPENDED = frozenset({State.SUSPENDED_T, State.SUSPENDED_U})
PLAYED = frozenset({State.FINAL, State.FORFEITED_Q, State.FORFEITED_R})
"""States of finished games, which may still be corrected."""

SETTLED = PLAYED | {State.POSTPONED, State.CANCELLED}
"""States of games that will not continue, at least not on their date."""

_WORDS: dict[str, str] = {state.value: state.words for state in State}


def display_name(code: str) -> str | None:
    """The name of a state; None for an unknown one."""
    return _WORDS.get(code)
