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

from soaking.content import TABLES, Rows


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
    """What the tables show of a game: the time, and the SHA-256 of the body."""

    as_of: datetime
    digest: bytes


Found: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class Observed:
    """What a store holds; the rows of games that a killed writer claimed may be half written."""

    captures: Mapping[Name, Held]
    marks: Mapping[int, Mark]
    claimed: frozenset[int]
    quarantine: Mapping[Name, str]
    rows: Mapping[int, Rows]


def in_postgres(dsn: str) -> Observed:
    """What a database holds."""
    with psycopg.connect(dsn, row_factory=dict_row) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

        def read(table: str) -> list[Found]:
            return [*connection.execute(sql.SQL("TABLE {}").format(sql.Identifier(*table.split("."))))]

        seen = read("sample.raw_game")
        return _observed(seen, {_request(each): each["last_seen_at"] for each in seen}, read)


def in_lake(folder: Path) -> Observed:
    """What a lake holds."""

    def read(table: str) -> list[Found]:
        place = folder.joinpath(*table.split("."))
        if not place.exists():
            return []
        found: list[Found] = DeltaTable(place).to_pyarrow_table().to_pylist()
        return found

    captures = read("sample.raw_game")
    seen: dict[Any, datetime] = {}
    for each in [*captures, *read("sample.raw_game_seen")]:
        at = each.get("seen_at", each.get("as_of"))
        seen[_request(each)] = max(at, seen.get(_request(each), at))
    return _observed(captures, seen, read)


def _request(of: Found) -> tuple[Any, ...]:
    return of["request"], of["captured_at"], of["content_hash"]


def _observed(captures: Iterable[Found], seen: Mapping[Any, datetime], read: Any) -> Observed:
    held = {}
    for each in captures:
        name = Name(int(_json(each["path_params"])["game_pk"]), each["captured_at"], each["content_hash"])
        held[name] = Held(_body(each), seen[_request(each)])
    marks, claimed = {}, set()
    for each in read("etl.watermark"):
        game_pk = _json(each["document"])["game_pk"]
        if each.get("writer") is not None:
            claimed.add(game_pk)
        elif each["as_of"] is not None:
            marks[game_pk] = Mark(each["as_of"], each["content_hash"])
    put_aside = {
        Name(_json(each["document"])["game_pk"], each["captured_at"], each["content_hash"]): each["state"]
        for each in read("etl.quarantine")
    }
    rows: dict[int, dict[str, dict[Any, Any]]] = defaultdict(lambda: {name: {} for name in TABLES})
    for each in read("sample.games"):
        rows[each["game_pk"]]["games"][each["game_pk"], each["season"]] = each["home_score"], each["venue"]
    for each in read("sample.plays"):
        key = each["game_pk"], each["at_bat_index"], each["season"]
        rows[each["game_pk"]]["plays"][key] = tuple(each[name] for name in ("rbi", "speed", "scored", "effort"))
    return Observed(held, marks, frozenset(claimed), put_aside, rows)


def _json(of: Any) -> Any:
    return json.loads(of) if isinstance(of, str) else of


def _body(of: Found) -> bytes:
    return zstandard.decompress(of["body"]) if of["encoding"] == "zstd" else bytes(of["body"])
