"""Base running between pitches: steals, pickoffs, wild pitches, balks."""

from mlb_sim.play import kinds
from mlb_sim.play.contact import FIRST, SECOND
from mlb_sim.play.log import Acted, Checked, Kind, Review
from mlb_sim.play.reviews import challenge
from mlb_sim.play.state import BASES, Runner, State

_SPOKEN = ("first", "second", "third", "home")
_NINTH = 9
_SAFE_LEAD = 3


def before_pitch(state: State) -> None:
    """Perhaps throw to first base or step off."""
    draw = state.draw
    if state.bases[FIRST] is None:
        return
    if draw.chance(0.012):
        state.disengagements += 1
        state.add(Checked(state.wait(8, 15), "PSO", state.disengagements))
    elif draw.chance(0.045):
        state.disengagements += 1
        state.add(Checked(state.wait(8, 15), "1", state.disengagements))
        _throw_to_first(state)
    if draw.chance(0.0005):
        _all_move_up(state, kinds.BALK, "r_adv_play", f"Balk by {state.pitcher.name}.")


def is_going(state: State) -> int | None:
    """The base of a runner who runs with the pitch, or None."""
    for base, share in ((FIRST, 0.02), (SECOND, 0.004)):
        runner = state.bases[base]
        if runner is not None and state.bases[base + 1] is None:
            speed = state.people[runner.player].speed
            if state.draw.chance(share * max(0.05, 1 + 0.8 * speed)):
                return base
    return None


def steal(state: State, base: int) -> None:
    """Decide whether the stealing runner is safe or out."""
    runner = state.bases[base]
    if runner is None:
        return
    name, target = state.name(runner.player), BASES[base + 1]
    if base == FIRST and state.inning >= _NINTH and state.lead <= -_SAFE_LEAD:
        state.advance(base, base + 1, kinds.INDIFFERENCE, "r_defensive_indiff")
        _act(state, kinds.INDIFFERENCE, f"{name} takes {_SPOKEN[base + 1]} unopposed.", runner.player)
        return
    safe = state.draw.chance(0.76 + 0.04 * state.people[runner.player].speed)
    review = None
    if state.draw.chance(0.06):
        state.wait(4, 8)
        review = challenge(state, "MA", state.offense if safe else state.defense)
    if safe:
        kind = kinds.STEALS[base]
        state.advance(base, base + 1, kind, f"r_stolen_base_{target.lower()}")
        text = f"{name} steals {_SPOKEN[base + 1]}."
    else:
        kind = kinds.CAUGHT[base]
        cover = "6" if base == FIRST else "5"
        credits_ = (state.credit("2", "f_assist"), state.credit(cover, "f_putout"))
        state.put_out(base, target, kind, f"r_caught_stealing_{target.lower()}", credits_)
        text = f"{name} is caught stealing {_SPOKEN[base + 1]}."
    _act(state, kind, text, runner.player, review)


def wild(state: State) -> None:
    """Advance the runners after a wild pitch or passed ball."""
    passed = state.draw.chance(0.2)
    kind = kinds.PASSED_BALL if passed else kinds.WILD_PITCH
    culprit = state.fielder("2") if passed else state.pitcher.id
    _all_move_up(state, kind, "r_adv_play", f"{kind.name} by {state.name(culprit)}.")


def place_runner(state: State) -> None:
    """Place the automatic runner on second base in an extra inning."""
    lineup = state.lineups[state.offense]
    player = lineup.order[state.next_slot[state.offense] - 1]
    state.reach(SECOND, kinds.RUNNER_PLACED, runner=Runner(player, state.pitcher.id, earned=False))
    text = f"{state.name(player)} starts the inning on second."
    moves = state.take_moves()
    state.add(Acted(state.wait(1, 3), kinds.RUNNER_PLACED, text, player, moves, running=True, base=2))


def _throw_to_first(state: State) -> None:
    runner = state.bases[FIRST]
    if runner is None:
        return
    name = state.name(runner.player)
    if state.draw.chance(0.015):
        credits_ = (state.credit("1", "f_assist"), state.credit("3", "f_putout"))
        state.put_out(FIRST, "1B", kinds.PICKED_OFF, "r_pickoff_1b", credits_)
        _act(state, kinds.PICKED_OFF, f"{name} is picked off first.", runner.player)
    elif state.bases[SECOND] is None and state.draw.chance(0.01):
        charged = (state.credit("1", "f_throwing_error"),)
        state.advance(FIRST, SECOND, kinds.PICKOFF_ERROR, "r_pickoff_error_1b", credits_=charged)
        _act(state, kinds.PICKOFF_ERROR, f"{name} takes second on a wild throw by {state.pitcher.name}.", runner.player)


def _all_move_up(state: State, kind: Kind, reason: str, text: str) -> None:
    occupied = state.occupied()
    lead = state.bases[occupied[0]]
    for base in occupied:
        if state.walked_off:
            break
        state.advance(base, base + 1, kind, reason)
    if lead is not None:
        _act(state, kind, text, lead.player)


def _act(state: State, kind: Kind, text: str, player: int, review: Review | None = None) -> None:
    moves = state.take_moves()
    state.add(Acted(state.wait(3, 9), kind, text, player, moves, running=True, review=review))
