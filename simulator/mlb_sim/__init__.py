"""A Stats API to run against: an invented league, played pitch by pitch, the same for the same seed."""
