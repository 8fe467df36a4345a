"""What to do with a capture that differs from what samples had."""

from collections.abc import Sequence

from mlb_contracts import Method
from mlb_contracts.change import Change
from mlb_etl.errors import DriftFound, Rejected
from mlb_etl.laws.standing import StoredCapture
from mlb_etl.laws.verdict import Policy

MOST_PATHS = 1_000
"""How many changes of a method a store keeps; … stands for further paths."""
_HELP = "if it is right, add it to the samples and run `mlbgen infer`, or let the mapping say `drift: report`"


def is_refused(method: Method, capture: StoredCapture, policy: Policy) -> bool:
    """Whether the mapping refuses captures that differ, and this one is neither accepted nor shown already."""
    return method.drift != "report" and policy not in {"accept", "repair"} and not capture.is_shown


def refusal(method: Method, capture: StoredCapture, changes: Sequence[Change]) -> Rejected | DriftFound:
    """The error for a refused capture with these changes: for quarantine, or to end the run."""
    first, more = changes[0], len(changes) - 1
    others = f", and {more} more change{'s' if more > 1 else ''}" if more else ""
    if method.drift == "quarantine":
        return Rejected(f"differs from all samples: {first.kind}{others}", path=first.path, value=first.seen or None)
    return DriftFound(
        f"{method.name} {capture.document}, captured at {capture.captured_at.isoformat()}, differs from all samples:"
        f" {first}{others}; {_HELP}"
    )
