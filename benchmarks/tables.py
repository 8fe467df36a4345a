"""Sets of the live feed's tables: the 17 of version 0.1.0, or all; each is a generated package."""

import importlib
import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import expert
from games import METHOD, Games
from psycopg import sql

from mlb_contracts import Method
from mlb_etl import registry
from mlb_etl.baseball.plugin import TABLES
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.db import Connection
from mlbgen import ir, layout
from mlbgen.project import generate

ROOT = Path(__file__).parents[1]
MAPPING = ROOT / "schemas/mappings/game/live_game_v1.yaml"
PLAIN, OURS = "plain", "game"  # schemas
FIRST = [
    f"live_game_{name}"
    for name in (
        *("metadata", "linescore", "players", "plays", "pitch_events", "runners", "scoring_plays", "actions"),
        *("fielding_credits", "home_batting_order", "away_batting_order", "home_pitchers", "away_pitchers"),
        *("home_bench", "away_bench", "home_bullpen", "away_bullpen"),
    )
]


@dataclass(frozen=True, slots=True)
class TableSet:
    """A package with some of the tables, and what plain loaders do for the same (`expert.plan`), in a file."""

    package: str
    plan: Path
    compared: dict[str, dict[str, str]]

    @property
    def method(self) -> Method:
        return registry.method(self.package, METHOD)

    def names(self, schema: str) -> list[str]:
        """The tables in a schema that a contender fills."""
        tables = self.method.tables if schema == OURS else self.compared
        return [f"{schema}.{getattr(table, 'name', table)}" for table in tables]


def table_set(games: Games, folder: Path, *, only: list[str] | None = None) -> TableSet:
    """A package with only these tables of the mapping, made in a folder, or the whole one."""
    [given] = generate.read(ROOT, [MAPPING])
    package = TABLES
    if only is not None:
        mapped = replace(given.method, tables=tuple(each for each in given.method.tables if each.name in only))
        given, package = replace(given, method=mapped), f"tables_{len(only)}"
        _write(given, package, folder)
    method = registry.method(package, METHOD)
    plan = expert.plan(given.method, method, games.responses)
    file = folder / f"{package}.json"
    file.write_text(json.dumps(plan))
    return TableSet(package, file, {table["name"]: _compared(table, given.method) for table in plan["tables"]})


def _write(given: generate.Input, package: str, folder: Path) -> None:
    for path, content in generate.files([given], into=package).items():
        if path.startswith(own := f"{layout.generated(package)}/"):
            file = folder / package / path.removeprefix(own)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
    sys.path.append(str(folder))
    importlib.invalidate_caches()


def _compared(table: dict[str, Any], mapped: ir.Method) -> dict[str, str]:
    """The columns whose values all loaders must agree on, with their types: not those of the time of a capture."""
    [its] = (each for each in mapped.tables if each.name == table["name"])
    own = ir.CarryValue | ir.CapturedAt | ir.IngestedAt
    left_out = {column.name for column in its.columns if isinstance(column.value, own)}
    return {name: kind for name, kind in table["columns"].items() if name not in left_out}


def create(connection: Connection, tables: TableSet) -> None:
    """Make our tables, and plain ones with the same columns and primary keys, and nothing else."""
    migrate.apply_pending(connection, tables.package)
    connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(PLAIN)))
    make = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS, PRIMARY KEY ({}))")
    for table in tables.method.tables:
        names = sql.Identifier(PLAIN, table.name), sql.Identifier(table.schema, table.name)
        connection.execute(make.format(*names, sql.SQL(", ").join(map(sql.Identifier, table.primary_key))))


def digest(connection: Connection, tables: TableSet, schema: str) -> dict[str, tuple[int, int]]:
    """The number of rows of each table that all loaders fill, and a sum over their contents."""
    found = {}
    for name, columns in tables.compared.items():
        query = sql.SQL("SELECT count(*), coalesce(sum(hashtextextended(ROW({})::text, 0)), 0)::text FROM {}")
        cells = sql.SQL(", ").join(_cell(*column) for column in columns.items())
        [(rows, content)] = connection.execute(query.format(cells, sql.Identifier(schema, name))).fetchall()
        found[name] = (rows, int(content))
    return found


def _cell(name: str, kind: str) -> sql.Composed:
    """The value as text that is the same whatever type a loader has chosen."""
    text = "trim_scale({}::numeric)" if kind == "numeric" else "{}::" + kind
    return sql.SQL(text).format(sql.Identifier(name))
