from pathlib import Path

import pytest
from checks import some
from lowering import DEFAULTS, FILE, GAMES, HEAD, errors, method, table

from mlb_contracts.sql_types import SqlType
from mlbgen import ir
from mlbgen.language import paths
from mlbgen.language.ignores import Anywhere, Below
from mlbgen.language.paths import Comparison, Each
from mlbgen.project import generate, schema

ROOT = Path(__file__).parents[2]

PITCHES = """\
  - name: league.pitches
    description: One row for each pitch.
    rows: {play: "$.plays[*]", event: "play.playEvents[?@.isPitch == true]"}
    primary_key: [game_pk, at_bat_index, event_index]
    foreign_keys: [{columns: [game_pk, at_bat_index], references: league.plays}]
    indexes:
      - {columns: [code], where: start_speed > 90}
      - {expression: lower(code)}
      - {columns: [code], unique: true}
    checks: [{name: speed, expression: start_speed BETWEEN 20 AND 110, severity: warn}]
    columns:
      - {name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.}
      - {name: event_index, type: smallint, index_of: event, start: 1, nullable: false, description: Its ordinal.}
      - {name: code, type: text, path: event.details.code, default: X, description: Code of the pitch.}
      - {name: start_speed, type: "numeric(5,1)", path: event.pitchData.startSpeed, description: Miles an hour.}
"""
PLAYS = """\
  - name: league.plays
    description: One row for each plate appearance.
    rows: {play: "$.plays[*]"}
    primary_key: [game_pk, at_bat_index]
    foreign_keys: [{columns: [game_pk], references: league.games}]
    columns:
      - {name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.}
"""
BATTERS = """\
  - name: league.{side}_batters
    for_each: {side: [home, away]}
    description: One row for each batter of the {side} team.
    rows: {id: "$.teams.{side}.batters[*]"}
    let: {line: {in: "$.teams.{side}.players", key: "ID{id}"}}
    duplicates: last
    primary_key: [game_pk, person_id]
    columns:
      - {name: person_id, type: integer, item_of: id, nullable: false, description: The person.}
      - {name: outs, type: smallint, path: line.stats.inningsPitched, convert: innings_to_outs, description: Outs.}
      - {name: era, type: numeric, path: line.stats.era, null_if: [.---], description: Earned run average.}
"""


def reference(root: str, members: str, path: str, json_type: ir.ValueType) -> ir.Reference:
    return ir.Reference(root, tuple(members.split()), path, json_type)


def column(of: ir.Table, name: str) -> ir.Column:
    return next(each for each in of.columns if each.name == name)


def test_levels_are_nested_and_filtered() -> None:
    play, event = table(PITCHES + PLAYS + GAMES, "pitches").levels

    assert play == ir.Level("play", reference("$", "plays", "$.plays", "array"), ir.ListOf("object"), None)
    source = reference("play", "playEvents", "$.plays[*].playEvents", "array")
    assert event == ir.Level("event", source, ir.ListOf("object"), Comparison(("isPitch",), "==", literal=True))


def test_values_come_from_paths_ordinals_keys_items_and_constants() -> None:
    pitches = table(PITCHES + PLAYS + GAMES, "pitches")
    players = table(
        """\
  - name: league.players
    description: One row for each person.
    rows: {player: $.players.*}
    primary_key: [game_pk, player_id]
    columns:
      - {name: player_id, type: integer, path: [player.id, $.gamePk], nullable: false, description: The person.}
      - {name: api_key, type: text, key_of: player, description: Key.}
      - {name: league_id, type: smallint, constant: 7, description: League.}
""",
        "players",
    )

    speed = reference("event", "pitchData startSpeed", "$.plays[*].playEvents[*].pitchData.startSpeed", "number")
    assert column(pitches, "start_speed").value == ir.PathValue((speed,))
    assert column(pitches, "start_speed").type == SqlType("numeric", (5, 1))
    assert column(pitches, "code").default == "X"
    assert column(pitches, "event_index").value == ir.IndexValue("event", 1)
    first, second = (
        reference("player", "id", "$.players.*.id", "integer"),
        reference("$", "gamePk", "$.gamePk", "integer"),
    )
    assert column(players, "player_id").value == ir.PathValue((first, second))
    assert players.levels[0].container == ir.MapOf("object")
    assert column(players, "api_key").value == ir.KeyValue("player")
    assert column(players, "league_id").value == ir.ConstantValue(7)


