"""A plate appearance, pitch by pitch."""

from mlb_sim.play import contact, kinds, manager, reviews, running
from mlb_sim.play.contact import Outcome, batter_runner, force
from mlb_sim.play.log import Acted, Began, Finished, Kind, Pitched, Review
from mlb_sim.play.state import BALLS, OUTS, STRIKES, State
from mlb_sim.times import SECOND

_CLOCK_SINCE = 2023  # pitch timer
_LATE = 7
_RUNNERS_IN_DANGER = 2


def play(state: State, *, first_of_half: bool, places_runner: bool) -> None:
    """Play one plate appearance, including events on the bases."""
    state.balls = state.strikes = state.disengagements = 0
    state.wait(8, 18)
    state.face()
    side = state.offense
    state.add(Began(state.now, state.inning, state.top, state.next_slot[side], state.batter.id, state.pitcher.id))
    if places_runner:
        running.place_runner(state)
    if first_of_half:
        manager.between_halves(state)
    if state.hurt is not None:
        manager.hurt(state, state.hurt)
        state.hurt = None
    manager.before_batter(state)
    _pitches(state)


def _pitches(state: State) -> None:
    if _walks_on_purpose(state):
        _walk(state, kinds.INTENT_WALK, None)
        return
    number = 0
    state.wait(4, 9)
    while True:
        running.before_pitch(state)
        if state.over_half:
            _cut_short(state)
            return
        if state.draw.chance(0.018):
            state.add(Acted(state.wait(8, 16), kinds.TIMEOUT, "Batter Timeout.", state.batter.id))
        _violation(state, number)
        if state.balls == BALLS:
            _walk(state, kinds.WALK, None)
            return
        if state.strikes == STRIKES:
            _strikeout(state, "AC", None)
            return
        number += 1
        if _pitch(state, number):
            return


def _walks_on_purpose(state: State) -> bool:
    late = state.inning >= _LATE and state.bases[0] is None and state.bases[1] is not None
    if not late or abs(state.lead) > _RUNNERS_IN_DANGER or state.batter.hitting < 0 or not state.draw.chance(0.12):
        return False
    state.wait(5, 10)
    for ball in range(1, BALLS + 1):
        state.now += 1
        state.balls = ball
        state.add(Pitched(state.now, state.now - 1, "VB", ball, 0, state.outs, 0, thrown=False))
    return True


def _violation(state: State, number: int) -> None:
    """A pitch timer violation: a ball or strike without a pitch."""
    if state.season >= _CLOCK_SINCE and state.draw.chance(0.0022):
        by_batter = state.draw.chance(0.5)
        state.strikes += by_batter
        state.balls += not by_batter
        code, who = ("AC", state.batter.id) if by_batter else ("VP", state.pitcher.id)
        at = state.wait(3, 6)
        state.add(Pitched(at, at - 1, code, state.balls, state.strikes, state.outs, number, thrown=False, violator=who))


def _outcome(state: State) -> str:
    """Ball, called strike, swinging strike, foul, in play, or hit by the pitch."""
    batter, pitcher = state.batter, state.pitcher
    two, three = state.strikes == STRIKES - 1, state.balls == BALLS - 1
    take = three and state.strikes == 0
    ball = 0.348 - 0.014 * pitcher.control + 0.012 * batter.eye - 0.06 * three + 0.035 * two
    called = 0.4 if take else 0.165 - 0.105 * two
    swinging = (
        0.108 + 0.014 * pitcher.pitching - 0.012 * batter.hitting + 0.015 * two - 0.006 * state.form[state.offense]
    )
    foul = 0.04 if take else 0.172 + 0.045 * two
    in_play = 0.03 if take else 0.172 + 0.03 * two
    place = state.draw.unit() * (ball + called + swinging + foul + in_play + 0.003)
    for code, share in (("B", ball), ("C", called), ("S", swinging), ("F", foul), ("X", in_play)):
        place -= share
        if place < 0:
            return code
    return "H"


def _pitch(state: State, number: int) -> bool:
    """Throw one pitch; return whether the plate appearance is over."""
    state.wait(14, 22)
    start = state.now - 3 * SECOND
    code = _outcome(state)
    state.pitches[state.pitcher.id] += 1
    if code == "X":
        _in_play(state, start, number)
        return True
    going = running.is_going(state) if code in "BCS" else None
    outs = state.outs
    code, review = _called(state, code)
    state.add(
        Pitched(
            state.now, start, code, state.balls, state.strikes, outs, number,
            ends_in_out=state.strikes == STRIKES, review=review, going=going is not None,
            disengagements=state.disengagements,
        )
    )  # fmt: skip
    if code == "H":
        _walk(state, kinds.HIT_BY_PITCH, None)
    elif state.balls == BALLS:
        _walk(state, kinds.WALK, review)
    elif state.strikes == STRIKES:
        _strikeout(state, code, review)
    else:
        return _between(state, code, going)
    return True


