"""Write laws 1 and 2: what becomes of a capture, given what the tables show of its document."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

Verdict: TypeAlias = Literal["applied", "same", "stale", "conflict"]
Policy: TypeAlias = Literal["new", "again", "accept", "repair"]


class Applied(NamedTuple):
    """A capture that tables show: whose state, its content, and the mapping's fingerprint it was applied under."""

    as_of: datetime
    content_hash: bytes
    fingerprint: str


def verdict(capture: Applied, watermark: Applied | None, policy: Policy = "new") -> Verdict:
    """What becomes of a capture where the document's tables show `watermark`.

    Under the policy `again` what is shown is applied once more; under `accept` a conflict goes to the capture; under
    `repair` the capture is applied whatever is shown.
    """
    if watermark is None or policy == "repair":
        return "applied"
    if capture.as_of < watermark.as_of:
        return "stale"
    if capture.content_hash != watermark.content_hash:
        return "conflict" if capture.as_of == watermark.as_of and policy != "accept" else "applied"
    shown = capture.fingerprint == watermark.fingerprint
    return "same" if shown and (policy != "again" or capture.as_of > watermark.as_of) else "applied"


def verdict_under_lock(capture: Applied, listed: Applied | None, watermark: Applied | None, policy: Policy) -> Verdict:
    """As `verdict`, where the tables showed `listed` when the capture was chosen.

    A repair yields to any worker that has applied a capture of the document since then.
    """
    if policy == "repair" and watermark != listed:
        return "stale"
    return verdict(capture, watermark, policy)


def moved(new: Mapping[str, Applied], before: Mapping[str, Applied], verdicts: Sequence[Verdict]) -> dict[str, Applied]:
    """The watermarks to move: of what was applied, and of what a later capture shows unchanged.

    `new` has every document, in the order of `verdicts`; `before` those that have had a watermark.
    """
    became = dict(zip(new, verdicts, strict=True))
    return {
        name: new[name]
        for name, shown in before.items()
        if became[name] == "applied" or (became[name] == "same" and new[name].as_of > shown.as_of)
    }
