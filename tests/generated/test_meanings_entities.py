"""What the descriptions of columns claim about seasons, teams, people and leagues, over all captured samples."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from checks import some
from commands import sample_files, stub

from mlb_contracts import Capture, Method, Rejected
from mlb_etl import registry
from mlb_etl.capture import stub_files
from mlb_etl.extract.answer import Answer

Row = dict[str, Any]
DAY = timedelta(days=1)


def method(name: str) -> Method:
    return registry.method("mlb_tables", name)


def rows(folder: Path, name: str, place: int = 0) -> list[Row]:
    """The rows of one of the method's tables, from every sample that is not refused."""
    return list(_rows(folder, method(name), place))


def _rows(folder: Path, of: Method, place: int) -> Iterator[Row]:
    names = [column.name for column in of.tables[place].columns]
    for form in sorted({form.method for form in of.forms}):
        for file in stub_files.find_stubs(folder / of.endpoint / form):
            response = stub_files.parse_stub(stub_files.read_file(file))
            if response is None or not {of.hydration} - {None} <= {*response.hydrations}:
                continue
            try:
                answer = Answer(of, Capture(datetime(2026, 1, 1, tzinfo=UTC), response.parameters), response.data)
                documents = [answer.extract(each.keys, each.places) for each in answer.documents()]
            except Rejected:
                continue
            for found in documents:
                yield from (dict(zip(names, row, strict=True)) for row in found.rows[place])


@pytest.fixture(scope="module")
def seasons(stubs_dir: Path) -> list[Row]:
    found = rows(stubs_dir, "season.seasons")
    assert len(found) > 150
    return found


def test_phases_of_a_season_are_in_order(seasons: list[Row]) -> None:
    phases = [
        *("pre_season_start_date", "pre_season_end_date", "season_start_date", "regular_season_start_date"),
        *("last_date_1st_half", "all_star_date", "first_date_2nd_half", "regular_season_end_date"),
        *("post_season_start_date", "post_season_end_date", "offseason_start_date", "offseason_end_date"),
    ]
    for season in some(seasons):
        days = [season[phase] for phase in phases if season[phase] is not None]
        assert days == sorted(days), season["season_id"]


def test_when_seasons_start_and_end(seasons: list[Row]) -> None:
    for season in some(seasons):
        assert season["season_start_date"] == (season["spring_start_date"] or season["regular_season_start_date"])
        assert season["season_end_date"] == (season["post_season_end_date"] or season["regular_season_end_date"])
        assert season["offseason_start_date"] == season["season_end_date"] + DAY
        assert season["pre_season_end_date"] in {None, season["season_start_date"] - DAY}


def test_which_seasons_know_a_phase(seasons: list[Row]) -> None:
    by_year = {season["season_id"]: season for season in seasons}
    years = sorted(by_year)
    for name in ("spring_start_date", "spring_end_date", "pre_season_end_date"):
        assert [year for year in years if by_year[year][name] is None] == [year for year in years if year < 2006]
    assert all(by_year[year]["has_wildcard"] is (year >= 1994) for year in some(years))
    without_halves = [year for year in years if by_year[year]["last_date_1st_half"] is None]
    assert without_halves == [*range(years[0], 1933), 1945]
    assert [year for year in years if year > 1932 and by_year[year]["all_star_date"] is None] == [1945, 2020]
    assert [year for year in years if year > 1902 and by_year[year]["post_season_start_date"] is None] == [1904, 1994]


def test_the_end_of_the_off_season(seasons: list[Row]) -> None:
    by_year = {season["season_id"]: season for season in seasons}
    for year, season in some(by_year.items()):
        following = by_year.get(year + 1)
        if year >= 2006:
            assert season["offseason_end_date"] == date(year, 12, 31)
        elif following is not None and year < 2005:
            assert season["offseason_end_date"] == following["season_start_date"] - DAY


def test_what_qualifies(seasons: list[Row]) -> None:
    assert {(str(row["qualifier_plate_appearances"]), str(row["qualifier_outs_pitched"])) for row in seasons} == {
        ("3.1", "3.0")
    }