def _called(state: State, code: str) -> tuple[str, Review | None]:
    """The count after the pitch, and its detailed code."""
    draw = state.draw
    review = None
    if code == "B":
        state.balls += 1
        review = reviews.pitch(state, ball=True)
        code = "*B" if not review and draw.chance(0.07) else "B"
    elif code == "C":
        state.strikes += 1
        review = reviews.pitch(state, ball=False)
    elif code == "S":
        state.strikes += 1
        code = draw.weighted((("S", 0.88), ("W", 0.07), ("T", 0.05)))
    elif code == "F":
        state.strikes = min(STRIKES - 1, state.strikes + 1)
    return code, review


def _between(state: State, code: str, going: int | None) -> bool:
    """Move runners after a pitch that does not end the plate appearance; return whether the half inning is over."""
    if going is not None and code in "BCS":
        running.steal(state, going)
    elif code == "*B" and state.occupied() and state.draw.chance(0.22):
        running.wild(state)
    if state.over_half:
        _cut_short(state)
    return state.over_half


def _in_play(state: State, start: int, number: int) -> None:
    outs, runs = state.outs, sum(state.score)
    hit, outcome = contact.bunt(state) if _bunts(state) else contact.bat(state)
    scored = sum(state.score) > runs
    code = "E" if scored else "X" if state.outs > outs else "D"
    state.add(
        Pitched(
            state.now, start, code, state.balls, state.strikes, outs, number, hit=hit,
            ends_in_out=state.outs > outs, disengagements=state.disengagements,
        )
    )  # fmt: skip
    state.wait(5, 13)
    _finish(state, outcome, _review(state, outcome))


def _bunts(state: State) -> bool:
    first, _, third = state.bases
    wanted = first is not None and third is None and state.outs == 0 and abs(state.lead) <= _RUNNERS_IN_DANGER
    return wanted and state.strikes < STRIKES - 1 and state.batter.hitting < 0 and state.draw.chance(0.05)


def _review(state: State, outcome: Outcome) -> Review | None:
    draw = state.draw
    if outcome.kind == kinds.HOME_RUN and draw.chance(0.06):
        return reviews.umpires(state, "NH")
    if outcome.kind in {kinds.GROUNDOUT, kinds.DOUBLE_PLAY, kinds.SAC_BUNT} and draw.chance(0.025):
        return reviews.challenge(state, "MF", state.defense)
    if outcome.kind == kinds.FORCEOUT and draw.chance(0.04):
        return reviews.challenge(state, "MF", state.offense)
    return None


def _walk(state: State, kind: Kind, review: Review | None) -> None:
    before = state.score[state.offense]
    force(state, kind, rbi=True)
    state.reach(0, kind, runner=batter_runner(state))
    verb = {kinds.HIT_BY_PITCH: "is hit by a pitch", kinds.INTENT_WALK: "is walked on purpose"}.get(kind, "walks")
    hurt = kind == kinds.HIT_BY_PITCH and state.draw.chance(0.05)
    player = state.batter.id
    state.wait(1, 3)
    _finish(state, Outcome(kind, f"{state.batter.name} {verb}.", state.score[state.offense] - before), review)
    if hurt and not state.over_half:
        state.hurt = player


def _strikeout(state: State, code: str, review: Review | None) -> None:
    thrown_out = code == "W" and state.bases[0] is None and state.draw.chance(0.4)
    catcher = state.credit("2", "f_assist" if thrown_out else "f_putout")
    credits_ = (catcher, state.credit("3", "f_putout")) if thrown_out else (catcher,)
    state.put_out(None, "1B", kinds.STRIKEOUT, None, credits_)
    manner = "looking" if code in {"C", "AC"} else "swinging"
    state.wait(1, 3)
    _finish(state, Outcome(kinds.STRIKEOUT, f"{state.batter.name} strikes out {manner}.", batter_out=True), review)


def _finish(state: State, outcome: Outcome, review: Review | None) -> None:
    text = outcome.description
    if review is not None:
        asked = (
            state.name(review.player)
            if review.player
            else "The umpires"
            if review.team is None
            else _team(state, review)
        )
        text = f"{asked} had the call reviewed, which {'is overturned' if review.overturned else 'stands'}: {text}"
    state.faced[state.pitcher.id] += 1
    moves = state.take_moves()
    state.add(Finished(state.now, outcome.kind, text, outcome.rbi, outcome.batter_out, moves, review))
    side = state.offense
    state.next_slot[side] = (state.next_slot[side] + 1) % len(state.lineups[side].order)
    state.tension = bool(state.occupied()) and state.outs < OUTS


def _team(state: State, review: Review) -> str:
    return next(team.club for team in state.teams if team.id == review.team)


def _cut_short(state: State) -> None:
    """End a plate appearance that does not count, because a runner's out ended the half inning or a run the game."""
    last = next(entry for entry in reversed(state.log) if isinstance(entry, Acted) and entry.moves)
    state.add(Finished(state.now, last.kind, last.description, 0, batter_out=False))
