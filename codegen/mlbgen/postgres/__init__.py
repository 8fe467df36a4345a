"""SQL of a mapping for PostgreSQL, built as syntax trees.

Text of a mapping only enters a statement as a quoted name, as a literal, or as a parsed expression.
"""