def test_every_table_ends_with_captured_at_and_ingested_at() -> None:
    games = table(GAMES, "games")
    captured, ingested = games.columns[-2:]

    assert [each.name for each in games.columns] == ["game_pk", "season", "game_date", "captured_at", "ingested_at"]
    assert (captured.value, ingested.value) == (ir.CapturedAt(), ir.IngestedAt())
    assert [(each.type, each.nullable) for each in (captured, ingested)] == [(SqlType("timestamptz"), False)] * 2


def test_keys_are_widened_by_the_partition_column() -> None:
    pitches = table(PITCHES + PLAYS + GAMES, "pitches")

    assert pitches.primary_key == ("game_pk", "at_bat_index", "event_index", "season")
    assert pitches.partition == ir.ListPartition("season", (2024, 2025, 2026))
    wide = ("game_pk", "at_bat_index", "season")
    assert pitches.foreign_keys == (ir.ForeignKey("pitches_game_pk_at_bat_index_fkey", wide, "league", "plays", wide),)
    assert pitches.indexes[3] == ir.ColumnIndex("pitches_code_key", ("code", "season"), None, unique=True)


def test_expressions_quote_names_and_indexes_get_distinct_names() -> None:
    pitches = table(PITCHES + PLAYS + GAMES, "pitches")
    captured, partial, expression, _ = pitches.indexes

    assert captured == ir.ColumnIndex("pitches_captured_at_idx", ("captured_at",), None, unique=False)
    assert partial.where == ir.Expression('"start_speed" > 90', ("start_speed",))
    assert isinstance(expression, ir.ExpressionIndex)
    assert expression.expression == ir.Expression('LOWER("code")', ("code",))
    assert partial.name.startswith("pitches_code_")
    assert len({each.name for each in pitches.indexes}) == 4
    speed = ir.Expression('"start_speed" BETWEEN 20 AND 110', ("start_speed",))
    assert pitches.checks == (ir.Check("pitches_speed_check", speed, "warn"),)


def test_an_expression_lists_each_of_its_columns_once() -> None:
    text = "game_date > captured_at OR season < game_pk AND season > 0"
    check = f"    checks: [{{name: late, expression: {text}, severity: warn}}]\n"

    assert table(GAMES + check, "games").checks[0].condition.columns == (
        "game_date",
        "captured_at",
        "season",
        "game_pk",
    )


def test_parents_come_before_children_and_other_tables_keep_their_order() -> None:
    assert [each.name for each in method(PITCHES + BATTERS + PLAYS + GAMES).tables] == [
        "home_batters",
        "away_batters",
        "games",
        "plays",
        "pitches",
    ]


def test_for_each_replaces_its_variable_in_every_text() -> None:
    away = table(BATTERS, "away_batters")

    assert away.description == "One row for each batter of the away team."
    assert away.duplicates == "last"
    path = "$.teams.away.batters"
    assert away.levels == (
        ir.Level("id", reference("$", "teams away batters", path, "array"), ir.ListOf("integer"), None),
    )
    assert column(away, "person_id").value == ir.ItemValue("id", "integer", "$.teams.away.batters[*]")
    source = reference("$", "teams away players", "$.teams.away.players", "map")
    assert away.lookups == (ir.LookUp("line", source, ir.KeyOf("ID", "id", "")),)
    outs = reference("line", "stats inningsPitched", "$.teams.away.players.*.stats.inningsPitched", "string")
    assert column(away, "outs").value == ir.PathValue((outs,))
    assert (column(away, "outs").convert, column(away, "era").null_if) == ("innings_to_outs", (".---",))


