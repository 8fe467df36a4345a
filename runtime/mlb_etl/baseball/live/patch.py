"""Live feeds by diffPatch: what changed since a time code, instead of the whole feed each time.

A document that is made by patches did not come as it is kept. So it goes to the raw table under the URL of the patches
with `#patched` behind it: whoever wants only what came leaves such rows out. It is serialised anew, so its bytes, and
its content hash, differ from those of a feed with the same content.

Patches are used between whole feeds only. The first poll of a process takes the whole feed, so does every so many, and
each in which the game's state changed; and whatever is odd in an answer. Where a whole feed has the time code of the
patched document but another content, the feed wins: that is counted, and logged.
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
from mlb_etl.baseball.live.fetch import Found, WholeFeeds
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
class Tally:
    """What became of polls for patches: applied, nothing new, a whole feed came; whole feeds asked for.

    surprises: answers that could not be used; verified: patched documents that were compared with a whole feed;
    differing: those of them that were not the same.
    """

    patched: int = 0
    unchanged: int = 0
    whole: int = 0
    surprises: int = 0
    verified: int = 0
    differing: int = 0


@dataclass(frozen=True, slots=True)
class _Held:
    """The document of a game that patches lead on from, and how many polls ago it was a whole feed."""

    data: bytes
    timecode: str
    state: str
    polls: int = 0


class PatchedFeeds:
    """The feeds of games that are on, brought up to date by patches."""

    def __init__(self, source: Fetcher, method: Method, verify: int = VERIFY) -> None:
        self._source = source
        self._method = method
        self._verify = verify
        self._feeds = WholeFeeds(source, method)
        self._held: dict[int, _Held] = {}
        self.tally = Tally()
        self._lock = threading.Lock()

    def fetch(self, game_pk: int, *, on: bool) -> Found | None:
        """As `Feeds` says; the feed of a game that is not on comes whole."""
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
            log.warning("game %d: no use of %s: %s; taking the whole feed", game_pk, where, why)
            self._count(surprises=1)
            return self._whole(game_pk)
        now = self._held.get(game_pk)
        if now is not None and now.polls and (now.polls >= self._verify or now.state != held.state):
            return self._verified(game_pk, now) or found
        return found

    def forget(self, game_pk: int) -> None:
        """Begin with the whole feed again."""
        self._held.pop(game_pk, None)

    def target(self, game_pk: int) -> str:
        """The path of the whole feed."""
        return self._feeds.target(game_pk)

    def _whole(self, game_pk: int) -> Found:
        found = self._feeds.fetch(game_pk, on=True)
        self._hold(game_pk, found.response.data, 0)
        return found

    def _hold(self, game_pk: int, data: bytes, polls: int) -> None:
        told = feed.read(data)
        if told is None or told.timecode is None:
            self.forget(game_pk)
        else:
            self._held[game_pk] = _Held(data, told.timecode, told.state, polls)

    def _patched(self, game_pk: int, held: _Held) -> Found | None:
        """The document after the patches, or the whole feed where that came; raises Rejected for what is odd."""
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
        return Found(response, document, arrived)

    def _request(self, game_pk: int, held: _Held) -> Request:
        whole = self._feeds.request(game_pk)
        return replace(whole, path=f"{whole.path}/diffPatch", query_params={"startTimecode": held.timecode})

    def _read(self, response: Response, held: _Held) -> tuple[Response, HeldDocument] | None:
        answers.require_whole(response.data)
        answer = msgspec.json.decode(response.data)
        if answer == []:
            return None
        if isinstance(answer, list):
            response = replace(response, url=response.url + PATCHED, data=apply(held.data, answer))
            told = feed.read(response.data)
            if told is None or told.timecode is None or told.timecode < held.timecode:
                raise Rejected("the patches do not lead on", path="$.metaData.timeStamp", value=told and told.timecode)
        (document,) = answers.read_documents(self._method, response)
        return response, document

    def _verified(self, game_pk: int, held: _Held) -> Found | None:
        """The whole feed, compared with the patched document where both are of one time; None where none comes."""
        try:
            found = self._whole(game_pk)
        except (NotFound, Rejected, Unreachable) as why:
            where = self.target(game_pk)
            log.warning("game %d: %s, to compare the patched one with, did not come: %s", game_pk, where, why)
            return None
        told = feed.read(found.response.data)
        if told is None or told.timecode != held.timecode:
            return found
        self._count(verified=1)
        ours, theirs = msgspec.json.decode(held.data), msgspec.json.decode(found.response.data)
        if ours != theirs:
            self._count(differing=1)
            places = [operation["path"] for operation in jsonpatch.make_patch(ours, theirs)]
            said = "game %d: patches lead to another document than the feed of %s, in %d places such as %s; it is taken"
            log.warning(said, game_pk, held.timecode, len(places), shortened(places[0]))
        return found

    def _count(self, **more: int) -> None:
        with self._lock:  # games are asked for in several threads
            self.tally = replace(self.tally, **{name: getattr(self.tally, name) + n for name, n in more.items()})


def apply(data: bytes, patches: _Patches) -> bytes:
    """The document after some patches, one after the other; raises Rejected where one is none, or does not fit."""
    document = msgspec.json.decode(data)
    for number, patch in enumerate(patches):
        if not isinstance(patch, dict) or not isinstance(patch.get("diff"), list):
            raise Rejected("no patch: an object with a list called diff is expected", path=f"$[{number}]", value=patch)
        try:
            document = jsonpatch.apply_patch(document, patch["diff"], in_place=True)
        except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as error:
            raise Rejected(f"the patch does not fit: {printable(error)}", path=f"$[{number}].diff") from error
    return msgspec.json.encode(document)
