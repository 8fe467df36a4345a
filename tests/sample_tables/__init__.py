"""A hand-written package of the form that mlbgen generates: one method, a table and its child."""

METHODS = {"sample.game": "sample_tables.game"}
