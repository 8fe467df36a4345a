"""Live feeds by diffPatch: requests the changes since a timecode instead of the whole feed.

The API never sent a patched document as such, so the raw table keeps it under the URL of the patches followed by
`#patched`, by which queries can exclude it. It is serialized again, so its bytes and content hash differ from those of
a feed with the same content.

Patches only bridge the time between whole feeds. A process requests the whole feed at first, after a number of polls,
when the game's state changes, and when an answer is unusable. If a whole feed has the timecode of the patched document
but other content, the feed wins, and the difference is counted and logged.
"""

import logging
import threading
import time
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jsonpatch
import msgspec

from mlb_contracts import Method
from mlb_contracts.response import Response
from mlb_etl.baseball import feed
from mlb_etl.baseball.live.fetch import FetchedFeed, WholeFeeds
from mlb_etl.errors import NotFound, Rejected, Unreachable, printable, shortened
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http import answers
from mlb_etl.http.client import Fetcher
from mlb_etl.http.request import Request

VERIFY = 30  # polls of a game; 5 minutes at 10 seconds
PATCHED = "#patched"
_Patches: TypeAlias = list[dict[str, Any]]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PatchCounts:
    """Polls for patches, by outcome.

    patched: patches were applied; unchanged: nothing was new; whole: the API sent the whole feed; surprises: the answer
    was unusable; verified: the patched document was compared with a whole feed; differing: they were not equal.
    """

    patched: int = 0
    unchanged: int = 0
    whole: int = 0
    surprises: int = 0
    verified: int = 0
    differing: int = 0


@dataclass(frozen=True, slots=True)
class _Held:
    """The document to which patches are applied; `polls` counts the polls since the last whole feed."""

    data: bytes
    timecode: str
    state: str
    polls: int = 0


class PatchedFeeds:
    """Requests whole feeds at first, then patches while a game is in progress."""

    def __init__(self, source: Fetcher, method: Method, verify: int = VERIFY) -> None:
        self._source = source
        self._method = method
        self._verify = verify
        self._feeds = WholeFeeds(source, method)
        self._held: dict[int, _Held] = {}
        self.tally = PatchCounts()
        self._lock = threading.Lock()

    def fetch(self, game_pk: int, *, on: bool) -> FetchedFeed | None:
        """As `Feeds` says; unless the game is in progress, the feed is requested whole."""
        if not on:
            self.forget(game_pk)
            return self._feeds.fetch(game_pk, on=False)
        held = self._held.get(game_pk)
        if held is None:
            return self._whole(game_pk)
        try:
            found = self._patched(game_pk, held)
        except (NotFound, Rejected) as why:
            where = self._request(game_pk, held).target
            log.warning("game %d: %s is unusable: %s; requesting the whole feed", game_pk, where, why)
            self._count(surprises=1)
            return self._whole(game_pk)
        now = self._held.get(game_pk)
        if now is not None and now.polls and (now.polls >= self._verify or now.state != held.state):
            return self._verified(game_pk, now) or found
        return found

    def forget(self, game_pk: int) -> None:
        """Forget the document, so that the next poll requests the whole feed."""
        self._held.pop(game_pk, None)

    def target(self, game_pk: int) -> str:
        """The path of the whole feed."""
        return self._feeds.target(game_pk)

    def _whole(self, game_pk: int) -> FetchedFeed:
        found = self._feeds.fetch(game_pk, on=True)
        self._hold(game_pk, found.response.data, 0)
        return found

    def _hold(self, game_pk: int, data: bytes, polls: int) -> None:
        shown = feed.decode_feed(data)
        if shown is None or shown.timecode is None:
            self.forget(game_pk)
        else:
            self._held[game_pk] = _Held(data, shown.timecode, shown.state, polls)

    def _patched(self, game_pk: int, held: _Held) -> FetchedFeed | None:
        """The patched document, or the whole feed if the API sent that; raises Rejected for an unusable answer."""
        arrived = 0.0

        def read(response: Response) -> tuple[Response, HeldDocument] | None:
            nonlocal arrived
            arrived = time.perf_counter()
            return self._read(response, held)

        _, made = self._source.fetch(self._request(game_pk, held), read)
        if made is None:
            self._count(unchanged=1)
            self._held[game_pk] = replace(held, polls=held.polls + 1)
            return None
        response, document = made
        patched = response.url.endswith(PATCHED)
        self._count(patched=int(patched), whole=int(not patched))
        self._hold(game_pk, response.data, held.polls + 1 if patched else 0)
        return FetchedFeed(response, document, arrived)

    def _request(self, game_pk: int, held: _Held) -> Request:
        whole = self._feeds.request(game_pk)
        return replace(whole, path=f"{whole.path}/diffPatch", query_params={"startTimecode": held.timecode})

    def _read(self, response: Response, held: _Held) -> tuple[Response, HeldDocument] | None:
        answers.require_whole(response.data)
        answer = msgspec.json.decode(response.data)
        if answer == []:
            return None
        if isinstance(answer, list):
            response = replace(response, url=response.url + PATCHED, data=apply_patches(held.data, answer))
            shown = feed.decode_feed(response.data)
            if shown is None or shown.timecode is None or shown.timecode < held.timecode:
                raise Rejected(
                    "the patches go back in time", path="$.metaData.timeStamp", value=shown and shown.timecode
                )
        (document,) = answers.read_documents(self._method, response)
        return response, document

    def _verified(self, game_pk: int, held: _Held) -> FetchedFeed | None:
        """The whole feed, compared with the patched document if the timecodes agree; None if it can't be fetched."""
        try:
            found = self._whole(game_pk)
        except (NotFound, Rejected, Unreachable) as why:
            where = self.target(game_pk)
            log.warning("game %d: can't compare the patched feed, as %s failed: %s", game_pk, where, why)
            return None
        shown = feed.decode_feed(found.response.data)
        if shown is None or shown.timecode != held.timecode:
            return found
        self._count(verified=1)
        ours, theirs = msgspec.json.decode(held.data), msgspec.json.decode(found.response.data)
        if ours != theirs:
            self._count(differing=1)
            places = [operation["path"] for operation in jsonpatch.make_patch(ours, theirs)]
            text = (
                "game %d: the patched document differs from the feed of %s in %d places, such as %s; the feed is kept"
            )
            log.warning(text, game_pk, held.timecode, len(places), shortened(places[0]))
        return found

    def _count(self, **more: int) -> None:
        with self._lock:  # several threads fetch games
            self.tally = replace(self.tally, **{name: getattr(self.tally, name) + n for name, n in more.items()})


def apply_patches(data: bytes, patches: _Patches) -> bytes:
    """Apply the patches one after the other; raises Rejected if one is malformed or does not fit the document."""
    document = msgspec.json.decode(data)
    for number, patch in enumerate(patches):
        if not isinstance(patch, dict) or not isinstance(patch.get("diff"), list):
            raise Rejected("not a patch: an object with a list `diff` is expected", path=f"$[{number}]", value=patch)
        try:
            document = jsonpatch.apply_patch(document, patch["diff"], in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise Rejected(f"the patch does not fit: {printable(error)}", path=f"$[{number}].diff") from error
    return msgspec.json.encode(document)
