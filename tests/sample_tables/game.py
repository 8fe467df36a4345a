"""The method sample.game: {"gamePk": 1, "season": 2024, "score": 3, "plays": [{"index": 0, "rbi": 1}], ...}."""

from decimal import Decimal
from operator import itemgetter

import msgspec
from msgspec import Struct

from mlb_contracts import (
    Capture,
    Check,
    Column,
    DocumentKey,
    ForeignKey,
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
    partition=Partition("season", "list"),
    foreign_keys=(),
    load="COPY sample.games (game_pk, season, home_score, venue, captured_at) FROM STDIN (FORMAT binary)",
    stage="""
        CREATE TEMPORARY TABLE IF NOT EXISTS stage_games
        (game_pk int8, season int2, home_score int2, venue text, captured_at timestamptz)
        ON COMMIT DELETE ROWS
    """,
    copy="COPY stage_games FROM STDIN (FORMAT binary)",
    delete="""
        WITH vanished AS (
            DELETE FROM sample.games AS t
            USING unnest(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[]) AS document (game_pk, captured_at)
            WHERE t.game_pk = document.game_pk
              AND NOT EXISTS (SELECT FROM stage_games AS s WHERE t.game_pk = s.game_pk AND t.season = s.season)
            RETURNING t.game_pk, t.captured_at > document.captured_at AS later
        )
        SELECT game_pk, count(*) FILTER (WHERE NOT later), count(*) FILTER (WHERE later) FROM vanished GROUP BY game_pk
    """,
    upsert="""
        WITH incoming AS MATERIALIZED (
            SELECT s.*, t.game_pk IS NOT NULL AS known
            FROM stage_games AS s
            LEFT JOIN sample.games AS t
                ON t.game_pk = s.game_pk AND t.season = s.season AND t.game_pk = ANY(%(game_pk)s::bigint[])
            WHERE t.game_pk IS NULL
               OR (t.home_score, t.venue) IS DISTINCT FROM (s.home_score, s.venue)
        ),
        written AS (
            INSERT INTO sample.games (game_pk, season, home_score, venue, captured_at)
            SELECT game_pk, season, home_score, venue, captured_at FROM incoming
            ON CONFLICT (game_pk, season) DO UPDATE
            SET home_score = EXCLUDED.home_score, venue = EXCLUDED.venue, captured_at = EXCLUDED.captured_at,
                ingested_at = DEFAULT
            WHERE EXCLUDED.captured_at >= games.captured_at
            RETURNING game_pk, season, true AS done
        )
        SELECT
            game_pk, count(*) FILTER (WHERE done AND NOT known), count(*) FILTER (WHERE done AND known),
            count(*) FILTER (WHERE done IS NULL)
        FROM incoming LEFT JOIN written USING (game_pk, season)
        GROUP BY game_pk
    """,
    warn=None,
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
    partition=Partition("season", "list"),
    foreign_keys=(ForeignKey("plays_games", ("game_pk", "season"), "sample", "games", ("game_pk", "season")),),
    load="COPY sample.plays (game_pk, season, at_bat_index, rbi, speed, captured_at) FROM STDIN (FORMAT binary)",
    stage="""
        CREATE TEMPORARY TABLE IF NOT EXISTS stage_plays
        (game_pk int8, season int2, at_bat_index int2, rbi int2, speed numeric, captured_at timestamptz)
        ON COMMIT DELETE ROWS
    """,
    copy="COPY stage_plays FROM STDIN (FORMAT binary)",
    delete="""
        WITH vanished AS (
            DELETE FROM sample.plays AS t
            USING unnest(%(game_pk)s::bigint[], %(captured_at)s::timestamptz[]) AS document (game_pk, captured_at)
            WHERE t.game_pk = document.game_pk
              AND NOT EXISTS (
                SELECT FROM stage_plays AS s
                WHERE t.game_pk = s.game_pk AND t.at_bat_index = s.at_bat_index AND t.season = s.season
              )
            RETURNING t.game_pk, t.captured_at > document.captured_at AS later
        )
        SELECT game_pk, count(*) FILTER (WHERE NOT later), count(*) FILTER (WHERE later) FROM vanished GROUP BY game_pk
    """,
    upsert="""
        WITH incoming AS MATERIALIZED (
            SELECT
                s.game_pk, s.season, s.at_bat_index, s.rbi, s.speed::numeric(5, 1) AS speed, s.captured_at,
                t.game_pk IS NOT NULL AS known
            FROM stage_plays AS s
            LEFT JOIN sample.plays AS t
                ON t.game_pk = s.game_pk AND t.at_bat_index = s.at_bat_index AND t.season = s.season
                AND t.game_pk = ANY(%(game_pk)s::bigint[])
            WHERE t.game_pk IS NULL
               OR (t.rbi, t.speed) IS DISTINCT FROM (s.rbi, s.speed::numeric(5, 1))
        ),
        written AS (
            INSERT INTO sample.plays (game_pk, season, at_bat_index, rbi, speed, captured_at)
            SELECT game_pk, season, at_bat_index, rbi, speed, captured_at FROM incoming
            ON CONFLICT (game_pk, at_bat_index, season) DO UPDATE
            SET rbi = EXCLUDED.rbi, speed = EXCLUDED.speed, captured_at = EXCLUDED.captured_at, ingested_at = DEFAULT
            WHERE EXCLUDED.captured_at >= plays.captured_at
            RETURNING game_pk, at_bat_index, season, true AS done
        )
        SELECT
            game_pk, count(*) FILTER (WHERE done AND NOT known), count(*) FILTER (WHERE done AND known),
            count(*) FILTER (WHERE done IS NULL)
        FROM incoming LEFT JOIN written USING (game_pk, at_bat_index, season)
        GROUP BY game_pk
    """,
    warn="""
        SELECT game_pk, count(*) AS plays_many_rbi FROM sample.plays
        WHERE game_pk = ANY(%(game_pk)s::bigint[]) AND NOT (rbi <= 3)
        GROUP BY game_pk
    """,
    checks=(Check("plays_rbi", ("rbi",), "SELECT rbi FROM stage_plays WHERE NOT (rbi BETWEEN 0 AND 4) LIMIT 1"),),
    guarded=True,
    extract=extract_plays,
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