def test_names_of_teams(stubs_dir: Path) -> None:
    teams = rows(stubs_dir, "team.teams")
    assert len(teams) > 60
    for team in some(teams):
        assert len(team["abbreviation"]) in {2, 3}
        assert (len(team["team_code"]), team["team_code"]) == (3, team["team_code"].lower())
        assert (len(team["file_code"]) in {2, 3}, team["file_code"]) == (True, team["file_code"].lower())
        assert team["all_star_status"] == "N"
        assert team["spring_league_abbreviation"] == {"Cactus League": "CL", "Grapefruit League": "GL"}.get(
            team["spring_league_name"]
        )
        old = team["season"] == 2019
        assert ((team["franchise_name"] is None), team["club_name"] is None) == (old, old)
        if not old:
            assert team["name"].endswith(f" {team['club_name']}")
            assert team["name"] == f"{team['franchise_name']} {team['club_name']}"
    of_2024 = [team for team in teams if team["season"] == 2024]
    shared = {team["short_name"] for team in of_2024 if team["short_name"] != team["franchise_name"]}
    assert shared == {"Chi Cubs", "Chi White Sox", "NY Mets", "NY Yankees", "LA Angels", "LA Dodgers"}


def test_people(stubs_dir: Path) -> None:
    people = rows(stubs_dir, "person.person")
    assert len(people) > 10
    for person in some(people):
        assert person["full_name"] == person["name_first_last"]
        assert person["name_slug"].endswith(f"-{person['person_id']}")
        assert 60 < person["height_inches"] < 84
        assert 1 < person["strike_zone_bottom"] < person["strike_zone_top"] < 5


def test_a_draft_year_is_the_last_one(stubs_dir: Path) -> None:
    """In the samples one person was drafted, twice."""
    [(draft_year, person_id)] = {
        (person["draft_year"], person["person_id"])
        for person in rows(stubs_dir, "person.person")
        if person["person_id"] == 502671
    }
    drafts = rows(stubs_dir, "person.person:draft")
    assert [row["year"] for row in drafts if row["person_id"] == person_id] == [2006, draft_year]
    assert {(row["draft_type_code"], row["is_drafted"], row["is_pass"]) for row in drafts} == {("JR", True, False)}
    assert {row["pick_value"] for row in drafts} == {None}  # of 2006 and 2009; picks of 2018 and 2020 have values


def test_ages_follow_from_the_date_of_birth(stubs_dir: Path) -> None:
    """Which is why they have no column."""
    ages = []
    for file in stub_files.find_stubs(stubs_dir / "person" / "person"):
        response = stub_files.parse_stub(stub_files.read_file(file))
        assert response is not None
        today = response.captured_at.date()
        for person in json.loads(response.data)["people"]:
            born = date.fromisoformat(person["birthDate"])
            ages.append(person["currentAge"])
            assert ages[-1] == today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert len(ages) > 10


def test_leagues(stubs_dir: Path) -> None:
    leagues = rows(stubs_dir, "league.leagues")
    assert len(leagues) > 20
    for league in some(leagues):
        assert league["org_code"] == league["abbreviation"]
        spring = league["league_id"] in {114, 115}
        assert (league["sport_id"] is None) is spring
        assert (league["season_level_gameday_type"] == "F") is spring
        assert league["season"] == league["season_id"]
        assert (league["season"] is None, league["sort_order"] is None, league["is_active"] is None) in {
            (False, False, False),
            (True, True, True),  # 2019
        }


def test_divisions_and_sports(stubs_dir: Path) -> None:
    divisions = rows(stubs_dir, "division.divisions")
    assert {row["has_wildcard"] for row in some(divisions) if row["sport_id"] == 1} == {False}
    sports = rows(stubs_dir, "sports.sports")
    assert next(row["name"] for row in sports if row["sport_id"] == 1) == "Major League Baseball"
    assert all(len(row["code"]) == 3 and row["code"].islower() for row in some(sports))


def test_rosters_of_a_season_are_full_and_name_no_parent_team(stubs_dir: Path) -> None:
    asked_by_season = set()
    for file in sample_files(stubs_dir, "team.roster"):
        sample = stub(file)
        roster = sample["response"]
        in_season = "season" in sample["query_params"]
        asked_by_season.add(in_season)
        assert (roster["rosterType"] == "fullSeason") is in_season
        assert {member.get("parentTeamId") for member in roster["roster"]} == {None if in_season else roster["teamId"]}
    assert asked_by_season == {True, False}


def test_coaches_have_a_job_for_each_code(stubs_dir: Path) -> None:
    jobs = dict[str, str]()
    for file in some(sample_files(stubs_dir, "team.coaches")):
        coaches = stub(file)["response"]["roster"]
        assert len({(each["person"]["id"], each["jobId"]) for each in coaches}) == len(coaches)
        for each in some(coaches):
            assert jobs.setdefault(each["jobId"], each["job"]) == each["job"]
    assert jobs["MNGR"] == "Manager"
    assert len(jobs) > 10
