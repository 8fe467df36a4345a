"""Write law 4, the shrink guard: a capture that would delete a large part of a document is suspicious."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from mlb_contracts import ShrinkGuard
from mlb_etl.errors import Rejected
from mlb_etl.laws.verdict import Policy, Watermark

_ACCEPT = "if that is correct, accept it with `mlb-etl quarantine accept`"


@dataclass(frozen=True, slots=True)
class Loss:
    """A document's rows in one table: their numbers before and after the capture, and how many it deletes."""

    before: int
    deleted: int
    after: int
    guarded: bool


def unguarded(new: Mapping[str, Watermark], before: Mapping[str, Watermark], policy: Policy) -> set[str]:
    """The documents that may lose any number of rows: the loss was accepted, or the tables already show this content.

    `before` holds the watermarks of the documents that have one.
    """
    if policy == "accept":
        return set(new)
    return {name for name, shown in before.items() if shown.content_hash == new[name].content_hash}


def check(guard: ShrinkGuard, losses: Mapping[str, Loss]) -> None:
    """Raise Rejected if the guard stops a capture; `losses` has every table by its name."""
    if guard.once and not any(losses[name].before for name in guard.once):
        return
    guarded = {name: loss for name, loss in losses.items() if loss.guarded}
    for name, loss in guarded.items():
        if loss.after == 0 and loss.before >= guard.emptied_table_rows:
            raise Rejected(
                f"it would empty a table that had rows; {_ACCEPT}",
                table=name,
                value=_deleted(loss.deleted, loss.before),
            )
    deleted = sum(loss.deleted for loss in guarded.values())
    before = sum(loss.before for loss in guarded.values())
    if deleted > Decimal(str(guard.share)) * before:  # decimal as in the mapping: in binary, 29 > 0.29 * 100
        reason = f"it would delete more than {guard.share:.0%} of the document's rows; {_ACCEPT}"
        raise Rejected(reason, value=_deleted(deleted, before))


def _deleted(deleted: int, before: int) -> str:
    return f"{deleted} of {before} rows deleted"
