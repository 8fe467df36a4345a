"""Writes the captures of a method in a lake: each batch of responses is one commit to the raw table."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from mlb_contracts import Capture, Method, times
from mlb_contracts.response import Response
from mlb_etl import settings
from mlb_etl.errors import Rejected
from mlb_etl.extract import answer
from mlb_etl.extract.answer import HeldDocument
from mlb_etl.http.bodies import TooLarge
from mlb_etl.stores.delta import lake as lakes
from mlb_etl.stores.delta.captures import SCHEMA, SEEN_SCHEMA, DeltaCaptures, Identity, Kept, seen_table
from mlb_etl.stores.delta.lake import Lake
from mlb_etl.stores.delta.marks import again
from mlb_etl.stores.encoding import encode
from mlb_etl.stores.interfaces.captures import Answered, Fate


class DeltaRaw(DeltaCaptures):
    """The captures of a method, for reading and writing."""

    batch = 25  # responses; a commit takes as long as a dozen of them

    def __init__(self, lake: Lake, method: Method) -> None:
        super().__init__(lake, method)
        self._encoding = settings.raw_encoding()

    def store(self, response: Response, held: Sequence[HeldDocument]) -> Fate:
        """As `RawStore` says."""
        [became] = self.store_all([(response, held)])
        if isinstance(became, Rejected):
            raise became
        return became

    def store_all(self, answers: Sequence[Answered]) -> list[Fate | TooLarge]:
        """As `RawStore` says."""
        became: dict[int, Fate | TooLarge] = {}
        again(lambda: self._store_all(answers, became))
        return [became[number] for number in range(len(answers))]

    def require_present(self, response: Response) -> None:
        """As `RawStore` says: it was captured by the same clock."""

    def _store_all(self, answers: Sequence[Answered], became: MutableMapping[int, Fate | TooLarge]) -> None:
        """Store those responses of which it is not known yet what became of them.

        The commits follow the versions that were looked at, so that what others stored meanwhile is not stored twice.
        """
        raw, seen = (self._open(name) for name in (self._method.raw_table, seen_table(self._method)))
        asked = {number: self._asked(*each) for number, each in enumerate(answers) if number not in became}
        known: defaultdict[str, list[Kept]] = defaultdict(list)
        for each in self.kept(lakes.any_of("request", {request for request, _, _ in asked.values()})):
            known[each.row["request"]].append(each)
        stored: dict[int, dict[str, Any]] = {}
        repeated: dict[int, dict[str, Any]] = {}
        for number, identity in asked.items():
            response, held = answers[number]
            its = known[identity[0]]
            same = self._repeated(its, response, identity[2])
            if same is not None and same.last_seen_at < response.as_of:
                its[its.index(same)] = Kept(same.row, response.as_of, same.seen + 1)
                repeated[number] = dict(zip(SEEN_SCHEMA.names, (*same.identity, response.as_of), strict=True))
            elif same is not None or identity in {each.identity for each in its}:
                became[number] = "known"
            elif isinstance(row := self._row(response, held, identity), TooLarge):
                became[number] = row
            else:
                its.append(Kept(row, response.as_of, 1))
                stored[number] = row
        if stored:
            self._append(raw, stored.values(), SCHEMA)
            became.update(dict.fromkeys(stored, "stored"))
        if repeated:
            self._append(seen, repeated.values(), SEEN_SCHEMA)
            became.update(dict.fromkeys(repeated, "seen"))

    def _asked(self, response: Response, held: Sequence[HeldDocument]) -> Identity:
        request = self._method.request_name(response.method, Capture(response.as_of, response.parameters))
        return request, response.captured_at, answer.content_hash(response.data, held)

    def _repeated(self, known: Sequence[Kept], response: Response, content_hash: bytes) -> Kept | None:
        """The capture that was current at the time of the response, if it has the same content.

        On a tie the one with different content is current, so that a conflicting one is never counted as seen.
        """
        if response.captured_at > self.now() + times.TOLERANCE:
            return None
        before = max(
            (each for each in known if each.is_timely and each.row["as_of"] <= response.as_of),
            key=lambda each: (min(each.last_seen_at, response.as_of), each.row["content_hash"] != content_hash),
            default=None,
        )
        return before if before is not None and before.row["content_hash"] == content_hash else None

    def _append(self, table: DeltaTable, rows: Iterable[Mapping[str, Any]], columns: pa.Schema) -> None:
        lakes.append(table, pa.Table.from_pylist([*map(dict, rows)], schema=columns))

    def _open(self, table: str) -> DeltaTable:
        return self._lake.open(self._method.raw_schema, table)

    def _row(self, response: Response, held: Sequence[HeldDocument], identity: Identity) -> dict[str, Any] | TooLarge:
        try:
            kept = encode(response.data, self._encoding)
        except TooLarge as why:
            return why
        request, captured_at, content_hash = identity
        return {
            "request": request,
            "captured_at": captured_at,
            "content_hash": content_hash,
            "as_of": response.as_of,
            "endpoint": response.endpoint,
            "method": response.method,
            "path_params": json.dumps(dict(response.path_params)),
            "query_params": json.dumps(dict(response.query_params)),
            "hydrations": json.dumps(list(response.hydrations)),
            "url": response.url,
            "status_code": response.status_code,
            "documents": json.dumps([_held(each) for each in held]),
            "encoding": kept.encoding,
            "ingested_at": self.now(),
            "size": len(response.data),
            "stored": len(kept.body),
            "body": bytes(kept.body),
        }


def _held(each: HeldDocument) -> dict[str, Any]:
    keys = {name: str(value) if isinstance(value, date) else value for name, value in each.keys.items()}
    return {"keys": keys, "hash": each.content_hash.hex(), "places": None if each.places is None else list(each.places)}
