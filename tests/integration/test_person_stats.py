"""Lines of players: real answers, what an answer says nothing of, and the shipped jobs."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from checks import some
from commands import ingest, load, run, sample_files, stub, table, transform
from samples import write

from mlb_sim import Server, Simulator, serve, times

METHOD = "person.personStats"
GROUPS = ("hitting", "pitching", "fielding")
REFUSED = {
    "personStats_665742_hotColdZones": "only a type that is left out is asked for: no block names its group",
    "personStats_665742_sprayChart": "only a type that is left out is asked for: no block names its group",
    "personStats_665742_playLog_cut": "only a type that is left out is asked for: it repeats the live feed",
    "personStats_665742_pitchLog_cut": "only a type that is left out is asked for: it repeats the live feed",
}
"""Captured samples that must be refused, and why."""
PERSON = 9000014  # a hitter of the simulated league


@pytest.fixture(scope="module")
def league() -> Iterator[Server]:
    simulator = Simulator(6, 2024)
    simulator.clock.set(times.at(date(2024, 3, 27), 12))
    with serve(simulator) as server:
        yield server


@pytest.fixture(autouse=True)
def environment(league: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", league.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)


def lines(dsn: str, group: str) -> list[dict[str, Any]]:
    return table(dsn, f"person.stats_{group}")


def all_lines(dsn: str) -> dict[str, list[dict[str, Any]]]:
    return {name: lines(dsn, name) for name in (*GROUPS, "positions")}


def answered(folder: Path, number: int, blocks: list[Any], **query: str) -> None:
    """Load and apply an answer with these blocks, captured in this minute."""
    asked = {"season": "2024", **query}
    answer = {
        "endpoint": "person",
        "method": "personStats",
        "path_params": {"personId": "7"},
        "query_params": asked,
        "url": "https://statsapi.mlb.com/api/v1/people/7/stats",
        "status_code": 200,
        "captured_at": f"2024-07-01T12:{number:02}:00Z",
        "response": {"stats": blocks},
    }
    loaded = load(write(folder / f"answer{number}.json", answer))
    assert loaded.exit_code == 0, loaded.output
    assert transform(METHOD)["quarantined"] == []


def block(kind: str, *lines: dict[str, Any], group: str = "hitting") -> dict[str, Any]:
    splits = [{"stat": {"hits": number}, "gameType": "R", **line} for number, line in enumerate(lines, 1)]
    return {"type": {"displayName": kind}, "group": {"displayName": group}, "splits": splits}


def test_all_real_samples_but_those_that_must_be_refused_load(stubs_dir: Path, database: str) -> None:
    files = sample_files(stubs_dir, METHOD)
    names = {file.name.removesuffix(".json.gz"): file for file in files}
    good = [file for name, file in names.items() if name not in REFUSED]
    assert load(*good).exit_code == 0
    assert transform(METHOD)["quarantined"] == []
    rows = all_lines(database)
    found = Counter(row["stat_type"] for row in rows["hitting"])
    assert all(found[kind] >= number for kind, number in {"season": 7, "career": 1, "statSplits": 10}.items()), found
    assert load(*good).exit_code == 0
    assert transform(METHOD)["documents"]["applied"] == 0
    assert all_lines(database) == rows
    for name, why in REFUSED.items():
        refused = load(names[name])
        assert (refused.exit_code, "asks for no document" in refused.stdout) == (1, True), (name, why, refused.output)


def test_of_a_traded_player_one_line_is_the_total(stubs_dir: Path, database: str) -> None:
    """Sums over a season would otherwise count him twice; which line it is does not follow from their order."""
    files = [each for each in sample_files(stubs_dir, METHOD) if "two_teams" in each.name]
    assert load(*files).exit_code == 0
    transform(METHOD)
    seasons = [row for row in lines(database, "hitting") if row["stat_type"] == "season"]
    totals = [row for row in seasons if row["is_total"]]
    assert len(totals) == len(files)
    for total in some(totals):
        parts = [row for row in seasons if row["person_id"] == total["person_id"] and not row["is_total"]]
        assert total["num_teams"] == len(parts)
        assert total["league_id"] in {None, *(part["league_id"] for part in parts)}
        for name in ("at_bats", "hits", "home_runs", "walks", "strikeouts", "plate_appearances"):
            assert total[name] == sum(part[name] for part in parts), name


def test_hydrated_lines_of_real_people_load_as_answers(stubs_dir: Path, database: str, tmp_path: Path) -> None:
    """A person's hydrated `stats` has the same blocks, also of pitching and fielding, which no captured answer has."""
    made = []
    for file in some(sorted((stubs_dir / "person" / "person").glob("*hydrate*stats*.json.gz"))):
        person = stub(file)
        blocks = person["response"]["people"][0]["stats"]
        kinds = {each["type"]["displayName"] for each in blocks}
        groups = {each["group"]["displayName"] for each in blocks if "group" in each}
        asked = {"stats": ",".join(sorted(kinds)), "group": ",".join(sorted(groups)), "season": "2022"}
        if "pecota" not in kinds:
            key = {"personId": str(person["response"]["people"][0]["id"])}
            answer = {**person, "method": "personStats", "path_params": key, "query_params": asked}
            made.append(write(tmp_path / file.name.removesuffix(".gz"), answer | {"response": {"stats": blocks}}))
    loaded = load(*made)
    assert loaded.exit_code == 0, loaded.output
    done = transform(METHOD)
    assert (done["quarantined"], done["unreadable"]) == ([], [])
    rows = all_lines(database)
    enough = {"hitting": 180, "pitching": 20, "fielding": 35, "positions": 166}
    assert all(len(rows[name]) >= number for name, number in enough.items()), {name: len(rows[name]) for name in rows}
    assert all(row["outs"] == row["innings_pitched_outs"] for row in some(rows["pitching"]))
    assert {row["win_percentage"] for row in rows["pitching"]} >= {None}, "of .---"
    assert all(row["innings_outs"] is not None and row["position_code"] for row in some(rows["fielding"]))
    career = [row for row in rows["hitting"] if row["stat_type"] in {"career", "yearByYear"}]
    assert {row["asked_season"] for row in some(career)} == {0}, "whichever season was asked for"
    for total in some([row for row in career if row["stat_type"] == "career"]):
        years = [row for row in career if (row["person_id"], row["stat_type"]) == (total["person_id"], "yearByYear")]
        whole = {row["season"] for row in years if row["is_total"]}
        once = [row for row in years if row["is_total"] or row["season"] not in whole]
        assert total["hits"] == sum(row["hits"] for row in once), total


