"""Reviews of calls: managers' challenges, umpires' reviews, and challenges of balls and strikes."""

from mlb_sim.draw import Draw
from mlb_sim.play.log import Review, Status, StatusSet
from mlb_sim.play.state import State

ABS_SINCE = 2026


def challenge(state: State, kind: str, winner: int) -> Review | None:
    """A manager's challenge of a call that ends in favor of this side; None if the manager has no challenge left.

    If the call is overturned, this side challenged it; if it stands, the other side did, and loses a challenge.
    """
    overturned = state.draw.chance(0.5)
    side = winner if overturned else 1 - winner
    if not state.challenges[side]:
        return None
    if not overturned:
        state.challenges[side] -= 1
    review = Review(kind, state.teams[side].id, None, overturned, _again(state))
    _look(state, Status.CHALLENGE, review)
    return review


def umpires(state: State, kind: str) -> Review:
    """A review that the umpires initiate; the call stands."""
    review = Review(kind, None, None, overturned=False)
    _look(state, Status.UMPIRE_REVIEW, review)
    return review


def pitch(state: State, *, ball: bool) -> Review | None:
    """A challenge of a pitch that is finally called a ball or a strike."""
    if state.season < ABS_SINCE or not state.draw.chance(0.022):
        return None
    overturned = state.draw.chance(0.52)
    winner = state.offense if ball else state.defense
    side = winner if overturned else 1 - winner
    if not state.abs_challenges[side]:
        return None
    if not overturned:
        state.abs_challenges[side] -= 1
    player = state.batter.id if side == state.offense else state.fielder("2")
    return Review("MJ", state.teams[side].id, player, overturned)


def _again(state: State) -> tuple[Review, ...]:
    """At times the umpires look at another part of the play, of their own accord."""
    draw = Draw("again", state.pitcher.id, state.now)  # apart from the game's own draws, which stay as they are
    return (Review("NI", None, None, overturned=False),) if draw.chance(0.1) else ()


def _look(state: State, status: Status, review: Review) -> None:
    state.add(StatusSet(state.wait(3, 8), status, review))
    state.add(StatusSet(state.wait(55, 110), Status.IN_PROGRESS))
