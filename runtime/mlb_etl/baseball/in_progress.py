"""How the tables tell that a game is in progress, or over but not final; an unknown state counts as in progress."""

from mlb_etl.baseball.states import SETTLED, SUSPENDED, State
from mlb_etl.stores.interfaces.operations import Changing

IN_PROGRESS = Changing(
    method="game.liveGameV1",
    table="game.live_game_metadata",
    column="coded_game_state",
    settled=frozenset(state.value for state in SETTLED | SUSPENDED | {State.SCHEDULED, State.PREGAME}),
)
