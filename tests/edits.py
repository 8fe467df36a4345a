"""Edits of the mapping beside this, at least one for each kind of migration, and responses that show what they map."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlbgen import layout
from mlbgen.postgres import migrations, released
from mlbgen.postgres.released import Released
from mlbgen.project import generate
from mlbgen.project.migrate import Allowed, Migration, plan
from mlbgen.samples import infer, shape_file
from mlbgen.samples.stubs import Stub

FOLDER = Path(__file__).parent / "migrations"
FILE = "schemas/mappings/league/game_v1.yaml"
MAPPING = (FOLDER / "mapping.yaml").read_text()
OTHER = {"schemas/mappings/league/team_v1.yaml": (FOLDER / "other.yaml").read_text()}
RUNNERS = MAPPING[MAPPING.index("  - name: league.runners") :]
PITCHERS = (FOLDER / "pitchers.yaml").read_text()


@dataclass(frozen=True)
class Edit:
    """The mappings after an edit, by path, and what `mlbgen migrate` has to be allowed for it."""

    mappings: dict[str, str]
    allowed: Allowed
    renamed: Mapping[str, str | None] = field(default_factory=dict)


def edit(*replaced: tuple[str, str], drop: bool = False, rebuild: bool = False, **renamed: str | None) -> Edit:
    """Each text of the mapping, wherever it stands, gives way to another.

    `renamed` are the new names of columns, or None where a derived one gets other values.
    """
    text = MAPPING
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    return Edit({FILE: text}, Allowed(drop=drop, rebuild=rebuild), renamed)


def line(words: str, columns: str = "") -> tuple[str, str]:
    """The column or the like that these words of the mapping stand in, replaced with its line by others."""
    (found,) = (each for each in MAPPING.splitlines(keepends=True) if words in each)
    return found, columns


def column(facts: str) -> str:
    return f"      - {{{facts}}}\n"


def behind(words: str, facts: str) -> tuple[str, str]:
    """One more column behind the one of these words."""
    found, _ = line(words)
    return found, found + column(facts)


BY_SEASON = "partition_by: {column: season, kind: list, from: 2024, to: 2024}"
BY_MONTH = "partition_by: {column: game_date, kind: month, from: 2024-07, to: 2024-08}"
TO_PLAYS = "{columns: [game_pk, play_index], references: league.plays}"
TO_GAMES = "{columns: [game_pk], references: league.games}"
ON_SCORE = "{columns: [score]}"
PITCHER = "name: pitcher_id, type: integer, path: play.pitcher, description: Person."
DATE = "name: game_date, type: date, path: $.date, description: The day."
LEG = "name: leg, type: smallint, index_of: runner, nullable: false, description: Ordinal of his movement."
DAY = "    - {name: game_date, type: date, path: $.date, nullable: false, description: The day.}\n"
HALF = "name: half, type: text, path: play.half, description: Top or bottom."
SLOW = "name: slow, type: boolean, derive: speed < 90, description: Slower than usual."
SPEED = "{name: speed, expression: speed > 0, severity: error}"
KEY, OTHER_KEY = "[game_pk, play_index, runner_id]", "[play_index, game_pk, runner_id]"
EDITS = {
    "column_added": edit(behind("name: event", PITCHER)),
    "column_dropped": edit(line("name: note"), drop=True),
    "column_widened": edit(("{name: score, type: smallint", "{name: score, type: bigint")),
    "column_of_indexes_and_checks_widened": edit(("numeric(5,1)", "numeric(7,3)")),
    "column_of_foreign_keys_widened": edit(("{name: play_index, type: smallint", "{name: play_index, type: integer")),
    "column_narrowed": edit(('"numeric(5,1)"', "double precision"), drop=True),
    "column_of_another_kind": edit(("{name: note, type: text", "{name: note, type: smallint"), drop=True),
    "default_of_absent_values": edit(("path: runner.base,", "path: runner.base, default: out,")),
    "column_renamed": edit(
        ("{name: note, type: text,", "{name: remark, renamed_from: note, type: text,"), note="remark"
    ),
    "column_of_indexes_and_checks_renamed": edit(
        ("{name: score, type: smallint,", "{name: runs, renamed_from: score, type: smallint,"),
        (ON_SCORE, "{columns: [runs]}, {columns: [runs, note], where: runs > 3}"),
        ("score >= 0", "runs >= 0"),
        ("name: speed, type", "name: velocity, renamed_from: speed, type"),
        ("where: speed > 90.5", "where: velocity > 90.5"),
        ("expression: speed > 0", "expression: velocity > 0"),
        ("score * 2", "runs * 2"),
        ("speed * 1.609", "velocity * 1.609"),
        score="runs",
        speed="velocity",
    ),
    "column_of_keys_renamed": edit(
        ("{name: play_index, type", "{name: at_bat, renamed_from: play_index, type"),
        ("[game_pk, play_index", "[game_pk, at_bat"),
        play_index="at_bat",
    ),
    "column_of_the_partition_renamed": edit(
        ("{name: season, type", "{name: year, renamed_from: season, type"),
        ("column: season", "column: year"),
        season="year",
    ),
    "column_renamed_and_widened": edit(
        ("{name: score, type: smallint,", "{name: runs, renamed_from: score, type: bigint,"),
        (ON_SCORE, "{columns: [runs]}"),
        ("score >= 0", "runs >= 0"),
        ("score * 2", "runs * 2"),
        score="runs",
    ),
    "column_of_a_rebuilt_parent_renamed": edit(
        ("  - name: league.plays\n", "  - name: league.plays\n    partition_by: none\n"),
        ("{name: play_index, type", "{name: at_bat, renamed_from: play_index, type"),
        ("[game_pk, play_index", "[game_pk, at_bat"),
        rebuild=True,
        play_index="at_bat",
    ),
    "derived_column_added": edit(behind("name: event", SLOW)),
    "derived_column_changed": edit(("score * 2", "score * 4"), doubled=None),
    "derived_column_dropped": edit(line("score * 2"), drop=True),
    "derived_column_gets_values": edit(("derive: score * 2", "path: $.score"), drop=True),
    "column_becomes_derived": edit(
        ("type: text, path: $.note", "type: text, derive: CASE WHEN score > 3 THEN 'many' END"), drop=True
    ),
    "derived_column_renamed": edit(("{name: kmh,", "{name: metric, renamed_from: kmh,"), kmh="metric"),
    "column_dropped_with_what_is_derived_from_it": edit(
        line("name: speed, type"), line("name: kmh"), line("lower(event)"), line("speed > 0"), drop=True
    ),
    "table_added": edit((RUNNERS, RUNNERS + PITCHERS)),
    "table_dropped": edit((RUNNERS, ""), drop=True),
    "table_renamed": edit(("league.runners", "league.runs"), drop=True),
    "method_added": Edit({FILE: MAPPING, **OTHER}, Allowed()),
    "indexes_added": edit(
        (ON_SCORE, f"{ON_SCORE}, {{columns: [note, score], where: score > 3}}, {{columns: [note], unique: true}}")
    ),
    "index_changed": edit(("where: speed > 90.5", "where: speed > 95")),
    "index_using_brin": edit(("where: speed > 90.5", "where: speed > 90.5, using: brin")),
    "index_dropped": edit(line("lower(event)")),
    "check_added": edit((SPEED, f"{SPEED}, {{name: ordinal, expression: play_index < 100, severity: error}}")),
    "check_changed": edit(("score >= 0", "score BETWEEN 0 AND 99")),
    "check_dropped": edit(line("score >= 0")),
    "check_only_warns": edit((SPEED, SPEED.replace("error", "warn"))),
    "foreign_key_added": edit((f"[{TO_PLAYS}]", f"[{TO_PLAYS}, {TO_GAMES}]")),
    "foreign_key_dropped": edit(line(TO_PLAYS)),
    "foreign_key_changed": edit((TO_PLAYS, TO_GAMES)),
    "comments": edit(
        ("One row for each play.", "One row for each play, as it's told."), ("Miles an", "Miles \u2013 an; --")
    ),
    "partitions_ahead": edit(("from: 2024, to: 2024", "from: 2019, to: 2025"), ("from: 2024-07", "from: 2024-06")),
    "partitions_ahead_of_a_child": edit(
        ("  - name: league.plays\n", f"  - name: league.plays\n    {BY_SEASON.replace('from: 2024', 'from: 2021')}\n")
    ),
    "order_of_the_key": edit((KEY, OTHER_KEY), rebuild=True),
    "key_column_added": edit((KEY, KEY.replace("]", ", leg]")), behind("name: base", LEG), rebuild=True),
    "partitioned_by_month": edit(
        (BY_SEASON, BY_MONTH),
        ("    - {name: season", f"{DAY}    - {{name: season"),
        ("path: $.season, nullable: false", "path: $.season"),
        rebuild=True,
    ),
    "parent_no_longer_partitioned": edit(
        ("  - name: league.games\n", "  - name: league.games\n    partition_by: none\n"), rebuild=True
    ),
    "key_of_a_parent_with_children": edit(
        ("primary_key: [game_pk, play_index]\n", "primary_key: [game_pk, play_index, half]\n"),
        behind("name: event", HALF.replace("description", "nullable: false, description")),
        behind("name: base", HALF),
        (
            f"[{TO_PLAYS}]",
            f"[{TO_PLAYS.replace(']', ', half]')}]\n    indexes: [{{columns: [game_pk, play_index, half]}}]",
        ),
        rebuild=True,
    ),
    "partition_column_widened": edit(("{name: season, type: smallint", "{name: season, type: integer"), rebuild=True),
    "several_at_once": edit(
        behind("name: score, type", DATE),
        line("name: note"),
        behind("name: event", PITCHER),
        ("{name: score, type: smallint", "{name: score, type: integer"),
        (KEY, OTHER_KEY),
        (TO_PLAYS + "]\n", TO_PLAYS + "]\n" + PITCHERS),
        drop=True,
        rebuild=True,
    ),
}


def response(game_pk: int, season: int, plays: int, **members: Any) -> dict[str, Any]:
    """A response with every path that any of the edits maps."""
    listed = [
        {
            "index": index,
            "event": f"Event {index % 3}",
            "speed": 88.25 + index,
            "pitcher": 100 + index % 2,
            "half": ("top", "bottom")[index % 2],
            "runners": [{"id": 500 + each, **({"base": f"{each}B"} if each else {})} for each in range(index % 3)],
        }
        for index in range(plays)
    ]
    about = {"gamePk": game_pk, "season": season, "date": f"{season}-07-{game_pk:02}", "score": plays}
    return {**about, "note": str(game_pk), "plays": listed, **members}


TEAM = {"teamId": 9}


def project(root: Path, mappings: dict[str, str]) -> None:
    """Put these mappings and the shapes of the responses into a project; what was generated there stays."""
    (root / "pyproject.toml").touch()
    samples = [
        Stub("game.json", "league.gameV1", response(1, 2024, 4)),
        Stub("team.json", "league.teamV1", TEAM),
    ]
    shapes = {
        infer.path(name): shape_file.dump_shape(shape, title=name) for name, shape in infer.infer(samples).items()
    }
    for path, text in {**mappings, **shapes}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def released_of(root: Path) -> Released:
    """What the first mapping becomes in that project, as released."""
    project(root, {FILE: MAPPING})
    methods = [each.method for each in generate.read(root, generate.mappings(root))]
    texts = {Path(path).name: text for path, text in migrations.first_files(methods).items()}
    found = released.load_released(texts, layout.migrations())
    assert found is not None
    return found


def next_migration(root: Path, name: str) -> Migration:
    """The migration for that edit."""
    before = released_of(root)
    project(root, EDITS[name].mappings)
    methods = [each.method for each in generate.read(root, generate.mappings(root))]
    return plan(methods, before, "edit", EDITS[name].allowed)