def test_for_each_of_columns_nests_in_that_of_a_table() -> None:
    home = table(
        """\
  - name: league.{side}_teams
    for_each: {side: [home, away]}
    description: One row for each game.
    primary_key: [game_pk]
    columns:
      - name: "{side}_{what}"
        for_each: {what: [name]}
        type: text
        path: "$.teams.{side}.{what}"
        description: The {what}.
      - {name: team_id, type: integer, path: "$.teams.{side}.id", description: The team.}
""",
        "home_teams",
    )

    assert [each.name for each in home.columns][2:4] == ["home_name", "team_id"]
    assert column(home, "home_name").description == "The name."
    assert column(home, "home_name").value == ir.PathValue(
        (reference("$", "teams home name", "$.teams.home.name", "string"),)
    )


def test_look_ups_work_by_member_and_by_index() -> None:
    scoring = """\
  - name: league.scoring_plays
    description: One row for each play in which a run scored.
    rows: {at_bat: "$.scoringPlays[*]"}
    let:
      by_member: {in: $.plays, where: {about.atBatIndex: at_bat}}
      by_index: {in: $.plays, index: at_bat}
    primary_key: [game_pk, at_bat_index]
    columns:
      - {name: at_bat_index, type: smallint, item_of: at_bat, nullable: false, description: Its number.}
      - {name: event_type, type: text, path: [by_member.result.eventType, by_index.about.startTime], description: X.}
"""
    found = [each.by for each in table(scoring, "scoring_plays").lookups]

    assert found == [ir.MemberEquals(("about", "atBatIndex"), "at_bat"), ir.AtIndex("at_bat")]


def test_a_table_overrides_a_default_column_at_the_same_place() -> None:
    own = GAMES + "      - {name: season, type: integer, path: $.season, nullable: false, description: Another.}\n"
    games = table(own, "games")

    assert [each.name for each in games.columns] == ["game_pk", "season", "game_date", "captured_at", "ingested_at"]
    assert column(games, "season").type == SqlType("integer")


def test_a_default_column_is_not_null_only_in_tables_whose_key_has_it() -> None:
    games, states = method(
        GAMES
        + GAMES.replace("league.games", "league.states").replace("    columns", "    partition_by: none\n    columns")
    ).tables

    assert (games.primary_key, column(games, "season").nullable) == (("game_pk", "season"), False)
    assert (states.primary_key, column(states, "season").nullable) == (("game_pk",), True)


def test_partitions_by_month_are_premade_across_the_new_year() -> None:
    by_month = GAMES + "      - {name: played_on, type: date, path: $.game.date, nullable: false, description: Day.}\n"
    by_month += "    partition_by: {column: played_on, kind: month, from: 2024-11, to: 2025-02}\n"
    games = table(by_month, "games")

    assert games.partition == ir.MonthPartition("played_on", ("2024-11", "2024-12", "2025-01", "2025-02"))
    assert games.primary_key == ("game_pk", "played_on")


ASKED = """\
version: 1
source:
  endpoint: league
  method: gameV1
  url: /api/v1/league/{league_id}/games
  raw_table: league.game_v1
  query: [date, level]
  document:
    league_id: {type: smallint, parameter: league_id}
    day: {type: date, parameter: date}
  accept:
    - {rule: the plays asked for, path: "$.plays[*].result.eventType", equals_parameter: level}
"""
ASKED_KEYS = """\
defaults:
  columns:
    - {name: league_id, type: smallint, parameter: league_id, nullable: false, description: The league.}
    - {name: day, type: date, parameter: date, nullable: false, description: The day.}
"""


def test_a_document_key_can_be_a_request_parameter() -> None:
    games = GAMES.replace("[game_pk]", "[league_id, day]")
    found = method(games, head=ASKED, defaults=ASKED_KEYS)

    assert found.query == ("date", "level")
    assert [(key.name, str(key.type), key.value) for key in found.document] == [
        ("league_id", "smallint", ir.ParameterValue("league_id")),
        ("day", "date", ir.ParameterValue("date")),
    ]
    assert [column.value for column in found.tables[0].columns[:2]] == [key.value for key in found.document]
    assert [(rule.path, rule.test) for rule in found.rules] == [
        ("$.plays[*].result.eventType", ir.EqualsParameter("level"))
    ]


