"""Batted balls: where they go, and their results under the rules."""

from dataclasses import dataclass, replace

from mlb_sim import positions
from mlb_sim.play import kinds
from mlb_sim.play.log import Credit, Hit, Kind
from mlb_sim.play.state import AWAY, HOME, OUTS, Runner, State
from mlb_sim.positions import Position

FIRST, SECOND, THIRD, HOME_PLATE = 0, 1, 2, 3
_LAST_INNING = 9
_GROUND = (("6", 0.31), ("4", 0.27), ("5", 0.2), ("3", 0.14), ("1", 0.06), ("2", 0.02))
_AIR = (("8", 0.38), ("7", 0.31), ("9", 0.31))
_LINE = (("8", 0.24), ("7", 0.26), ("9", 0.26), ("6", 0.08), ("4", 0.07), ("5", 0.06), ("3", 0.03))
_POP = (("6", 0.24), ("4", 0.22), ("3", 0.2), ("5", 0.17), ("2", 0.12), ("1", 0.05))
_HARDNESS = (("medium", 0.84), ("hard", 0.1), ("soft", 0.06))
_WORDS = {"ground_ball": "ground ball", "fly_ball": "fly ball", "line_drive": "line drive", "popup": "pop-up"}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a plate appearance."""

    kind: Kind
    description: str
    rbi: int = 0
    batter_out: bool = False
    hit: Hit | None = None  # fielders after the first one


def bat(state: State) -> tuple[Hit, Outcome]:
    """A ball in play."""
    draw, power = state.draw, state.batter.power
    trajectory, locations, resolve = draw.weighted(
        (
            (("ground_ball", _GROUND, _on_the_ground), 0.44 - 0.03 * power),
            (("line_drive", _LINE, _on_a_line), 0.21),
            (("fly_ball", _AIR, _in_the_air), 0.28 + 0.025 * power),
            (("popup", _POP, _popped_up), 0.07),
        )
    )
    hit = Hit(trajectory, draw.weighted(_HARDNESS), draw.weighted(locations))
    outcome = resolve(state, hit)
    return outcome.hit or hit, outcome


def bunt(state: State) -> tuple[Hit, Outcome]:
    """A bunt to move the runners over."""
    hit = Hit("bunt_grounder", "soft", state.draw.weighted((("1", 0.5), ("3", 0.3), ("5", 0.2))))
    covering = "4" if hit.location == "3" else "3"
    for base in state.occupied():
        state.advance(base, base + 1, kinds.SAC_BUNT, "r_adv_force")
    state.put_out(None, "1B", kinds.SAC_BUNT, None, _throw(state, hit.location, covering))
    return hit, Outcome(kinds.SAC_BUNT, f"{state.batter.name} sacrifices with a bunt.", batter_out=True)


def force(state: State, kind: Kind, *, rbi: bool = False) -> None:
    """Advance each forced runner by one base, so that first base is free for the batter."""
    chain = []
    for base in range(len(state.bases)):
        if state.bases[base] is None:
            break
        chain.append(base)
    for base in reversed(chain):
        state.advance(base, base + 1, kind, "r_adv_force", rbi=rbi)


def batter_runner(state: State, *, earned: bool = True) -> Runner:
    """The batter as a runner, for whom the pitcher is responsible."""
    return Runner(state.batter.id, state.pitcher.id, earned)


def _luck(state: State) -> float:
    """The factor by which a hit is more likely than usual."""
    rating = state.batter.hitting * 0.02 - state.pitcher.pitching * 0.018
    return rating + state.form[state.offense] * 0.035


def _on_the_ground(state: State, hit: Hit) -> Outcome:
    place = state.draw.unit() - _luck(state)
    infield = hit.location in positions.FIELD[:6]
    if infield and place < 0.215:  # noqa: PLR2004 -- share of ground balls that go through
        return _hit(state, _through(state, hit), 1)
    if place < 0.235:  # noqa: PLR2004 -- for two bases
        return _hit(state, _through(state, hit), 2)
    if place < 0.26:  # noqa: PLR2004 -- that a fielder drops
        return _error(state, hit)
    return _ground_out(state, hit)


def _through(state: State, hit: Hit) -> Hit:
    """The outfielder behind the infielder that the ball passed."""
    behind = {"5": "7", "6": "7", "4": "9", "3": "9"}.get(hit.location) or state.draw.pick("789")
    return Hit(hit.trajectory, hit.hardness, behind)


def _on_a_line(state: State, hit: Hit) -> Outcome:
    place = state.draw.unit() - _luck(state)
    if hit.location in positions.OUTFIELD:
        for limit, bases in ((0.5, 1), (0.69, 2), (0.705, 3), (0.735, 4)):
            if place < limit:
                return _hit(state, hit, bases)
    return _air_out(state, hit, kinds.LINEOUT, "lines out")


def _in_the_air(state: State, hit: Hit) -> Outcome:
    place = state.draw.unit() - _luck(state) - state.batter.power * 0.02
    for limit, bases in ((0.13, 4), (0.185, 2), (0.195, 3), (0.225, 1)):
        if place < limit:
            return _hit(state, hit, bases)
    if place < 0.23:  # noqa: PLR2004 -- flies that are dropped
        return _error(state, hit)
    return _air_out(state, hit, kinds.FLYOUT, "flies out")


def _popped_up(state: State, hit: Hit) -> Outcome:
    if state.draw.chance(0.006):
        return _error(state, hit)
    return _air_out(state, hit, kinds.POP_OUT, "pops out")


def _credited_bases(state: State, bases: int) -> int:
    """The bases of the batter; on a walk-off hit, no more than the winning runner needed."""
    if state.top or state.inning < _LAST_INNING or bases > THIRD + 1:
        return bases
    needed = state.score[AWAY] - state.score[HOME] + 1
    scorers = [base for base in state.occupied() if base + bases >= HOME_PLATE]
    return min(bases, HOME_PLATE - scorers[needed - 1]) if len(scorers) >= needed else bases


def _hit(state: State, hit: Hit, wanted: int) -> Outcome:
    bases = _credited_bases(state, wanted)
    kind = kinds.HITS[bases - 1]
    before = state.score[state.offense]
    for base in state.occupied():
        target = _target(state, base, bases)
        reason = "r_adv_force" if target == base + bases else "r_adv_play"
        state.advance(base, target, kind, reason, rbi=True)
    gone = bases > THIRD + 1
    fielded = () if gone else (state.credit(hit.location, "f_fielded_ball"),)
    state.reach(bases - 1, kind, runner=batter_runner(state), rbi=True, credits_=fielded)
    verb = {1: "singles", 2: "doubles", 3: "triples", 4: "homers"}[bases]
    where = "over the wall" if gone else f"to {_fielder(state, hit.location)}"
    text = f"{state.batter.name} {verb} on a {_WORDS[hit.trajectory]} {where}."
    return Outcome(kind, text, state.score[state.offense] - before, hit=replace(hit, gone=gone))


def _target(state: State, base: int, bases: int) -> int:
    """The base that a runner reaches on a hit, after the runners ahead of him have moved."""
    plain = base + bases
    if plain >= HOME_PLATE or state.walked_off:
        return min(plain, HOME_PLATE)
    runner = state.bases[base]
    speed = state.people[runner.player].speed if runner else 0.0
    share = (
        {(SECOND, 1): 0.6, (FIRST, 1): 0.28, (FIRST, 2): 0.42}[base, bases]
        + 0.06 * speed
        + 0.1 * (state.outs == OUTS - 1)
    )
    further = plain + 1
    free = further == HOME_PLATE or state.bases[further] is None
    return further if free and state.draw.chance(share) else plain


def _error(state: State, hit: Hit) -> Outcome:
    """The batter reaches on an error, which costs the defense an out."""
    state.phantom_outs += 1
    throwing = hit.location in positions.INFIELD and state.draw.chance(0.35)
    charge = "f_throwing_error" if throwing else "f_fielding_error"
    force(state, kinds.FIELD_ERROR)
    if state.walked_off:
        throwing = False
    charged = (state.credit(hit.location, charge),)
    state.reach(FIRST, kinds.FIELD_ERROR, runner=batter_runner(state, earned=False), credits_=charged)
    if throwing and state.bases[SECOND] is None:
        state.advance(FIRST, SECOND, kinds.ERROR, "r_adv_throw")
    manner = "throwing" if throwing else "fielding"
    return Outcome(
        kinds.FIELD_ERROR, f"{state.batter.name} is safe on a {manner} error by {_fielder(state, hit.location)}."
    )


def _ground_out(state: State, hit: Hit) -> Outcome:
    draw = state.draw
    if state.bases[FIRST] is not None and hit.location in positions.INFIELD:
        if state.outs < OUTS - 1 and draw.chance(0.4):
            return _double_play(state, hit)
        if draw.chance(0.4):
            return _force_out(state, hit)
    if state.bases[THIRD] is not None and state.bases[FIRST] is None and state.outs < OUTS - 1 and draw.chance(0.06):
        return _out_at_home(state, hit)
    return _out_at_first(state, hit)


def _double_play(state: State, hit: Hit) -> Outcome:
    pivot = "4" if hit.location in {"5", "6"} else "6"
    kind = kinds.DOUBLE_PLAY
    for base in (THIRD, SECOND):
        if (
            state.bases[base] is not None
            and (state.outs == 0 or base == SECOND)
            and not (base == SECOND and state.bases[THIRD])
        ):
            state.advance(base, base + 1, kind, "r_adv_play")
    state.put_out(FIRST, "2B", kind, "r_force_out", _throw(state, hit.location, pivot))
    state.put_out(None, "1B", kind, None, _throw(state, pivot, "3"))
    chain = " to ".join(_fielder(state, place) for place in dict.fromkeys((hit.location, pivot, "3")))
    return Outcome(kind, f"{state.batter.name} hits into a double play, {chain}.", batter_out=True)


def _force_out(state: State, hit: Hit) -> Outcome:
    kind = kinds.FORCEOUT
    before = state.score[state.offense]
    cover = "4" if hit.location in {"5", "6"} else "6"
    retired = state.put_out(FIRST, "2B", kind, "r_force_out", _throw(state, hit.location, cover))
    if state.outs < OUTS:
        for base in (THIRD, SECOND):
            if state.bases[base] is not None and not state.walked_off:
                state.advance(base, base + 1, kind, "r_adv_play", rbi=True)
    responsible = retired.responsible if retired else state.pitcher.id
    state.reach(FIRST, kind, runner=Runner(state.batter.id, responsible))
    text = (
        f"{state.batter.name} is safe at first, the runner is forced out at second by {_fielder(state, hit.location)}."
    )
    return Outcome(kind, text, state.score[state.offense] - before)


def _out_at_home(state: State, hit: Hit) -> Outcome:
    kind = kinds.FIELDERS_CHOICE_OUT
    via = _throw(state, hit.location, "2")
    retired = state.put_out(THIRD, "4B", kind, "r_runner_out", via)
    responsible = retired.responsible if retired else state.pitcher.id
    state.reach(FIRST, kind, runner=Runner(state.batter.id, responsible))
    return Outcome(kind, f"{state.batter.name} is safe on a fielder's choice, the runner is out at home.")


def _out_at_first(state: State, hit: Hit) -> Outcome:
    kind = kinds.GROUNDOUT
    before = state.score[state.offense]
    last = state.outs == OUTS - 1
    if not last:
        _move_up(state, kind)
    state.put_out(None, "1B", kind, None, _throw(state, hit.location, "3"))
    text = f"{state.batter.name} grounds out to {_fielder(state, hit.location)}."
    return Outcome(kind, text, state.score[state.offense] - before, batter_out=True)


def _move_up(state: State, kind: Kind) -> None:
    """Advance runners on a ground ball: forced ones always, others perhaps, the lead runner first."""
    forced = next((base for base in range(3) if state.bases[base] is None), 3)
    for base in state.occupied():
        if base != THIRD and state.bases[base + 1] is not None:
            continue
        if state.walked_off:
            break
        if base < forced or state.draw.chance(0.5):
            state.advance(base, base + 1, kind, "r_adv_play", rbi=True)


def _air_out(state: State, hit: Hit, kind: Kind, verb: str) -> Outcome:
    deep = hit.location in positions.OUTFIELD and hit.trajectory == "fly_ball"
    runner_on_third, last = state.bases[THIRD] is not None, state.outs == OUTS - 1
    if deep and runner_on_third and not last and state.draw.chance(0.7):
        kind = kinds.SAC_FLY
    state.put_out(None, "1B", kind, None, (state.credit(hit.location, "f_putout"),))
    name, fielder = state.batter.name, _fielder(state, hit.location)
    if kind == kinds.SAC_FLY:
        state.advance(THIRD, HOME_PLATE, kind, "r_adv_play", rbi=True)
        return Outcome(kind, f"{name} brings a run in with a fly to {fielder}.", 1, batter_out=True)
    if deep and not last and not runner_on_third and state.bases[SECOND] is not None and state.draw.chance(0.25):
        state.advance(SECOND, THIRD, kind, "r_adv_play")
    return Outcome(kind, f"{name} {verb} to {fielder}.", batter_out=True)


def _throw(state: State, first: Position, last: Position) -> tuple[Credit, ...]:
    """Assist and put-out, or only a put-out if one fielder does both."""
    if first == last:
        return (state.credit(last, "f_putout"),)
    return state.credit(first, "f_assist"), state.credit(last, "f_putout")


def _fielder(state: State, position: Position) -> str:
    return f"{positions.SPOKEN[position]} {state.name(state.fielder(position))}"
