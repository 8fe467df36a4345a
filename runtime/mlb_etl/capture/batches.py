"""How many responses wait until they are stored at once."""

from collections.abc import Sequence

from mlb_contracts.response import Response

_ENOUGH = 32 * 2**20  # bytes of responses, which are kept in memory


def is_enough(responses: Sequence[Response], batch: int) -> bool:
    """Whether to store the responses now, where the raw table takes so many at once."""
    return len(responses) >= batch or sum(len(each.data) for each in responses) >= _ENOUGH
