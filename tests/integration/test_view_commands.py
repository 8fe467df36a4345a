"""mlb-etl views: which are listed, in which order they are refreshed, who waits, and what a failure holds back."""

import json
from typing import Any

import pytest
from checks import some
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo
from samples import PACKAGE, connect

from mlb_etl.cli import cli

# Each name sorts before what it reads; one has no key, one was never filled, one can't be refreshed any more.
VIEWS = """
CREATE SCHEMA mine;
CREATE MATERIALIZED VIEW mine.c AS SELECT game_pk, count(*) AS plays FROM sample.plays GROUP BY game_pk;
CREATE UNIQUE INDEX c_key ON mine.c (game_pk);
CREATE MATERIALIZED VIEW mine.b AS SELECT sum(plays) AS plays FROM mine.c;
CREATE VIEW mine.a AS SELECT plays FROM mine.b;
CREATE MATERIALIZED VIEW mine."A b" AS SELECT plays FROM mine.a WITH NO DATA;
CREATE UNIQUE INDEX ab_key ON mine."A b" (plays);
CREATE MATERIALIZED VIEW mine.broken AS SELECT 1 / (1 - count(*)) AS one FROM sample.plays;
CREATE MATERIALIZED VIEW mine.other AS SELECT 1 AS one;
"""
PLAY = """
INSERT INTO sample.games (game_pk, season, captured_at) VALUES (1, 2024, now());
INSERT INTO sample.plays (game_pk, season, at_bat_index, captured_at) VALUES (1, 2024, 0, now())
"""


@pytest.fixture
def dsn(sample_database: str) -> str:
    with connect(sample_database) as connection:
        connection.execute(VIEWS.encode())
        connection.execute(PLAY.encode())
    return sample_database


def run(dsn: str, *arguments: str) -> Result:
    return CliRunner(env={"MLB_ETL_DSN": dsn, "MLB_ETL_TABLES": PACKAGE}).invoke(cli, ["views", *arguments])


def told(dsn: str, *arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run(dsn, *arguments, "--format", "json").stdout)
    return found


def test_views_are_listed_with_how_they_can_be_refreshed(dsn: str) -> None:
    found = {each["view"]: each for each in told(dsn, "list")}
    names = list(found)
    assert all(names.index(read) < names.index(name) for name in some(names) for read in found[name]["reads"])
    assert {name: (each["materialized"], each["key"], each["populated"]) for name, each in found.items()} == {
        "mine.broken": (True, None, True),
        "mine.c": (True, ["game_pk"], True),
        "mine.b": (True, None, True),
        "mine.a": (False, None, None),
        "mine.A b": (True, ["plays"], False),
    }
    shown = run(dsn, "list").output
    assert "never refreshed" in shown


def test_all_are_refreshed_in_order_and_a_failure_holds_back_no_other(dsn: str) -> None:
    done = told(dsn, "refresh")
    assert [(each["view"], each["how"]) for each in done if each["why"] is None] == [
        ("mine.c", "concurrently"),
        ("mine.b", "exclusively"),
        ("mine.A b", "exclusively"),
    ]
    assert [(each["view"], each["why"]) for each in done if each["why"]] == [("mine.broken", "division by zero")]
    with connect(dsn) as connection:
        assert connection.execute('SELECT plays FROM mine."A b"').fetchall() == [(1,)]
    again = run(dsn, "refresh")
    assert again.exit_code == 1
    assert "not refreshed: mine.broken: division by zero" in again.output
    assert "refreshed mine.A b concurrently in " in again.output, "as it is filled now"


def test_readers_do_not_wait_for_a_view_with_a_key(dsn: str) -> None:
    with connect(dsn) as reader, reader.transaction():
        reader.execute("SELECT FROM mine.c")
        done = run(make_conninfo(dsn, options="-c lock_timeout=3s"), "refresh", "mine.c")
        assert (done.exit_code, done.output[:31]) == (0, "refreshed mine.c concurrently i")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mine.a", "mine.a is not materialized"),
        ("mine.cc", "did you mean mine.c?"),
        ("mine.other", "no materialized view mine.other reads the tables"),
    ],
)
def test_another_name_is_refused_before_anything_is_done(dsn: str, name: str, why: str) -> None:
    done = run(dsn, "refresh", "mine.c", name)
    assert done.exit_code == 1
    assert why in done.output
    with connect(dsn) as connection:
        assert connection.execute("SELECT count(*) FROM mine.c").fetchall() == [(0,)]
