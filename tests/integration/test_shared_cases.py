"""Small feeds with one condition each, through the raw table into the tables, compared with what is right."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from checks import some
from feeds import METHOD
from psycopg import sql
from samples import connect, stores

import mlb_etl
from mlb_contracts.response import Response
from mlb_etl.capture import loader, stub_files
from mlb_etl.capture.loader import BareDefaults
from mlb_etl.laws.counts import Counts, DocumentCounts

AT = datetime(2026, 1, 2, tzinfo=UTC)
Rows = list[tuple[Any, ...]]


class Case:
    """One of the feeds, applied to a database."""

    def __init__(self, dsn: str, file: Path) -> None:
        self._dsn = dsn
        with connect(dsn) as connection:
            loaded = loader.load_files(
                stores(connection), [file], bare=BareDefaults("game.liveGameV1", AT), package="mlb_tables"
            )
        assert loaded.stored == (file,), loaded
        self.counts: Counts = mlb_etl.pipeline("game.liveGameV1", dsn=dsn)()
        assert self.counts.documents == DocumentCounts(applied=1)

    def rows(self, table: str, *columns: str) -> Rows:
        """The columns of all rows of the table, by its key."""
        its = next(each for each in METHOD.tables if each.name == table)
        query = sql.SQL("SELECT {} FROM {} ORDER BY {}").format(
            _names(columns), sql.Identifier(its.schema, its.name), _names(its.primary_key)
        )
        with connect(self._dsn) as connection:
            return connection.execute(query).fetchall()


def _names(columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


@pytest.fixture
def case(database: str, cases_dir: Path) -> Callable[[str], Case]:
    return lambda name: Case(database, cases_dir / f"{name}.json.gz")


def test_each_case_has_its_test(cases_dir: Path) -> None:
    text = Path(__file__).read_text()
    names = [file.name.removesuffix(".json.gz") for file in stub_files.find_stubs(cases_dir)]
    assert names
    assert [name for name in names if f'"{name}"' not in text] == []


@pytest.mark.parametrize(
    ("name", "column", "path", "value"),
    [
        ("first_pitch_odd_text", "first_pitch_time", "$.gameData.gameInfo.firstPitch", "'2024-07-12T23:05:00'"),
        ("weather_temp_odd_text", "weather_temp", "$.gameData.weather.temp", "''"),
    ],
)
def test_an_odd_text_of_an_optional_column(
    case: Callable[[str], Case], name: str, column: str, path: str, value: str
) -> None:
    given = case(name)
    assert given.rows("live_game_metadata", column, "attendance") == [(None, 24441)]
    assert [
        (each.what.table, each.what.path, each.what.value, each.what.number) for each in given.counts.unreadable
    ] == [("game.live_game_metadata", path, value, 1)]
    assert len(given.rows("live_game_players", "player_id")) > 20


def test_a_pitcher_relieved_within_a_plate_appearance(case: Callable[[str], Case]) -> None:
    """Whose each pitch is has no column yet: the plate appearance has the last pitcher, as its description says."""
    given = case("mid_pa_pitching_change")
    assert given.rows("live_game_plays", "pitcher_id") == [(686826,)]
    assert given.rows("live_game_pitch_events", "event_index", "strikes") == [(3, 1), (5, 2), (6, 2)]


def test_outs_of_a_pitch(case: Callable[[str], Case]) -> None:
    given = case("outs_before_pitch")
    assert given.rows("live_game_pitch_events", "at_bat_index", "outs", "is_out") == [
        *[(0, 0, False)] * 2, (0, 0, True), *[(1, 1, False)] * 3, (1, 1, True),
    ]  # fmt: skip
    assert given.rows("live_game_runners", "at_bat_index", "out_number") == [(0, 1), (1, 2)]
    assert given.rows("live_game_plays", "at_bat_index", "outs") == [(0, 1), (1, 2)]


def test_a_run_on_a_balk(case: Callable[[str], Case]) -> None:
    given = case("run_on_balk_not_scoring_play")
    assert given.rows("live_game_scoring_plays", "at_bat_index") == []
    assert given.rows("live_game_plays", "is_scoring_play") == [(False,)]
    assert given.rows("live_game_runners", "event_type", "start_base", "end_base", "event_index") == [
        ("balk", "3B", "score", 1),
        ("field_out", None, None, 5),
    ]


def test_a_force_out_with_a_batter_who_is_safe(case: Callable[[str], Case]) -> None:
    given = case("is_out_batter_safe")
    ((is_out, batter),) = given.rows("live_game_plays", "is_out", "batter_id")
    assert is_out
    moved = given.rows("live_game_runners", "runner_id", "is_out", "start_base", "end_base", "out_base")
    assert [row[1:] for row in moved] == [
        (True, "1B", None, "2B"),
        (False, "2B", "3B", None),
        (False, None, "1B", None),
    ]
    assert moved[-1][0] == batter


def test_a_runner_who_moves_twice(case: Callable[[str], Case]) -> None:
    given = case("runner_moves_twice")
    moved = given.rows("live_game_runners", "origin_base", "start_base", "end_base", "event_type")
    assert moved == [
        (None, None, None, "field_out"),
        ("1B", "1B", "2B", "stolen_base_2b"),
        ("2B", "2B", "score", "stolen_base_2b"),
    ]


def test_a_half_inning_that_is_on_and_has_no_runs(case: Callable[[str], Case]) -> None:
    given = case("batted_without_runs_key")
    columns = ("inning", "away_runs_scored", "away_hits", "home_runs_scored", "home_hits")
    assert given.rows("live_game_linescore", *columns) == [(1, 0, 1, None, 0)]
    assert given.rows("live_game_metadata", "coded_game_state") == [("I",)]


def test_a_pinch_runner_who_steals(case: Callable[[str], Case]) -> None:
    given = case("pinch_runner_steals")
    moved = given.rows("live_game_runners", "event_index", "event_type", "start_base", "end_base", "is_out")
    assert moved == [(1, "stolen_base_2b", "1B", "2B", False), (5, "field_out", None, None, True)]
    assert given.rows("live_game_runners", "runner_id")[0] == (672642,)
    came, *_ = given.rows("live_game_actions", "event_type", "player_id", "replaced_player_id", "is_substitution")
    assert came == ("offensive_substitution", 672642, 111, True)


def test_a_resumed_game_with_two_reviews_of_a_play(case: Callable[[str], Case]) -> None:
    """Its start is that of the resumption; the first start has a column too."""
    given = case("resumed_two_reviews")
    assert given.rows("live_game_metadata", "original_date", "start_time") == [
        (date(2024, 7, 12), datetime(2024, 7, 13, 17, 5, tzinfo=UTC))
    ]
    assert given.rows(
        "live_game_metadata", "resume_date", "resume_time", "resumed_from_date", "resumed_from_time", "delay_minutes"
    ) == [
        (
            date(2024, 7, 13), datetime(2024, 7, 13, 17, 5, tzinfo=UTC), date(2024, 7, 12),
            datetime(2024, 7, 13, 1, 40, tzinfo=UTC), 47,
        )
    ]  # fmt: skip
    assert given.rows("live_game_plays", "review_type", "review_is_overturned") == [("MA", True)]
    reviews = ("event_index", "review_index", "review_type", "is_overturned", "challenge_team_id")
    assert given.rows("live_game_reviews", *reviews) == [(-1, 0, "MA", True, 110), (-1, 1, "MB", False, 147)]


def test_captured_at_of_a_past_time_is_that_time(database: str, cases_dir: Path, tmp_path: Path) -> None:
    """So all tables say in its description."""
    body = gzip.decompress((cases_dir / "outs_before_pitch.json.gz").read_bytes())
    game = str(json.loads(body)["gamePk"])
    asked = Response(*METHOD.name.split("."), {"game_pk": game}, {"timecode": "20260101_120000"}, "", 200, AT, body)
    file = tmp_path / "past.json"
    file.write_bytes(stub_files.format_stub(asked))
    past = Case(database, file)
    for table in some(METHOD.tables):
        assert set(past.rows(table.name, "captured_at")) <= {(datetime(2026, 1, 1, 12, tzinfo=UTC),)}
    query = "SELECT DISTINCT description FROM pg_description WHERE description LIKE '%past time%requested.'"
    with connect(database) as connection:
        assert connection.execute(query).fetchall() == [
            ("When the response that last changed this row was requested, or the past time whose state was requested.",)
        ]