def test_some_rates_of_a_game_are_those_of_the_season_so_far(stubs_dir: Path) -> None:
    """Of the rates in game logs: what the columns' descriptions say of them."""
    rates: Mapping[tuple[str, str], tuple[int, Callable[[Counter[str]], float]]] = {
        ("hitting", "avg"): (3, lambda c: c["hits"] / c["atBats"]),
        ("hitting", "slg"): (3, lambda c: c["totalBases"] / c["atBats"]),
        ("pitching", "avg"): (3, lambda c: c["hits"] / c["atBats"]),
        ("pitching", "era"): (2, lambda c: 27 * c["earnedRuns"] / c["outs"]),
        ("pitching", "whip"): (2, lambda c: 3 * (c["hits"] + c["baseOnBalls"]) / c["outs"]),
        ("pitching", "groundOutsToAirouts"): (2, lambda c: c["groundOuts"] / c["airOuts"]),
    }
    for file in some(sorted((stubs_dir / "person" / "person").glob("*hydrate*stats*2025.json.gz"))):
        blocks = stub(file)["response"]["people"][0]["stats"]
        (log,) = (each for each in blocks if each["type"]["displayName"] == "gameLog")
        for (group, name), (places, rate) in rates.items():
            if group == log["group"]["displayName"]:
                so_far: Counter[str] = Counter()
                for line in some(log["splits"]):
                    so_far.update({key: value for key, value in line["stat"].items() if isinstance(value, int)})
                    assert abs(float(line["stat"][name]) - rate(so_far)) <= 0.51 * 10**-places, (file.name, name, line)


def test_an_answer_says_nothing_of_types_that_it_was_not_asked_for(database: str, tmp_path: Path) -> None:
    both = [block("season", {"season": "2024", "team": {"id": 1}}), block("career", {"team": {"id": 1}})]
    answered(tmp_path, 1, both, stats="season,career", group="hitting")
    answered(tmp_path, 2, [block("season", {"season": "2024", "team": {"id": 2}})], stats="season", group="hitting")
    assert [(row["stat_type"], row["team_id"]) for row in lines(database, "hitting")] == [("career", 1), ("season", 2)]


