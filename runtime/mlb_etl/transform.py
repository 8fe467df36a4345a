"""From the raw table to the tables: each document's captures, in the order they were made."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from mlb_etl import db, migrate, registry
from mlb_etl.contracts import Capture, Method
from mlb_etl.db import Connection
from mlb_etl.errors import Rejected
from mlb_etl.extract import extract
from mlb_etl.raw import Applied, Raw, Stored
from mlb_etl.settings import Settings
from mlb_etl.upsert import TableCounts, Upsert, Verdict, verdict

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A capture that was not applied, and why."""

    document: str
    captured_at: datetime
    why: Rejected


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """Captures of documents by what became of them; same: applied before, stale: older than what was applied."""

    applied: int
    same: int
    stale: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did: with captures of documents, and with the rows of each table by its name."""

    documents: DocumentCounts
    tables: Mapping[str, TableCounts]
    quarantined: tuple[Quarantined, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Turns captures of a method into its tables: `pipeline(game_pks=[747175])`, or `pipeline()` for all."""

    method: Method
    settings: Settings

    def __call__(self, **keys: Sequence[Any]) -> Counts:
        """Apply the captures of the documents with these keys: the name of a document key with an s, and its values."""
        names = {f"{key.name}s": key.name for key in self.method.document}
        if unknown := keys.keys() - names:
            raise TypeError(f"{self.method.name} is about {', '.join(names)}, not {', '.join(sorted(unknown))}")
        return self.run({names[plural]: values for plural, values in keys.items()})

    def run(self, scope: Mapping[str, Sequence[Any]]) -> Counts:
        """Apply the captures of the documents in scope, which has the values wanted of some document keys."""
        with db.connect(self.settings) as connection, db.edge():
            migrate.require(connection, self.settings.tables)
            return transform(connection, self.method, scope)


def pipeline(name: str, *, dsn: str | None = None) -> Pipeline:
    """The pipeline of a method such as game.liveGameV1; `dsn` goes before what the environment says."""
    settings = Settings.from_environment()
    if dsn is not None:
        settings = replace(settings, dsn=dsn)
    return Pipeline(registry.method(settings.tables, name), settings)


def transform(connection: Connection, method: Method, scope: Mapping[str, Sequence[Any]]) -> Counts:
    """Apply the captures in scope; one that can't be applied goes to quarantine and does not stop the others."""
    transformer = Transformer(connection, method)
    verdicts: Counter[Verdict] = Counter()
    quarantined: list[Quarantined] = []
    tables = {table.qualified_name: TableCounts() for table in method.tables}
    captures = transformer.raw.captures(scope)
    if not captures:
        log.warning("no captures of %s in %s", scope or "any document", method.qualified_raw_table)
    for capture in captures:
        try:
            became, counts = transformer.apply(capture)
        except Rejected as why:
            transformer.upsert.quarantine(capture, why)
            quarantined.append(Quarantined(capture.document, capture.captured_at, why))
            log.info("quarantined %s %s of %s: %s", method.name, capture.document, capture.captured_at, why)
            continue
        verdicts[became] += 1
        for name, count in counts.items():
            tables[name] += count
    documents = DocumentCounts(verdicts["applied"], verdicts["same"], verdicts["stale"], len(quarantined))
    return Counts(documents, tables, tuple(quarantined))


class Transformer:
    """Applies captures of a method one by one, on a connection that is its own."""

    def __init__(self, connection: Connection, method: Method) -> None:
        self.raw = Raw(connection, method)
        self.upsert = Upsert(connection, method)
        self._method = method

    def apply(self, capture: Stored) -> tuple[Verdict, Mapping[str, TableCounts]]:
        """What becomes of a capture, and what happened in each table that has rows of it.

        The watermark that came with it spares reading what is old. Raises Rejected for what can't be applied.
        """
        new = Applied(capture.captured_at, capture.content_hash, self._method.fingerprint)
        became: Verdict = verdict(new, capture.applied)
        counts: Mapping[str, TableCounts] = {}
        if became == "applied":
            about = Capture(capture.captured_at, capture.path_params)
            extracted = extract(self._method, about, self.raw.read(capture))
            if tuple(extracted.keys.values()) != capture.keys:
                path = self._method.document[0].path
                raise Rejected(f"the raw table has it as {capture.document}", path=path, value=extracted.keys)
            became, counts = self.upsert.apply(capture, extracted.keys, extracted.rows)
        if became == "conflict":
            raise Rejected("another response of the same time was applied", value=capture.content_hash.hex())
        return became, counts
