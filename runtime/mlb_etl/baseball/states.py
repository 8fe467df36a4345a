"""The states of a game, by which everything about it is decided; one place for their codes, words and groups."""

from enum import StrEnum
from typing import Self


class State(StrEnum):
    """A codedGameState, as schedules and feeds have it. The API adds more: one that is not here counts as in progress.

    A member equals its code; `words` say it to people.
    """

    words: str

    def __new__(cls, code: str, words: str) -> Self:
        """Make the member of a code."""
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
"""What is corrected later."""

SETTLED = PLAYED | {State.POSTPONED, State.CANCELLED}
"""What is not played on."""

_WORDS: dict[str, str] = {state.value: state.words for state in State}


def words(code: str) -> str | None:
    """A state in words; None for one that is not known."""
    return _WORDS.get(code)