def test_any_query_is_allowed_unless_the_mapping_lists_parameters() -> None:
    assert method(GAMES).query is None


def test_a_partition_column_can_be_a_request_parameter() -> None:
    games = GAMES.replace("[game_pk]", "[league_id, day]")
    plays = games.replace("league.games", "league.plays").replace("games", "plays")
    table = plays.replace(
        "    columns:", "    partition_by: {column: asked, kind: month, of: league.games}\n    columns:"
    )
    column = "      - {name: asked, type: date, parameter: date, description: Day.}\n"
    _, taken = method(games + column + table, head=ASKED, defaults=ASKED_KEYS).tables

    assert taken.partition == ir.MonthPartition("asked", ())


def test_rules_of_acceptance_have_full_paths() -> None:
    head = f"""{HEAD}\
  accept:
    - {{rule: no error, path: $.messageNumber, absent: true}}
    - {{rule: not the legacy shape, path: "$.plays[*].pitchEvents", absent: true}}
    - {{rule: players are keyed, path: $.players, type: object}}
    - {{rule: the game asked for, path: $.gamePk, equals_parameter: game_pk}}
    - {{rule: has plays, path: "$['plays']", present: true}}
"""
    found = method(GAMES, head=head)

    assert [(rule.path, rule.test) for rule in found.rules] == [
        ("$.messageNumber", ir.IsAbsent()),
        ("$.plays[*].pitchEvents", ir.IsAbsent()),
        ("$.players", ir.HasType("object")),
        ("$.gamePk", ir.EqualsParameter("game_pk")),
        ("$.plays", ir.IsPresent()),
    ]
    assert found.document == (
        ir.DocumentKey(
            "game_pk", SqlType("bigint"), ir.PathValue((reference("$", "gamePk", "$.gamePk", "integer"),)), ""
        ),
    )
    assert found.raw_table == ir.RawTable("league", "game_v1", ir.MonthPartition("captured_at", ()))


def test_derived_names_fit_into_63_bytes_and_are_stable() -> None:
    long = GAMES.replace("league.games", f"league.{'g' * 50}").replace("game_date", "d" * 40)
    long += f"    indexes: [{{columns: [{'d' * 40}]}}]\n"
    (index,) = (each for each in method(long).tables[0].indexes if each.columns != ("captured_at",))

    assert len(index.name) <= 63
    assert index.name.startswith("g" * 50)
    assert index.name == next(each for each in method(long).tables[0].indexes if each.columns != ("captured_at",)).name


def test_positions_are_those_of_names() -> None:
    games = table(GAMES, "games")
    lines = f"{HEAD}{DEFAULTS}tables:\n{GAMES}".split("\n")

    assert games.position.file == FILE
    assert lines[games.position.line - 1][games.position.column - 1 :] == "league.games"
    at = column(games, "game_date").position
    assert lines[at.line - 1][at.column - 1 :].startswith("game_date")


def test_all_errors_of_a_run_are_reported_sorted_by_place() -> None:
    wrong = (
        PITCHES.replace("isPitch", "isPich")
        .replace("lower(code)", "lower(cod)")
        .replace("index_of: event", "index_of: evnt")
    )
    wrong += GAMES.replace("type: date", "type: dat") + PLAYS.replace(
        "references: league.games", "references: league.game"
    )
    found = errors(wrong, tail="ignore:\n  - {path: $.gone, reason: Gone.}\n")

    assert [each.code for each in found] == ["MG031", "MG050", "MG033", "MG012", "MG060", "MG090"]
    assert [each.position for each in found] == sorted(each.position for each in found)
    assert all(each.source_line for each in found)


PATHS = {"integer": "$.gamePk", "string": "$.season", "boolean": "$.game.status.final", "object": "$.game"}


