"""The package sample_tables after a change of its mapping: a column more in each table, one of them of another key."""

METHODS = {"sample.game": "sample_later.game"}
