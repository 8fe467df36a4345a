"""The second belt of write law 1: a row that is later than the capture stays, is counted, and puts the capture aside.

The watermark decides, so there are such rows only where someone changed rows, or lost the watermark.
"""

from collections.abc import Mapping

from mlb_etl.errors import Rejected
from mlb_etl.laws.counts import Changed

_REASON = (
    "the table has rows that are later than the capture, so they were changed by hand or the watermark was: "
    "`mlb-etl verify rows` lists them, and `mlb-etl repair` brings the document's tables to its captures"
)


class KeptOut(Rejected):
    """A table has rows of the document that are later than the capture."""


def require_none(changed: Mapping[str, Changed]) -> None:
    """Raise KeptOut for the first table that kept rows; `changed` has what a document did to each, parents first."""
    for name, its in changed.items():
        if its.kept_out:
            raise KeptOut(_REASON, value=f"{its.kept_out} of its rows", table=name)
