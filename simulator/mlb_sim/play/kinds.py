"""The kinds of events, with the API's names and codes."""

from typing import Final

from mlb_sim.play.log import Kind

SINGLE: Final = Kind("Single", "single")
DOUBLE: Final = Kind("Double", "double")
TRIPLE: Final = Kind("Triple", "triple")
HOME_RUN: Final = Kind("Home Run", "home_run")
HITS: Final = (SINGLE, DOUBLE, TRIPLE, HOME_RUN)
WALK: Final = Kind("Walk", "walk")
INTENT_WALK: Final = Kind("Intent Walk", "intent_walk")
HIT_BY_PITCH: Final = Kind("Hit By Pitch", "hit_by_pitch")
STRIKEOUT: Final = Kind("Strikeout", "strikeout")
GROUNDOUT: Final = Kind("Groundout", "field_out")
FLYOUT: Final = Kind("Flyout", "field_out")
LINEOUT: Final = Kind("Lineout", "field_out")
POP_OUT: Final = Kind("Pop Out", "field_out")
BUNT_GROUNDOUT: Final = Kind("Bunt Groundout", "field_out")
FORCEOUT: Final = Kind("Forceout", "force_out")
DOUBLE_PLAY: Final = Kind("Grounded Into DP", "grounded_into_double_play")
FIELDERS_CHOICE_OUT: Final = Kind("Fielders Choice Out", "fielders_choice_out")
FIELD_ERROR: Final = Kind("Field Error", "field_error")
ERROR: Final = Kind("Error", "error")
SAC_FLY: Final = Kind("Sac Fly", "sac_fly")
SAC_BUNT: Final = Kind("Sac Bunt", "sac_bunt")

STEALS: Final = (Kind("Stolen Base 2B", "stolen_base_2b"), Kind("Stolen Base 3B", "stolen_base_3b"))
CAUGHT: Final = (Kind("Caught Stealing 2B", "caught_stealing_2b"), Kind("Caught Stealing 3B", "caught_stealing_3b"))
PICKED_OFF: Final = Kind("Pickoff 1B", "pickoff_1b")
PICKOFF_ERROR: Final = Kind("Pickoff Error 1B", "pickoff_error_1b")
WILD_PITCH: Final = Kind("Wild Pitch", "wild_pitch")
PASSED_BALL: Final = Kind("Passed Ball", "passed_ball")
BALK: Final = Kind("Balk", "balk")
INDIFFERENCE: Final = Kind("Defensive Indiff", "defensive_indiff")
RUNNER_PLACED: Final = Kind("Runner Placed On Base", "runner_placed")

ADVISORY: Final = Kind("Game Advisory", "game_advisory")
TIMEOUT: Final = Kind("Batter Timeout", "batter_timeout")
VISIT: Final = Kind("Mound Visit", "mound_visit")
INJURY: Final = Kind("Injury", "injury")
EJECTION: Final = Kind("Ejection", "ejection")
PITCHING_CHANGE: Final = Kind("Pitching Substitution", "pitching_substitution")
OFFENSIVE_CHANGE: Final = Kind("Offensive Substitution", "offensive_substitution")
DEFENSIVE_CHANGE: Final = Kind("Defensive Sub", "defensive_substitution")
SWITCH: Final = Kind("Defensive Switch", "defensive_switch")

NO_APPEARANCE: Final = frozenset(  # a turn at bat that a runner's out ends is not a plate appearance
    {*STEALS, *CAUGHT, PICKED_OFF, PICKOFF_ERROR, WILD_PITCH, PASSED_BALL, BALK, INDIFFERENCE}
)
NO_AT_BAT: Final = frozenset({WALK, INTENT_WALK, HIT_BY_PITCH, SAC_FLY, SAC_BUNT})
