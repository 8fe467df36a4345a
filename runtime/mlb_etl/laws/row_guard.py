"""The second line of defense of write law 1: a row later than the capture stays, and the capture is quarantined.

Since the watermark decides first, such rows only exist if someone edited rows or the watermark.
"""

from collections.abc import Mapping

from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import RowChanges

_REASON = (
    "the table has rows that are later than the capture, so the rows or the watermark were changed by hand: "
    "`mlb-etl verify rows` lists them, and `mlb-etl repair` restores the document's tables from its captures"
)


class KeptOut(Rejected):
    """The tables have rows of the document that are later than the capture."""


def require_none_kept_out(changed: Mapping[str, RowChanges]) -> None:
    """Raise KeptOut for the first table that kept later rows; `changed` has a document's changes, parents first."""
    for name, its in changed.items():
        if its.kept_out:
            raise KeptOut(_REASON, value=f"{its.kept_out} of its rows", table=name)
