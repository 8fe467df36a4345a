"""Templates of mlbgen: data only."""
