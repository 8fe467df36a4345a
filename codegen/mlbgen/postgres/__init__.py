"""PostgreSQL of a mapping, built as syntax trees.

Nothing of a mapping reaches a statement but as a quoted name, as a literal, or as an expression read and written anew.
"""
