"""Synthetic responses of the hand-written method sample.game, as files, raw rows and tables."""

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from mlb_etl.capture import loader
from mlb_etl.stores.postgres.database import PostgresStores
from mlb_etl.stores.postgres.db import Connection

PACKAGE = "sample_tables"
NOON = datetime(2024, 7, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    """The time this many minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def response(game_pk: int = 1, *, rbi: Sequence[int | None] = (1, None, 0), **members: Any) -> dict[str, Any]:
    """A response of a game with one play for each rbi; `members` are replaced or added."""
    plays = [{"index": index, "rbi": each, "speed": 90.25 + index} for index, each in enumerate(rbi)]
    return {"gamePk": game_pk, "season": 2024, "score": sum(each or 0 for each in rbi), "plays": plays} | members


def stub(of: object, captured_at: datetime = NOON, *, game_pk: int = 1, **members: Any) -> dict[str, Any]:
    """The response with the request it answers."""
    request = {"endpoint": "sample", "method": "game", "path_params": {"game_pk": str(game_pk)}, "query_params": {}}
    return {**request, "url": "", "status_code": 200, "captured_at": captured_at.isoformat(), "response": of} | members


def write(path: Path, content: object) -> Path:
    """Write a file with that JSON, gzipped if its name ends in .gz."""
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def connect(dsn: str) -> Connection:
    return psycopg.connect(dsn, autocommit=True)


def stores(connection: Connection, package: str = PACKAGE) -> PostgresStores:
    """The stores of the database, on the test's connection."""
    return PostgresStores(connection, package)


def load(connection: Connection, folder: Path, *contents: object) -> loader.LoadResult:
    """Write files with these contents and load them."""
    files = [write(folder / f"{number}.json", content) for number, content in enumerate(contents)]
    return loader.load_files(stores(connection), files, package=PACKAGE)
