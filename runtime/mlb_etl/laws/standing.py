"""The standing of a stored capture, decided without its body: whether it is still to be applied, and if not, why."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias

from mlb_etl.laws.verdict import Policy, Watermark, verdict

Standing: TypeAlias = Literal["pending", "later", "same", "stale", "waiting", "dropped"]
"""pending: to be applied; later: the tables show its content as of an earlier time, so the watermark has to move;
same: the tables show it; stale: they show a later state; waiting, dropped: it is in quarantine."""

TO_APPLY: frozenset[Standing] = frozenset({"pending", "later"})


class StoredCapture(NamedTuple):
    """A document in a stored capture, without its bytes.

    `document` is its key as JSON; `as_of` the time whose state it shows (content that was seen again has several);
    `content_hash` the hash of the document's own bytes; `parameters` those of the capture's request. `ahead` tells
    whether it is later than the store's clock. `note` is its id in quarantine and `quarantine` its state there;
    `applied` is the document's watermark. `request`, `captured_at` and `answer_hash` identify the capture, and `places`
    the document's items in it, as in extract.answer.HeldDocument.
    """

    keys: tuple[Any, ...]
    document: str
    captured_at: datetime
    as_of: datetime
    content_hash: bytes
    parameters: dict[str, str]
    ahead: bool
    note: int | None
    quarantine: Literal["waiting", "dropped"] | None
    applied: Watermark | None
    request: str = ""
    answer_hash: bytes = b""
    places: tuple[int, ...] | None = None

    @property
    def answer(self) -> tuple[str, datetime, bytes]:
        """The identity of the capture that holds the document."""
        return self.request, self.captured_at, self.answer_hash

    @property
    def is_shown(self) -> bool:
        """Whether the tables show its content."""
        return self.applied is not None and self.applied.content_hash == self.content_hash

    def under(self, fingerprint: str) -> Watermark:
        """The document's watermark once this capture is applied under the mapping with that fingerprint."""
        return Watermark(self.as_of, self.content_hash, fingerprint)


def standing(capture: StoredCapture, fingerprint: str, policy: Policy = "new") -> Standing:
    """The standing of a capture under the mapping with that fingerprint."""
    if capture.quarantine is not None:
        return capture.quarantine
    became = verdict(capture.under(fingerprint), capture.applied, policy)
    later = capture.applied is not None and capture.as_of > capture.applied.as_of
    if became == "same" and later:
        return "later"
    return became if became in {"same", "stale"} else "pending"


def pending(
    captures: Iterable[StoredCapture], fingerprint: str, policy: Policy = "new"
) -> Iterator[tuple[StoredCapture, Standing]]:
    """Each capture with its standing, without dropped ones."""
    for capture in captures:
        if (stands := standing(capture, fingerprint, policy)) != "dropped":
            yield capture, stands


def choose_for_repair(captures: Sequence[StoredCapture]) -> StoredCapture | None:
    """Choose the capture that a repair applies, from a document's captures, oldest first; None if none qualifies.

    This is the capture that the watermark names, at the watermark's time; failing that, the newest one that is neither
    in quarantine nor ahead of the clock. On a tie it is the first, which a run would apply, too.
    """
    shown = captures[0].applied
    sound = [each for each in captures if each.quarantine is None and not each.ahead]
    for each in sound:
        if shown is not None and each.content_hash == shown.content_hash and each.as_of >= shown.as_of:
            return each._replace(as_of=shown.as_of)
    newest: datetime | None = max((each.as_of for each in sound), default=None)
    return next((each for each in sound if each.as_of == newest), None)
