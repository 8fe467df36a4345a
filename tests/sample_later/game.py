"""The method sample.game with `attendance` of a game, and `inning` of a play."""

from dataclasses import replace

import msgspec
from sample_tables import game as before

from mlb_contracts import Capture, Column, Row
from mlb_contracts.fields import Int2, Int4


class Play(before.Play, gc=False):
    inning: Int2 | None = None


class Document(before.Document, gc=False, rename="camel"):
    attendance: Int4 | None = None
    plays: list[Play] | None = None  # type: ignore[assignment]  # with more than before


def extract_games(document: Document, capture: Capture) -> list[Row]:
    return [(*row, document.attendance) for row in before.extract_games(document, capture)]


def extract_plays(document: Document, capture: Capture) -> list[Row]:
    rows = before.extract_plays(document, capture)
    return [(*row, play.inning) for row, play in zip(rows, document.plays or (), strict=True)]


GAMES = replace(
    before.GAMES,
    columns=(*before.GAMES.columns, Column("attendance", "integer", "int4", ("$.attendance",))),
    extract=extract_games,
)
PLAYS = replace(
    before.PLAYS,
    columns=(*before.PLAYS.columns, Column("inning", "smallint", "int2", ("$.plays[*].inning",))),
    primary_key=("game_pk", "season", "at_bat_index"),
    extract=extract_plays,
)
METHOD = replace(
    before.METHOD,
    tables=(GAMES, PLAYS),
    document_type=Document,
    decode=msgspec.json.Decoder(Document).decode,
    fingerprint="sample-2",
)