def test_a_career_is_one_document_whichever_season_is_asked_for(database: str, tmp_path: Path) -> None:
    for number, season in enumerate(("2023", "2024"), 1):
        answered(tmp_path, number, [block("career", {})], stats="career", group="hitting", season=season)
    answered(tmp_path, 3, [block("season", {"season": "2023"})], stats="season", group="hitting", season="2023")
    assert [(row["stat_type"], row["asked_season"]) for row in lines(database, "hitting")] == [
        ("career", 0),
        ("season", 2023),
    ]


def test_lines_of_some_situations_do_not_delete_those_of_others(database: str, tmp_path: Path) -> None:
    left, right = ({"season": "2024", "split": {"code": code}} for code in ("vl", "vr"))
    asked = {"stats": "statSplits", "group": "hitting"}
    answered(tmp_path, 1, [block("statSplits", left)], **asked, sitCodes="vl")
    answered(tmp_path, 2, [block("statSplits", right)], **asked, sitCodes="vr")
    answered(tmp_path, 3, [block("statSplits", left, right)], **asked, sitCodes="vr,vl")
    codes = [(row["asked_sit_codes"], row["split_code"]) for row in lines(database, "hitting")]
    assert codes == [("vl", "vl"), ("vl,vr", "vl"), ("vl,vr", "vr"), ("vr", "vr")]
    answered(tmp_path, 4, [block("statSplits", right, left)], **asked, sitCodes="vl,vr")
    rows = {(row["asked_sit_codes"], row["split_code"]): row["hits"] for row in lines(database, "hitting")}
    assert rows == {("vl", "vl"): 1, ("vl,vr", "vl"): 2, ("vl,vr", "vr"): 1, ("vr", "vr"): 1}, "the same situations"


def test_a_block_that_was_asked_for_and_is_missing_has_no_lines(database: str, tmp_path: Path) -> None:
    asked = {"stats": "season", "group": "hitting,fielding"}
    line, place = {"season": "2024"}, {"season": "2024", "position": {"code": "2"}}
    answered(tmp_path, 1, [block("season", line), block("season", place, group="fielding")], **asked)
    assert [len(lines(database, group)) for group in GROUPS] == [1, 0, 1]
    answered(tmp_path, 2, [block("season", line)], **asked)
    assert [len(lines(database, group)) for group in GROUPS] == [1, 0, 0]


def test_an_answer_that_empties_a_game_log_is_put_aside(database: str, tmp_path: Path) -> None:
    games = [{"season": "2024", "game": {"gamePk": number}} for number in range(5)]
    answered(tmp_path, 1, [block("gameLog", *games)], stats="gameLog", group="hitting")
    later = json.loads((tmp_path / "answer1.json").read_text()) | {"captured_at": "2024-07-02T12:00:00Z"}
    assert load(write(tmp_path / "empty.json", later | {"response": {"stats": [block("gameLog")]}})).exit_code == 0
    (kept,) = transform(METHOD)["quarantined"]
    assert "would empty a table" in kept["reason"]
    assert len(lines(database, "hitting")) == 5


def test_the_job_captures_lines_that_agree_with_the_games(database: str) -> None:
    asked = (f"person_id={PERSON}", "season=2024")
    assert ingest("person_stats", *asked)["transform"]["documents"]["applied"] == 12
    games = [row for row in lines(database, "hitting") if row["stat_type"] == "gameLog"]
    (season,) = (row for row in lines(database, "hitting") if row["stat_type"] == "season")
    assert len(games) > 2
    for name in ("games_played", "at_bats", "hits", "runs", "walks", "strikeouts", "total_bases", "rbi"):
        assert season[name] == sum(row[name] for row in games), name
    assert {row["game_pk"] for row in table(database, "person.stats_positions")} == {row["game_pk"] for row in games}
    rows = all_lines(database)
    assert ingest("person_stats", *asked)["transform"]["documents"]["applied"] == 0
    named = ("--param", f"person_id={PERSON}", "--format", "json")
    done = run("transform", "--job", "person_stats_transform", *named)
    assert (done.exit_code, json.loads(done.stdout)["documents"]["applied"]) == (0, 0), done.output
    assert all_lines(database) == rows
    ingest("person_stats", *asked, "types=statSplits", "sitCodes=a,h")
    splits = [row for row in lines(database, "hitting") if row["stat_type"] == "statSplits"]
    assert sum(row["hits"] for row in some(splits)) == season["hits"]
    assert {(row["asked_sit_codes"], row["split_code"]) for row in splits} <= {("a,h", "a"), ("a,h", "h")}
