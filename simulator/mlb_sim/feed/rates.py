"""Rates as the API writes them: strings, rounded half up, with placeholders for division by zero."""

NO_RATE = "-.--"
NO_SHARE = ".---"


def share(part: int, whole: int, none: str = NO_SHARE) -> str:
    """Three decimals without a leading zero: `.267`, `1.000`."""
    if not whole:
        return none
    return thousandths((2000 * part + whole) // (2 * whole))


def thousandths(value: int) -> str:
    """A number of thousandths: `.267`."""
    return f"{value // 1000 or ''}.{value % 1000:03d}"


def rate(part: int, whole: int, none: str = NO_RATE) -> str:
    """Two decimals: `4.98`."""
    if not whole:
        return none
    hundredths = (200 * part + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def strikes(part: int, whole: int) -> str:
    """The share of strikes, with two decimals and a trailing zero: `.700`."""
    if not whole:
        return NO_RATE
    return thousandths((200 * part + whole) // (2 * whole) * 10)


def innings(outs: int) -> str:
    """`7.2` for seven innings and two thirds."""
    return f"{outs // 3}.{outs % 3}"
