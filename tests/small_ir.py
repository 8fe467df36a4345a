"""Tables of a made-up league as the intermediate representation has them, for tests of what is printed from it."""

from collections.abc import Iterable
from dataclasses import replace

from mlb_contracts import Check, Column, DerivedColumn, DocumentKey, Partition, Table, sql_types
from mlbgen import ir
from mlbgen.ir.columns import wire
from mlbgen.language.diagnostics import Position

POSITION = Position("schemas/mappings/league/game_v1.yaml", 1, 1)
BY_SEASON = ir.ListPartition("season", (2024, 2025))


def column(
    name: str, spelling: str, *, nullable: bool = True, description: str = "A fact.", json_type: str | None = None
) -> ir.Column:
    """A column of that type, from a JSON value of the given or of the first type that fills it."""
    sql_type = sql_types.parse_type(spelling)
    assert sql_type is not None
    seen = json_type or sql_types.json_types(sql_type)[-1]
    value = ir.PathValue((ir.Reference("$", (name,), f"$.{name}", seen),))
    return ir.Column(name, sql_type, value, nullable, description, POSITION)


def table(
    name: str, columns: Iterable[ir.Column], key: Iterable[str] = (), *, by: ir.Partition | None = BY_SEASON
) -> ir.Table:
    """A table with these columns between game_pk, season and the two times of writing."""
    keys = [column("game_pk", "bigint", nullable=False), column("season", "smallint", nullable=False)]
    times = [
        ir.Column(name, sql_types.SqlType("timestamptz"), value, nullable=False, description=said, position=POSITION)
        for name, value, said in (
            ("captured_at", ir.CapturedAt(), "When the response was asked for."),
            ("ingested_at", ir.IngestedAt(), "When this row was written."),
        )
    ]
    widened = () if by is None else (by.column,)
    return ir.Table(
        schema="league",
        name=name,
        description="One row for each thing.",
        levels=(),
        lookups=(),
        columns=(*keys, *columns, *times),
        primary_key=("game_pk", *key, *widened),
        identity=("game_pk", *key) if isinstance(by, ir.MonthPartition) else ("game_pk", *key, *widened),
        duplicates="error",
        partition=by,
        foreign_keys=(),
        indexes=(),
        checks=(),
        guarded=True,
        position=POSITION,
    )


DOCUMENT = (
    ir.DocumentKey(
        "game_pk",
        sql_types.SqlType("bigint"),
        ir.PathValue((ir.Reference("$", ("gamePk",), "$.gamePk", "integer"),)),
        "The game.",
    ),
)
KEY = (DocumentKey("game_pk", "bigint", lambda _document, _capture: None, path="$.gamePk"),)
GAMES = replace(
    table("games", [column("home_team", "integer"), column("away_team", "integer"), column("note", "text")]),
    checks=(
        ir.Check(
            "games_teams_check",
            ir.Expression('"home_team" <> "away_team"', ("home_team", "away_team")),
            "error",
        ),
        ir.Check("games_note_check", ir.Expression("\"note\" <> ''", ("note",)), "warn"),
    ),
)
PLAYS = replace(
    table(
        "plays",
        [
            column("play_index", "smallint", nullable=False),
            column("speed", "numeric(5,1)", json_type="number"),
            column("event", "text", description="What happened."),
        ],
        ["play_index"],
    ),
    foreign_keys=(
        ir.ForeignKey("plays_game_pk_fkey", ("game_pk", "season"), "league", "games", ("game_pk", "season")),
    ),
    indexes=(
        ir.ColumnIndex("plays_captured_at_idx", ("captured_at",), None, unique=False, using="brin"),
        ir.ExpressionIndex(
            "plays_event_idx",
            ir.Expression('LOWER("event")', ("event",)),
            ir.Expression("\"speed\" > 90.5 AND \"event\" <> 'it''s'", ("speed", "event")),
            unique=False,
        ),
        ir.ColumnIndex("plays_event_key", ("game_pk", "play_index", "event", "season"), None, unique=True),
    ),
)


def facts(of: ir.Table) -> Table:
    """What generated code states of the table."""
    return Table(
        schema=of.schema,
        name=of.name,
        columns=tuple(
            Column(each.name, str(each.type), wire(each), ())
            for each in of.columns
            if not isinstance(each.value, ir.IngestedAt)
        ),
        primary_key=of.primary_key,
        identity=of.identity,
        partition=_partition(of.partition),
        checks=tuple(Check(each.name, each.condition.columns, each.condition.sql, each.severity) for each in of.checks),
        guarded=of.guarded,
        extract=lambda _document, _capture: [],
        derived=tuple(
            DerivedColumn(each.name, str(each.type), each.expression.columns, each.expression.sql)
            for each in of.derived
        ),
    )


def _partition(of: ir.Partition | None) -> Partition | None:
    if of is None:
        return None
    return Partition(of.column, "list" if isinstance(of, ir.ListPartition) else "month")


def method(*tables: ir.Table, endpoint: str = "league", name: str = "gameV1") -> ir.Method:
    """A method with these tables."""
    return ir.Method(
        endpoint=endpoint,
        method=name,
        url="/api/v1/game/{game_pk}",
        description="",
        mapping_file=f"schemas/mappings/{endpoint}/game_v1.yaml",
        raw_table=ir.RawTable("league", "game_v1", ir.MonthPartition("captured_at", ("2024-11", "2024-12"))),
        query=None,
        document=DOCUMENT,
        rules=(),
        shrink_guard=ir.ShrinkGuard(0.2, 5, ()),
        tables=tables,
        ignored=(),
        fingerprint="0",
        position=POSITION,
    )
