"""The method sample.game: {"gamePk": 1, "season": 2024, "score": 3, "plays": [{"index": 0, "rbi": 1}], ...}."""

from decimal import Decimal
from operator import itemgetter

import msgspec
from msgspec import Struct

from mlb_contracts import (
    Capture,
    Check,
    Column,
    DerivedColumn,
    DocumentKey,
    Method,
    Partition,
    Row,
    Rule,
    ShrinkGuard,
    Table,
)
from mlb_contracts.convert import required
from mlb_contracts.fields import Int2, Int4, Int8
from mlb_contracts.rows import unique
from mlb_etl.errors import Rejected


class Play(Struct, gc=False):
    index: Int2 | None = None
    rbi: Int2 | None = None
    speed: Decimal | None = None


class Player(Struct, gc=False):
    id: Int4 | None = None


class Document(Struct, gc=False, rename="camel"):
    game_pk: Int8 | None = None
    season: Int2 | None = None
    score: Int2 | None = None
    venue: str | None = None
    plays: list[Play] | None = None
    players: dict[str, Player] | None = None


def accept(document: Document, capture: Capture) -> None:
    if document.game_pk is None or str(document.game_pk) != capture.parameters.get("game_pk"):
        raise Rejected(RULES[0].text, path="$.gamePk", value=document.game_pk)
    if document.plays is None:
        raise Rejected(RULES[1].text, path="$.plays")


def extract_games(document: Document, capture: Capture) -> list[Row]:
    season = required(document.season, "$.season")
    return [(document.game_pk, season, document.score, document.venue, capture.captured_at)]


def extract_plays(document: Document, capture: Capture) -> list[Row]:
    rows = [
        (
            document.game_pk,
            document.season,
            required(play.index, "$.plays[*].index"),
            play.rbi,
            play.speed,
            capture.captured_at,
        )
        for play in document.plays or ()
    ]
    return unique(rows, itemgetter(2), "$.plays[*]")


GAMES = Table(
    schema="sample",
    name="games",
    columns=(
        Column("game_pk", "bigint", "int8", ("$.gamePk",)),
        Column("season", "smallint", "int2", ("$.season",)),
        Column("home_score", "smallint", "int2", ("$.score",)),
        Column("venue", "text", "text", ("$.venue",)),
        Column("captured_at", "timestamptz", "timestamptz", ()),
    ),
    primary_key=("game_pk", "season"),
    identity=("game_pk", "season"),
    partition=Partition("season", "list"),
    checks=(),
    guarded=True,
    extract=extract_games,
)

PLAYS = Table(
    schema="sample",
    name="plays",
    columns=(
        Column("game_pk", "bigint", "int8", ("$.gamePk",)),
        Column("season", "smallint", "int2", ("$.season",)),
        Column("at_bat_index", "smallint", "int2", ("$.plays[*].index",)),
        Column("rbi", "smallint", "int2", ("$.plays[*].rbi",)),
        Column("speed", "numeric(5,1)", "numeric", ("$.plays[*].speed",)),
        Column("captured_at", "timestamptz", "timestamptz", ()),
    ),
    primary_key=("game_pk", "at_bat_index", "season"),
    identity=("game_pk", "at_bat_index", "season"),
    partition=Partition("season", "list"),
    checks=(
        Check("plays_rbi", ("rbi",), '"rbi" BETWEEN 0 AND 4', "error"),
        Check("plays_many_rbi", ("rbi",), '"rbi" <= 3', "warn"),
        Check("plays_effort", ("effort",), '"effort" < 9000', "error"),
    ),
    guarded=True,
    extract=extract_plays,
    derived=(
        DerivedColumn("scored", "boolean", ("rbi",), '"rbi" > 0'),
        DerivedColumn("effort", "numeric(5,1)", ("speed", "rbi"), '"speed" + COALESCE("rbi", 0)'),
    ),
)

RULES = (
    Rule("gamePk is the one asked for", "$.gamePk", "equals_parameter", "game_pk"),
    Rule("has plays", "$.plays", "present", None),
)

METHOD = Method(
    endpoint="sample",
    method="game",
    url="/api/v1/sample/{game_pk}",
    query=None,
    raw_schema="sample",
    raw_table="raw_game",
    raw_partition=Partition("captured_at", "month"),
    document=(DocumentKey("game_pk", "bigint", lambda document, _: document.game_pk, path="$.gamePk"),),
    required=("$.gamePk", "$.season", "$.plays[*].index", "$.players.*.id"),
    rules=RULES,
    shrink_guard=ShrinkGuard(0.2, 5, ()),
    tables=(GAMES, PLAYS),
    document_type=Document,
    decode=msgspec.json.Decoder(Document).decode,
    accept=accept,
    fingerprint="sample-1",
)
