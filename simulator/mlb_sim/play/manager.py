"""Decisions of managers: pitching changes, pinch-hitters and -runners, defensive substitutions, mound visits."""

from mlb_sim import positions
from mlb_sim.people import Person
from mlb_sim.play import kinds
from mlb_sim.play.log import Acted, Kind, Substitution
from mlb_sim.play.state import Runner, State
from mlb_sim.positions import Position

_LATE, _EIGHTH, _NINTH = 7, 8, 9
_CLOSE = 3
_MINIMUM_FACED = 3
_SHELLED = 6
_PINCH = (positions.PINCH_HITTER, positions.PINCH_RUNNER)


def between_halves(state: State) -> None:
    """Before the first batter of a half inning: give pinch-hitters and -runners a position, or replace them."""
    lineup = state.lineups[state.defense]
    for player in list(lineup.order):
        if lineup.position_of(player) in _PINCH:
            _settle(state, player)
    if state.inning >= _EIGHTH and state.lead < 0 and state.draw.chance(0.12):
        _tighten(state)
    if state.pitches[state.pitcher.id] and _is_done(state, fresh_inning=True):
        _relieve(state)


def before_batter(state: State) -> None:
    """Substitutions before a batter's first pitch."""
    if state.faced[state.pitcher.id] >= _MINIMUM_FACED and _is_done(state, fresh_inning=False):
        _relieve(state)
    elif state.tension and state.visits[state.defense] and state.draw.chance(0.12):
        state.visits[state.defense] -= 1
        state.add(Acted(state.wait(20, 40), kinds.VISIT, "Mound Visit."))
    if state.draw.chance(0.0007):
        club, manager = state.teams[state.offense].club, state.managers[state.offense]
        state.add(Acted(state.wait(60, 120), kinds.EJECTION, f"The manager of the {club} is ejected.", manager))
    if state.inning >= _LATE and abs(state.lead) <= _CLOSE:
        _pinch_hit(state)
        _pinch_run(state)


def hurt(state: State, player: int) -> None:
    """Replace an injured runner on first base."""
    runner = state.bases[0]
    if runner is None or not state.lineups[state.offense].bench:
        return
    text = f"{state.name(player)} leaves with an injury."
    state.add(
        Acted(state.wait(60, 120), kinds.INJURY, text, player, injury=state.draw.pick(("hand", "wrist", "elbow")))
    )
    _run_for(state, 0, state.lineups[state.offense].bench[0])


def _is_done(state: State, *, fresh_inning: bool) -> bool:
    pitcher = state.pitcher
    if not _available(state):
        return False
    thrown, allowed = state.pitches[pitcher.id], state.allowed[pitcher.id]
    if state.lineups[state.defense].pitchers[0] == pitcher.id:
        return thrown >= pitcher.endurance or allowed >= _SHELLED or (fresh_inning and thrown >= pitcher.endurance - 12)
    return thrown >= pitcher.endurance or (fresh_inning and state.draw.chance(0.85))


def _available(state: State) -> list[int]:
    """Relievers in the bullpen; starters don't relieve."""
    starters = {person.id for person in state.teams[state.defense].starters}
    return [player for player in state.lineups[state.defense].bullpen if player not in starters]


def _relieve(state: State) -> None:
    options = _available(state)
    saves = state.inning >= _NINTH and -_CLOSE <= state.lead < 0
    new = options[-1] if saves else options[int(state.draw.unit() * max(1, len(options) - 1))]
    old = state.pitcher
    text = f"{state.name(new)} comes in to pitch for {old.name}."
    change = Substitution(state.defense, new, old.id, positions.PITCHER, "")
    _substitute(state, kinds.PITCHING_CHANGE, text, change, (60, 150))


def _pinch_hit(state: State) -> None:
    lineup = state.lineups[state.offense]
    batter = state.batter
    options = [state.people[player] for player in lineup.bench if state.people[player].hitting > batter.hitting + 0.4]
    if not options or lineup.position_of(batter.id) == positions.CATCHER or not state.draw.chance(0.14):
        return
    new = max(options, key=lambda each: (each.hitting, each.id))
    order = lineup.next_place(state.next_slot[state.offense])
    text = f"{new.name} bats for {batter.name}."
    change = Substitution(state.offense, new.id, batter.id, positions.PINCH_HITTER, order)
    _substitute(state, kinds.OFFENSIVE_CHANGE, text, change, (15, 40))


def _pinch_run(state: State) -> None:
    bench = state.lineups[state.offense].bench
    fast = [player for player in bench if state.people[player].speed > 0.4]  # noqa: PLR2004 -- deviations from the mean
    for base in state.occupied():
        runner = state.bases[base]
        if runner and fast and state.people[runner.player].speed < -0.3 and state.draw.chance(0.12):  # noqa: PLR2004
            _run_for(state, base, fast[0])
            return


def _run_for(state: State, base: int, new: int) -> None:
    runner = state.bases[base]
    lineup = state.lineups[state.offense]
    if runner is None or runner.player not in lineup.order:
        return
    order = lineup.next_place(lineup.order.index(runner.player))
    change = Substitution(state.offense, new, runner.player, positions.PINCH_RUNNER, order, base + 1)
    state.bases[base] = Runner(new, runner.responsible, runner.earned)
    text = f"{state.name(new)} runs for {state.name(runner.player)}."
    _substitute(state, kinds.OFFENSIVE_CHANGE, text, change, (15, 40))


def _settle(state: State, player: int) -> None:
    """Keep a pinch-hitter or pinch-runner if a position is open for him, or replace him."""
    lineup = state.lineups[state.defense]
    slot = lineup.order.index(player)
    gap = next((place for place in (*positions.FIELD, positions.DESIGNATED_HITTER) if place not in lineup.field), None)
    if gap is None:
        return
    fitting = [each for each in lineup.bench if _fits(state.people[each], gap)]
    if fitting and not _fits(state.people[player], gap):
        new = fitting[0]
        change = Substitution(state.defense, new, player, gap, lineup.next_place(slot))
        text = f"{state.name(new)} replaces {state.name(player)} and plays {positions.SPOKEN[gap]}."
        _substitute(state, kinds.DEFENSIVE_CHANGE, text, change, (1, 3))
        return
    change = Substitution(state.defense, player, None, gap, lineup.places[player])
    text = f"{state.name(player)} stays in the game as {positions.SPOKEN[gap]}."
    _substitute(state, kinds.SWITCH, text, change, (1, 3))


def _tighten(state: State) -> None:
    """Bring in a better fielder for the last innings."""
    lineup = state.lineups[state.defense]
    for new in lineup.bench:
        place = state.people[new].position
        if place in positions.FIELD and place != positions.CATCHER and place in lineup.field:
            old = lineup.field[place]
            change = Substitution(state.defense, new, old, place, lineup.next_place(lineup.order.index(old)))
            text = f"{state.name(new)} replaces {positions.SPOKEN[place]} {state.name(old)}."
            _substitute(state, kinds.DEFENSIVE_CHANGE, text, change, (1, 3))
            return


def _fits(person: Person, place: Position) -> bool:
    if place == positions.DESIGNATED_HITTER:
        return True
    return positions.kind(person.position) == positions.kind(place)


def _substitute(state: State, kind: Kind, text: str, change: Substitution, seconds: tuple[int, int]) -> None:
    state.lineups[change.side].apply(change)
    state.face()
    state.add(Acted(state.wait(*seconds), kind, text, change.player, substitution=change, base=change.base))
