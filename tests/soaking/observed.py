"""What a store holds, read by its own client, without a line of the product."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import psycopg
import zstandard
from deltalake import DeltaTable
from psycopg import sql
from psycopg.rows import dict_row

from soaking.content import Key, Rows, Subject


class Name(NamedTuple):
    """A capture: what it is of, when it was asked for, and the SHA-256 of its body."""

    game_pk: int
    captured_at: datetime
    digest: bytes


class Held(NamedTuple):
    """A capture in the raw table: its body, and when its content was last seen."""

    body: bytes
    last_seen_at: datetime


class Mark(NamedTuple):
    """What the tables show of a game: the time, the SHA-256 of the body, and whether the mapping is the later one."""

    as_of: datetime
    digest: bytes
    migrated: bool = False


class Note(NamedTuple):
    """An entry in quarantine: its number, and whether it waits or was dropped."""

    number: int
    state: str


MIGRATED = "sample-2"  # fingerprint of the later mapping
Found: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """What a store holds; the rows of games that a killed writer claimed may be half written.

    `written` has the times of each row's capture and writing, as `rows` has what it says.
    """

    subject: Subject
    captures: Mapping[Name, Held]
    marks: Mapping[int, Mark]
    claimed: frozenset[int]
    quarantine: Mapping[Name, Note]
    rows: Mapping[int, Rows]
    written: Mapping[int, Mapping[str, Mapping[Key, tuple[datetime, datetime]]]]


def in_postgres(subject: Subject, dsn: str) -> Observed:
    """What a database holds."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        def read(table: str) -> list[Found]:
            return [*connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(*table.split("."))))]

        seen = read(subject.raw)
        return _observed(subject, seen, {_request(each): each["last_seen_at"] for each in seen}, read)


def in_lake(subject: Subject, folder: Path) -> Observed:
    """What a lake holds."""

    def read(table: str) -> list[Found]:
        place = folder.joinpath(*table.split("."))
        if not place.exists():
            return []
        found: list[Found] = DeltaTable(place).to_pyarrow_table().to_pylist()
        return found

    captures = read(subject.raw)
    seen: dict[Any, datetime] = {}
    for each in [*captures, *read(f"{subject.raw}_seen")]:
        at = each.get("seen_at", each.get("as_of"))
        seen[_request(each)] = max(at, seen.get(_request(each), at))
    return _observed(subject, captures, seen, read)


def _request(of: Found) -> tuple[Any, ...]:
    return of["request"], of["captured_at"], of["content_hash"]


def _observed(subject: Subject, captures: Iterable[Found], seen: Mapping[Any, datetime], read: Any) -> Observed:
    held = {}
    for each in captures:
        name = Name(int(_json(each["path_params"])["game_pk"]), each["captured_at"], each["content_hash"])
        held[name] = Held(_body(each), seen[_request(each)])
    marks, claimed = {}, set()
    for each in read("etl.watermark"):
        if each["method"] != subject.method:
            continue
        game_pk = _json(each["document"])["game_pk"]
        if each.get("writer") is not None:
            claimed.add(game_pk)
        elif each["as_of"] is not None:
            marks[game_pk] = Mark(each["as_of"], each["content_hash"], each["fingerprint"] == MIGRATED)
    put_aside = {
        Name(_json(each["document"])["game_pk"], each["captured_at"], each["content_hash"]): Note(
            each["id"], each["state"]
        )
        for each in read("etl.quarantine")
        if each["method"] == subject.method
    }
    rows: dict[int, Any] = defaultdict(lambda: {name: {} for name in subject.tables})
    written: dict[int, Any] = defaultdict(lambda: {name: {} for name in subject.tables})
    migrated = {game_pk for game_pk, mark in marks.items() if mark.migrated}
    for table, (key, said) in subject.tables.items():
        for each in read(f"{subject.schema}.{table}"):
            game_pk, of = each["game_pk"], tuple(each[column] for column in key)
            more = [subject.added[table]] if game_pk in migrated else []
            rows[game_pk][table][of] = tuple(each[column] for column in (*said, *more))
            written[game_pk][table][of] = each["captured_at"], each["ingested_at"]
    return Observed(subject, held, marks, frozenset(claimed), put_aside, rows, written)


def _json(of: Any) -> Any:
    return json.loads(of) if isinstance(of, str) else of


def _body(of: Found) -> bytes:
    return zstandard.decompress(of["body"]) if of["encoding"] == "zstd" else bytes(of["body"])
