"""Write laws 1 and 2: whether a capture is applied, given the state of its document that the tables show."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, TypeAlias

Verdict: TypeAlias = Literal["applied", "same", "stale", "conflict"]
Policy: TypeAlias = Literal["new", "again", "accept", "repair"]


class Watermark(NamedTuple):
    """A document's watermark: the time and content that its tables show, and the mapping's fingerprint."""

    as_of: datetime
    content_hash: bytes
    fingerprint: str


def verdict(capture: Watermark, watermark: Watermark | None, policy: Policy = "new") -> Verdict:
    """Decide about a capture of a document whose tables show `watermark`.

    The policy `again` also applies the capture that is shown; `accept` decides conflicts for the capture; `repair`
    applies the capture in any case.
    """
    if watermark is None or policy == "repair":
        return "applied"
    if capture.as_of < watermark.as_of:
        return "stale"
    if capture.content_hash != watermark.content_hash:
        return "conflict" if capture.as_of == watermark.as_of and policy != "accept" else "applied"
    shown = capture.fingerprint == watermark.fingerprint
    return "same" if shown and (policy != "again" or capture.as_of > watermark.as_of) else "applied"


def verdict_under_lock(
    capture: Watermark, listed: Watermark | None, watermark: Watermark | None, policy: Policy
) -> Verdict:
    """Decide again under the document's lock; `listed` is the watermark from when the capture was chosen.

    A repair yields to any worker that has applied a capture of the document since then.
    """
    if policy == "repair" and watermark != listed:
        return "stale"
    return verdict(capture, watermark, policy)


def moved_watermarks(
    new: Mapping[str, Watermark], before: Mapping[str, Watermark], verdicts: Sequence[Verdict]
) -> dict[str, Watermark]:
    """The watermarks to move: of applied documents, and of documents that a later capture shows unchanged.

    `new` has every document, in the order of `verdicts`; `before` has those that already had a watermark.
    """
    became = dict(zip(new, verdicts, strict=True))
    return {
        name: new[name]
        for name, shown in before.items()
        if became[name] == "applied" or (became[name] == "same" and new[name].as_of > shown.as_of)
    }