@pytest.mark.parametrize(
    ("fits", "other", "facts", "code"),
    [
        ("integer", "boolean", "type: bigint", "MG040"),
        ("integer", "object", "type: bigint", "MG032"),
        ("string", "integer", "type: text", "MG040"),
        ("string", "integer", "type: smallint, convert: innings_to_outs", "MG042"),
        ("string", "integer", 'type: smallint, null_if: ["-"]', "MG042"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_of_several_paths_has_to_fit(fits: str, other: str, facts: str, code: str, place: int) -> None:
    def mapping(*kinds: str) -> str:
        paths = ", ".join(PATHS[each] for each in kinds)
        return f"{GAMES}      - {{name: x, path: [{paths}], {facts}, description: X.}}\n"

    good = [fits] * 3
    assert method(mapping(*good))
    assert [each.code for each in errors(mapping(*good[:place], other, *good[place + 1 :]))] == [code]


def test_an_error_in_a_repeated_table_is_reported_once_at_its_character() -> None:
    (found,) = errors(BATTERS.replace("{side}.players", "{side}.playrs"))

    assert found.message == "no sample response has $.teams.home.playrs"
    assert found.source_line[found.position.column - 1 :].startswith("playrs")


def test_an_error_in_one_of_the_repeated_tables_is_reported_too() -> None:
    found = errors(BATTERS.replace("[home, away]", "[home, guest]"))

    assert [each.code for each in found] == ["MG031", "MG031"]
    assert [each.source_line[each.position.column - 1 :][:14] for each in found] == ["{side}.batters", "{side}.players"]


def test_a_column_with_an_error_causes_no_others() -> None:
    wrong = PITCHES.replace('"numeric(5,1)"', "number").replace("path: event.details.code", "path: event.detail.code")

    assert [each.code for each in errors(wrong + PLAYS + GAMES)] == ["MG031", "MG012"]


def test_an_ignored_path_may_hold_what_a_column_takes_from_below_it() -> None:
    (found,) = errors(GAMES, tail="ignore:\n  - {path: $.game, reason: Rest.}\n  - {path: $..date, reason: All.}\n")

    assert (found.code, found.source_line) == ("MG091", "  - {path: $..date, reason: All.}")


@pytest.mark.parametrize("path", ["$..*", "$..a.b", "$", "play.about", "$.plays[?@.about]"])
def test_an_ignored_path_is_a_place_or_one_name_anywhere(path: str) -> None:
    (found,) = errors(GAMES, tail=f'ignore:\n  - {{path: "{path}", reason: Rest.}}\n')

    assert (found.code, "or one name anywhere" in found.message) == ("MG032", True)


def test_ignored_paths_are_parsed_once() -> None:
    found = method(
        GAMES, tail='ignore:\n  - {path: "$.plays[*].about", reason: Plays.}\n  - {path: $..status, reason: State.}\n'
    )

    assert found.ignored == (
        ir.Ignored(Below(paths.Path("$", ("plays", Each(), "about"))), "Plays."),
        ir.Ignored(Anywhere("status"), "State."),
    )


def test_the_json_schema_that_is_committed_is_current() -> None:
    assert (ROOT / "schemas" / "mapping.schema.json").read_text() == schema.text()


@pytest.mark.parametrize("mapping", sorted((ROOT / "schemas" / "mappings").rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_mappings_of_the_repository_have_no_errors(mapping: Path) -> None:
    [given] = generate.read(ROOT, [mapping])
    found = given.method

    assert found.mapping_file == mapping.relative_to(ROOT).as_posix()
    seen: set[str] = set()
    for each in some(found.tables):
        assert {key.table for key in each.foreign_keys} <= seen
        seen.add(each.name)


@pytest.mark.parametrize(("type_", "bits"), [("smallint", 15), ("integer", 31), ("bigint", 63)])
def test_a_constant_fits_its_type(type_: str, bits: int) -> None:
    def codes(number: int) -> list[str]:
        column = f"      - {{name: more, type: {type_}, constant: {number}, description: The same in each row.}}\n"
        return [each.code for each in errors(GAMES + column)]

    least, most = -(2**bits), 2**bits - 1
    assert [codes(number) for number in (least, most)] == [[], []]
    assert [codes(number) for number in (least - 1, most + 1)] == [["MG043"], ["MG043"]]
