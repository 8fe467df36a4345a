"""The views: their keys, that they lose no row, and sums against the responses themselves, captured and simulated."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from bodies import whole
from checks import some
from databases import temporary_database, transform
from samples import stores, stub, write

from mlb_etl import registry
from mlb_etl.capture import loader, stub_files
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres.db import Connection
from mlb_sim import Simulator
from mlb_sim.times import DAY

PACKAGE = "mlb_tables"
METHODS = ("game.liveGameV1", "standings.standings", "schedule.schedule")
SIDES = ("away", "home")
VIEWS = """
SELECT n.nspname || '.' || c.relname, c.relkind::text, obj_description(c.oid) FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'etl')
"""
APPLIED = """
SELECT DISTINCT ON (path_params ->> 'game_pk') encoding, body FROM game.live_game_v1
ORDER BY path_params ->> 'game_pk', as_of DESC
"""
OVER = "FOQR"
Feed = dict[str, Any]
Row = dict[str, Any]


def load(connection: Connection, files: Iterable[Path]) -> None:
    loader.load_files(stores(connection, PACKAGE), list(files), package=PACKAGE)
    for name in METHODS:
        transform(connection, registry.method(PACKAGE, name), PACKAGE)


@pytest.fixture(scope="module", params=["captured", "simulated"])
def connection(
    request: pytest.FixtureRequest, server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Connection]:
    """To a database with all captured games, days and standings, or with simulated games."""
    with temporary_database(server, template) as dsn, psycopg.connect(dsn, autocommit=True) as connected:
        if request.param == "captured":
            stubs: Path = request.getfixturevalue("stubs_dir")
            load(
                connected, (each for name in METHODS for each in stub_files.find_stubs(stubs / name.replace(".", "/")))
            )
        else:
            folder = tmp_path_factory.mktemp("simulated")
            load(connected, [write(folder / f"{feed['gamePk']}.json", about(feed)) for feed in simulated()])
        connected.execute("REFRESH MATERIALIZED VIEW game.pitch_arsenal")
        connected.execute("ANALYZE")
        yield connected


def simulated() -> Iterator[Feed]:
    """The final feeds of a few games, a suspended one among them."""
    simulator = Simulator(9, 2024)
    fixtures = simulator.calendar.fixtures
    for fixture in (*fixtures[:5], next(each for each in fixtures if each.fate == "suspended")):
        yield simulator.feed(fixture, simulator.outline(fixture).final + DAY)


def about(feed: Feed) -> Row:
    members = {"endpoint": "game", "method": "liveGameV1", "path_params": {"game_pk": str(feed["gamePk"])}}
    return stub(feed, **members)


@pytest.fixture(scope="module")
def feeds(connection: Connection) -> dict[int, Feed]:
    """The response of each game that the tables show, by game."""
    bodies = [json.loads(whole(encoding, body)) for encoding, body in connection.execute(APPLIED)]
    return {feed["gamePk"]: feed for feed in some(bodies)}


@pytest.fixture
def rows(connection: Connection) -> Callable[[str], list[Row]]:
    def select(view: str) -> list[Row]:
        with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            return some(cursor.execute(f"SELECT * FROM {view}").fetchall())  # noqa: S608

    return select


def plays(feed: Feed) -> list[Feed]:
    found: list[Feed] = feed["liveData"]["plays"]["allPlays"]
    return found


def thrown(play: Feed) -> list[Feed]:
    return [event for event in play["playEvents"] if event.get("isPitch")]


def box(feed: Feed, side: str) -> Feed:
    team: Feed = feed["liveData"]["boxscore"]["teams"][side]
    return team


def is_over(feed: Feed) -> bool:
    return feed["gameData"]["status"]["codedGameState"] in OVER


def by_game(found: Iterable[Row]) -> dict[int, list[Row]]:
    games: dict[int, list[Row]] = defaultdict(list)
    for row in found:
        games[row["game_pk"]].append(row)
    return games


def test_the_key_that_a_view_states_is_unique(connection: Connection) -> None:
    for view, kind, comment in some(connection.execute(VIEWS).fetchall()):
        stated = re.search(r"Key: ([\w, ]+)\.$", comment)
        assert (stated is None) == (kind == "m"), f"{view}: of a materialized view, the index states it"
        if stated is not None:
            key = f"SELECT count(*), count(DISTINCT ({stated[1]})) FROM {view}"  # noqa: S608
            (count, distinct), *_ = connection.execute(key).fetchall()
            assert count == distinct, view


def test_no_pitch_is_lost(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    found = by_game(rows("game.pitches"))
    for game, feed in some(feeds.items()):
        expected = [
            (
                number,
                event["pitchNumber"],
                event["index"],
                event["details"]["call"]["description"],
                event["index"] == last,
            )
            for number, play in enumerate(plays(feed), 1)
            for last in [max((event["index"] for event in thrown(play)), default=None)]
            for event in thrown(play)
        ]
        its = sorted(found[game], key=lambda row: (row["at_bat_number"], row["event_index"]))
        assert len(its) == len(expected)
        for row, (number, pitch, index, _, is_last) in zip(its, expected, strict=True):
            assert (row["at_bat_number"], row["pitch_number"], row["event_index"]) == (number, pitch, index)
            play = plays(feed)[number - 1]
            result = play["result"] if is_last and play["about"]["isComplete"] else {}
            assert (row["events"], row["des"]) == (result.get("eventType"), result.get("description"))


def test_what_a_pitch_was(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    """Statcast's words for the feed's codes; each pitch has one, and names of both players."""
    words: dict[str, set[str]] = defaultdict(set)
    for row in some(rows("game.pitches")):
        words[row["type"]].add(row["description"])
        pitcher, batter = (
            feeds[row["game_pk"]]["gameData"]["players"][f"ID{row[who]}"] for who in ("pitcher", "batter")
        )
        assert (row["player_name"], row["pitcher_name"]) == (pitcher["lastFirstName"], pitcher["fullName"])
        assert row["batter_name"] == batter["fullName"]
        assert row["p_throws"] == pitcher["pitchHand"]["code"]
        assert row["stand"] in ("LR" if batter["batSide"]["code"] == "S" else batter["batSide"]["code"])
        assert row["inning_topbot"] in {"Top", "Bot"}
        assert row["bat_score"] + row["fld_score"] == row["home_score"] + row["away_score"]
        assert row["bb_type"] in {None, "ground_ball", "line_drive", "fly_ball", "popup"}
    assert words["X"] == {"hit_into_play"}
    assert words["B"] <= {"ball", "blocked_ball", "hit_by_pitch", "automatic_ball", "pitchout", "intent_ball"}
    assert {"called_strike", "swinging_strike", "foul"} <= words["S"]
    assert words.keys() == {"X", "B", "S"}


def outs_before(play: Feed, earlier: Feed | None, index: int) -> int:
    """Outs in the half inning before an event, from the outs of runners."""
    same = earlier is not None and all(
        earlier["about"][each] == play["about"][each] for each in ("inning", "halfInning")
    )
    so_far = earlier["count"]["outs"] if same and earlier is not None else 0
    moves = [runner for runner in play["runners"] if runner["movement"]["isOut"]]
    return int(so_far) + sum(runner["details"]["playIndex"] < index for runner in moves)


def test_outs_before_a_pitch(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    pitches, appearances = by_game(rows("game.pitches")), by_game(rows("game.plate_appearances"))
    for game, feed in some(feeds.items()):
        expected = {
            (play["about"]["atBatIndex"] + 1, event["index"]): outs_before(play, earlier, event["index"])
            for earlier, play in pairwise([None, *plays(feed)])
            if play is not None
            for event in thrown(play)
        }
        assert {(row["at_bat_number"], row["event_index"]): row["outs_when_up"] for row in pitches[game]} == expected
        first = {number: outs for (number, _), outs in reversed(expected.items())}
        assert {row["at_bat_number"]: row["outs_when_up"] for row in appearances[game] if row["pitches"]} == first


def test_plate_appearances(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    found = by_game(rows("game.plate_appearances"))
    for game, feed in some(feeds.items()):
        its = sorted(found[game], key=lambda row: row["at_bat_number"])
        columns = ("events", "rbi", "pitches", "batter_name", "pitcher_name")
        assert [tuple(row[each] for each in columns) for row in its] == [
            (
                play["result"].get("eventType"), play["result"].get("rbi"), len(thrown(play)),
                play["matchup"]["batter"]["fullName"], play["matchup"]["pitcher"]["fullName"],
            )
            for play in plays(feed)
        ]  # fmt: skip
        for before, row in pairwise(its):
            scores = [before["post_home_score"], before["post_away_score"]]
            assert [row["home_score"], row["away_score"]] >= scores if row["pitches"] else scores


@pytest.mark.parametrize("kind", ["batting", "pitching"])
def test_box_scores(rows: Callable[[str], list[Row]], feeds: dict[int, Feed], kind: str) -> None:
    names = {"batting": ("hits", "runs", "rbi", "strikeOuts"), "pitching": ("hits", "runs", "earnedRuns", "strikeOuts")}
    columns = [re.sub("([A-Z])", r"_\1", each).lower().replace("strike_outs", "strikeouts") for each in names[kind]]
    found = by_game(rows(f"game.box_score_{kind}"))
    for game, feed in some(feeds.items()):
        expected = {
            (side, player["person"]["id"]): (
                player["person"]["fullName"], feed["gameData"]["teams"][side]["name"],
                *(line.get(each) for each in names[kind]),
            )
            for side in SIDES
            for player in box(feed, side)["players"].values()
            if (line := player.get("stats", {}).get(kind))
        }  # fmt: skip
        assert {
            (row["side"], row["player_id"]): (row["player_name"], row["team_name"], *(row[each] for each in columns))
            for row in found[game]
        } == expected


def test_line_scores(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    found = by_game(rows("game.line_score"))
    for game, feed in some(feeds.items()):
        lines = feed["liveData"]["linescore"]
        assert sorted(row["side"] for row in found[game]) == ["away", "home"]
        for row in found[game]:
            innings = [inning[row["side"]].get("runs") for inning in lines["innings"]]
            assert row["runs_by_inning"] == (innings or None)
            totals = lines["teams"][row["side"]]
            assert [row["runs"], row["hits"], row["errors"]] == [
                totals.get(each) for each in ("runs", "hits", "errors")
            ]
            if is_over(feed) and innings:
                assert sum(each or 0 for each in row["runs_by_inning"]) == row["runs"]


def test_lineups(rows: Callable[[str], list[Row]], feeds: dict[int, Feed]) -> None:
    """Nine starters bat, one starter pitches, and who comes in goes on where the man before him stopped."""
    found = by_game(rows("game.lineups"))
    entries = 0
    for game, feed in some(feeds.items()):
        for side in SIDES:
            its = [row for row in found[game] if row["side"] == side]
            assert Counter(row["batting_slot"] for row in its if row["is_starter"] and row["batting_slot"]) == Counter(
                range(1, 10) if its else ()
            )
            pitchers = sorted(
                (row for row in its if row["pitching_sequence"] is not None), key=lambda row: row["pitching_sequence"]
            )
            assert [row["player_id"] for row in pitchers] == box(feed, side)["pitchers"]
            slots = [[row for row in its if row["batting_slot"] == slot] for slot in range(1, 10)]
            without = [row for row in pitchers if row["batting_slot"] is None]
            for slot in [*(sorted(each, key=lambda row: row["batting_sequence"]) for each in slots), without]:
                for before, after in pairwise(slot):
                    entries += after["from_at_bat_number"] is not None
                    assert before["to_at_bat_number"] == after["from_at_bat_number"], (game, after["player_name"])
                    assert before["to_inning"] == after["from_inning"]
    assert entries > 20


@pytest.mark.parametrize("kind", ["batting", "pitching"])
def test_season_lines(rows: Callable[[str], list[Row]], feeds: dict[int, Feed], kind: str) -> None:
    expected: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
    for feed in filter(is_over, feeds.values()):
        about = feed["gameData"]["game"]
        for side in SIDES:
            for player in box(feed, side)["players"].values():
                if line := player.get("stats", {}).get(kind):
                    total = expected[int(about["season"]), about["type"], player["person"]["id"]]
                    total += Counter(
                        {each: line.get(each) or 0 for each in ("hits", "homeRuns", "baseOnBalls", "strikeOuts")}
                    )
                    total["games"] += 1
                    whole_innings, _, rest = line.get("inningsPitched", "0.0").partition(".")
                    total["outs"] += 3 * int(whole_innings) + int(rest)
                    total["earned"] += line.get("earnedRuns") or 0
    found = {(row["season"], row["game_type"], row["player_id"]): row for row in rows(f"game.season_{kind}")}
    assert found.keys() == expected.keys()
    for key, total in some(expected.items()):
        row = found[key]
        assert [row[each] or 0 for each in ("games", "hits", "home_runs", "walks", "strikeouts")] == [
            total[each] for each in ("games", "hits", "homeRuns", "baseOnBalls", "strikeOuts")
        ]
        if kind == "pitching":
            assert row["outs_recorded"] == total["outs"]
            assert (
                row["era"] is None
                if not total["outs"]
                else abs(float(row["era"]) - 27 * total["earned"] / total["outs"]) < 0.0051
            )


def test_arsenals(rows: Callable[[str], list[Row]]) -> None:
    """The materialized view against the pitches of the other one."""
    speeds: dict[tuple[object, ...], list[float | None]] = defaultdict(list)
    for row in rows("game.pitches"):
        if row["pitch_type"]:
            speeds[row["game_year"], row["game_type"], row["pitcher"], row["pitch_type"]].append(row["release_speed"])
    found = {
        (row["season"], row["game_type"], row["pitcher"], row["pitch_type"]): row for row in rows("game.pitch_arsenal")
    }
    assert {key: row["pitches"] for key, row in found.items()} == {key: len(its) for key, its in speeds.items()}
    shares: Counter[tuple[object, ...]] = Counter()
    for key, row in found.items():
        its = [each for each in speeds[key] if each is not None]
        assert (
            row["avg_release_speed"] is None
            if not its
            else abs(float(row["avg_release_speed"]) - sum(its) / len(its)) < 0.051
        )
        shares[key[:3]] += row["share"]
        assert row["pitcher_name"]
    assert all(abs(float(each) - 1) < 0.001 for each in some(shares.values()))


def test_standings_and_today(connection: Connection, request: pytest.FixtureRequest) -> None:
    def number(query: str) -> int:
        (count,), *_ = connection.execute(query).fetchall()
        return int(count)

    if request.node.callspec.params["connection"] == "simulated":
        assert number("SELECT count(*) FROM standings.standings_by_date") == 0, "no standings were loaded"
        return
    assert (
        number("SELECT count(*) FROM standings.standings_by_date")
        == number("SELECT count(*) FROM standings.standing")
        > 0
    )
    assert number("SELECT count(*) FROM schedule.todays_games") == 0
    busiest = "SELECT schedule_date FROM schedule.schedule_games GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
    with connection.transaction(force_rollback=True):
        (day,), *_ = connection.execute(busiest).fetchall()
        connection.execute("ALTER TABLE schedule.schedule_games DISABLE TRIGGER ALL")
        move = "UPDATE schedule.schedule_games SET schedule_date = (now() AT TIME ZONE 'America/New_York')::date"
        moved = connection.execute(f"{move} WHERE schedule_date = %s", [day])
        assert number("SELECT count(*) FROM schedule.todays_games") == moved.rowcount > 0
        assert number("SELECT count(*) FROM schedule.todays_games WHERE home_team_name IS NULL") == 0
