"""Small mappings of a made-up API, lowered."""

import json
from pathlib import Path

from mlbgen import ir
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.lower import lower
from mlbgen.samples.infer import infer
from mlbgen.samples.shape import Shape
from mlbgen.samples.stubs import Stub

FILE = "schemas/mappings/league/game_v1.yaml"
SAMPLES = Path(__file__).parents[1] / "golden" / "errors" / "samples.json"

HEAD = """\
version: 1
source:
  endpoint: league
  method: gameV1
  url: /api/v1/game/{game_pk}
  raw_table: league.game_v1
  document:
    game_pk: {type: bigint, path: $.gamePk}
"""
DEFAULTS = """\
defaults:
  partition_by: {column: season, kind: list, from: 2024, to: 2026}
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: The game.}
    - {name: season, type: smallint, path: $.season, nullable: false, description: Year of the season.}
  indexes: [{columns: [captured_at]}]
"""
GAMES = """\
  - name: league.games
    description: One row for each game.
    primary_key: [game_pk]
    columns:
      - {name: game_date, type: date, path: $.game.date, description: Day of the game.}
"""


def shape() -> Shape:
    """What the samples of the made-up API have."""
    (found,) = infer(Stub("sample", "league.gameV1", each) for each in json.loads(SAMPLES.read_text())).values()
    return found


def method(tables: str, *, head: str = HEAD, defaults: str = DEFAULTS, tail: str = "") -> ir.Method:
    """The method of a mapping with these tables."""
    return lower(source.parse(f"{head}{defaults}tables:\n{tables}{tail}", FILE), shape())


def table(tables: str, name: str) -> ir.Table:
    """One of the tables."""
    return next(each for each in method(tables).tables if each.name == name)


def errors(tables: str, *, head: str = HEAD, defaults: str = DEFAULTS, tail: str = "") -> tuple[Diagnostic, ...]:
    """What is wrong with a mapping."""
    try:
        method(tables, head=head, defaults=defaults, tail=tail)
    except MappingErrors as error:
        return error.diagnostics
    return ()
