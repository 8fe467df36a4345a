"""Texts for the control tables."""


def storable_text(value: object, limit: int = 500) -> str:
    """The value as text for a column: truncated to `limit`, and with a symbol for NUL, which no text can hold."""
    return str(value)[:limit].replace("\0", "\N{SYMBOL FOR NULL}")
