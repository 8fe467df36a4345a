"""Answers that hold several documents, each by itself: people, teams and seasons, in whatever requests they come."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import psycopg
import pytest
from checks import some
from click.testing import CliRunner, Result
from psycopg import sql
from samples import connect, write

from mlb_etl import registry
from mlb_etl.cli import cli
from mlb_sim import Server, Simulator, routes, serve

JOBS = Path(__file__).parents[2] / "config" / "jobs"
METHODS = {
    "person.person": ("person.person", "person.person_current_team", "person.person_drafts"),
    "team.teams": ("team.team",),
    "team.roster": ("team.roster",),
    "team.coaches": ("team.coach",),
    "season.seasons": ("season.season",),
    "venue.venues": ("venue.venue", "venue.venue_details"),
    "league.leagues": ("league.league",),
    "division.divisions": ("division.division",),
    "sports.sports": ("sports.sport",),
}
"""The tables that real samples fill, by their methods."""
REFUSED = {
    "team/teams/teams_sportIds=1,51_fields_2026.json.gz": "with query parameters other than ",
}
"""Real samples that are refused, and why: made with `fields`, they lack the season."""
SKIPPED = {"venues_many.json.gz": "the response lacks the key of its document"}
"""Real samples of which every item is skipped, and why: before 2024 venues came without their season."""


@pytest.fixture(scope="module")
def league() -> Iterator[Server]:
    with serve(Simulator(6, 2024)) as server:
        server.simulator.clock.speed = 0
        yield server


@pytest.fixture(autouse=True)
def environment(league: Server, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLB_ETL_DSN", database)
    monkeypatch.setenv("MLB_ETL_BASE_URL", league.url)
    monkeypatch.setenv("MLB_ETL_RATE", "off")
    monkeypatch.delenv("MLB_ETL_DATA", raising=False)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def transform(method: str) -> Any:
    return json.loads(run("transform", "--method", method, "--workers", "1", "--format", "json").stdout)


def ingest(job: str | Path, *params: str) -> Any:
    asked = [option for each in params for option in ("--param", each)]
    done = run("ingest", "--job", job, *asked, "--quiet", "--format", "json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def table(dsn: str, name: str) -> list[dict[str, Any]]:
    """Its rows, without the time of writing, in the order of its key."""
    with psycopg.connect(dsn) as connection:
        query = sql.SQL("SELECT to_jsonb(t) - 'ingested_at' FROM {} t ORDER BY t").format(
            sql.Identifier(*name.split("."))
        )
        found = connection.execute(query).fetchall()
    return [row for (row,) in found]


def stub(league: Server, target: str, hour: int, change: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the league answers, as if at that hour; `change` replaces members of the answer."""
    path, query = routes.split(target)
    route, keys = routes.find(path)
    answer = json.loads(routes.encode(routes.document(league.simulator, target, league.simulator.clock.now)))
    about = {"endpoint": route.endpoint, "method": route.method, "path_params": keys, "query_params": dict(query)}
    captured_at = datetime(2024, 7, 1, hour, tzinfo=UTC).isoformat()
    return {**about, "captured_at": captured_at, "response": {**answer, **(change or {})}}


def load(folder: Path, *stubs: Mapping[str, Any]) -> None:
    files = [write(folder / f"{number}.json", each) for number, each in enumerate(stubs)]
    done = run("test", "load-stub", *(option for file in files for option in ("--file", file)))
    assert done.exit_code == 0, done.output


def people(league: Server, ids: Sequence[int], hour: int, **names: str) -> dict[str, Any]:
    """An answer about people, of whom `names` replaces names by the id behind the letter p."""
    found = stub(league, f"/api/v1/people?personIds={','.join(map(str, ids))}", hour)
    for person in found["response"]["people"]:
        person["fullName"] = names.get(f"p{person['id']}", person["fullName"])
    return found


def ids(league: Server, number: int) -> list[int]:
    return [person.id for person in league.simulator.league.teams[0].active[:number]]


def names(dsn: str) -> dict[int, str]:
    return {row["person_id"]: row["full_name"] for row in table(dsn, "person.person")}


def waiting() -> list[dict[str, Any]]:
    return json.loads(run("quarantine", "list", "--format", "json").stdout)


def test_people_by_the_job_and_by_either_form(league: Server, database: str, tmp_path: Path) -> None:
    first, second, third = ids(league, 3)
    done = ingest("person", f"person_ids={first},{second}", f"person_ids={second}")
    assert (done["stored"], done["transform"]["documents"]["applied"]) == (2, 2)
    known = league.simulator.league.people
    assert names(database) == {each: known[each].name for each in (first, second)}

    by_id = tmp_path / "by_id.yaml"
    by_id.write_text(
        "name: by_id\nsource: {endpoint: person, method: person, query: {personId: '${person_id}'}}\n"
        "parameters: [{name: person_id, type: int}]\nstorage: {raw: true, transform: true}\n"
    )
    assert ingest(by_id, f"person_id={third}")["transform"]["documents"]["applied"] == 1
    assert ingest(by_id, f"person_id={first}")["transform"]["documents"]["applied"] == 0, "nothing is new"
    assert names(database).keys() == {first, second, third}
    done = run("transform", "--job", "person_transform", "--param", f"person_id={first}", "--format", "json")
    assert done.exit_code == 0, done.output


def test_one_broken_person_holds_back_nobody(league: Server, database: str, tmp_path: Path) -> None:
    everybody = ids(league, 3)
    broken = people(league, everybody, 10)
    broken["response"]["people"][1]["fullName"] = {"not": "a name"}
    load(tmp_path, broken)
    done = transform("person.person")
    first, second, third = everybody
    assert done["documents"]["applied"] == 2
    assert names(database).keys() == {first, third}
    [entry] = waiting()
    assert entry["document"] == {"person_id": second}

    load(tmp_path, people(league, everybody, 11))
    assert transform("person.person")["documents"]["applied"] == 1, "the others are as they were"
    assert names(database).keys() == {*everybody}


def test_a_person_who_is_absent_waits_for_a_decision(league: Server, database: str, tmp_path: Path) -> None:
    """Where there was a row; who never had one needs none, and neither holds back others."""
    first, second, never = *ids(league, 2), 5
    load(tmp_path, people(league, [first, second, never], 10))
    assert transform("person.person")["documents"]["applied"] == 3
    assert names(database).keys() == {first, second}

    fewer = people(league, [first, second], 11, **{f"p{first}": "Another Name"})
    del fewer["response"]["people"][1]
    load(tmp_path, fewer)
    [waits] = transform("person.person")["quarantined"]
    assert waits["value"] == "1 of 1 rows deleted"
    assert names(database)[first] == "Another Name"
    assert names(database).keys() == {first, second}

    [entry] = waiting()
    assert entry["document"] == {"person_id": second}
    assert run("quarantine", "accept", entry["id"]).exit_code == 0
    assert names(database).keys() == {first}


def test_any_order_of_captures_ends_in_the_same_tables(league: Server, database: str, tmp_path: Path) -> None:
    """The same people in several requests, of both forms."""
    first, second, third = ids(league, 3)
    by_id = stub(league, f"/api/v1/people/{first}", 12)
    by_id["response"]["people"][0]["fullName"] = "Twelve"
    stubs = [
        people(league, [first, second], 10, **{f"p{first}": "Ten", f"p{second}": "Ten"}),
        people(league, [second, third], 11, **{f"p{second}": "Eleven", f"p{third}": "Eleven"}),
        by_id,
        people(league, [third, first], 9, **{f"p{first}": "Nine", f"p{third}": "Nine"}),
    ]
    ends = []
    for order in some(list(permutations(stubs))):
        with connect(database) as connection:
            connection.execute("TRUNCATE person.person, person.people, person.people_documents, etl.watermark")
        for each in order:
            load(tmp_path, each)
            transform("person.person")
        ends.append(table(database, "person.person"))
    assert names(database) == {first: "Twelve", second: "Eleven", third: "Eleven"}
    assert all(end == ends[0] for end in some(ends))


@pytest.mark.parametrize("method", METHODS)
def test_all_real_samples_load_and_loading_them_again_changes_nothing(
    method: str, stubs_dir: Path, database: str
) -> None:
    files = sample_files(stubs_dir, method)
    command = ("test", "load-stub", *(option for file in files for option in ("--file", file)))
    assert run(*command).exit_code == 0
    assert transform(method)["quarantined"] == []
    rows = {name: table(database, name) for name in METHODS[method]}
    assert all(rows.values())
    assert run(*command).exit_code == 0
    assert transform(method)["documents"]["applied"] == 0
    assert {name: table(database, name) for name in METHODS[method]} == rows


@pytest.mark.parametrize(("name", "reason"), REFUSED.items())
def test_a_part_of_a_document_is_refused(name: str, reason: str, stubs_dir: Path) -> None:
    refused = run("test", "load-stub", "--file", stubs_dir / name)
    assert (refused.exit_code, reason in refused.stdout) == (1, True), refused.stdout


@pytest.mark.parametrize(("name", "reason"), SKIPPED.items())
def test_items_without_their_key_are_skipped(
    name: str, reason: str, stubs_dir: Path, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert run("test", "load-stub", "--file", stubs_dir / "venue" / "venues" / name).exit_code == 0
    assert reason in caplog.text
    assert table(database, "venue.venues_documents") == []


def sample_files(folder: Path, method: str) -> list[Path]:
    """Of all its forms, but for those that the method refuses."""
    endpoint = method.split(".", maxsplit=1)[0]
    names = {form.method for form in registry.method("mlb_tables", method).forms}
    files = [file for name in sorted(names) for file in (folder / endpoint / name).glob("*.json.gz")]
    return [file for file in some(files) if str(file.relative_to(folder)) not in REFUSED and file.name not in SKIPPED]


def watermarks(dsn: str, method: str) -> dict[str, datetime]:
    """Whose state the tables show, by document."""
    query = "SELECT document::text, as_of FROM etl.watermark WHERE method = %s"
    with connect(dsn) as connection:
        return dict(connection.execute(query, [method]).fetchall())


def test_teams_by_either_form(league: Server, database: str, tmp_path: Path) -> None:
    """A team of a season has one watermark: an older answer changes nothing, whichever form its request has."""
    team = league.simulator.league.teams[0].id
    every = stub(league, "/api/v1/teams?sportId=1&season=2024", 10)
    in_path = stub(league, f"/api/v1/teams/{team}", 12)
    by_id = stub(league, f"/api/v1/teams?teamId={team}", 13)
    of_season = stub(league, f"/api/v1/teams?teamId={team}&season=2024", 11)
    for name, each in (("every", every), ("in path", in_path), ("by id", by_id), ("of season", of_season)):
        next(found for found in each["response"]["teams"] if found["id"] == team)["name"] = name
    shown = []
    for each in (every, in_path, by_id, of_season):
        load(tmp_path, each)
        done = transform("team.teams")["documents"]
        shown.append((done["applied"], row_of(database, "team.team", team_id=team)["name"]))
    assert shown == [(30, "every"), (1, "in path"), (1, "by id"), (0, "by id")]
    assert len(watermarks(database, "team.teams")) == len(table(database, "team.team")) == 30


def test_a_team_that_is_asked_for_and_absent_waits(league: Server, database: str, tmp_path: Path) -> None:
    """A list that lacks a team says nothing of it."""
    team = league.simulator.league.teams[0].id
    fewer = stub(league, "/api/v1/teams?sportId=1&season=2024", 11)
    fewer["response"]["teams"] = [each for each in fewer["response"]["teams"] if each["id"] != team]
    none = stub(league, f"/api/v1/teams?teamId={team}&season=2024", 12, {"teams": []})
    load(tmp_path, stub(league, "/api/v1/teams?sportId=1&season=2024", 10), fewer)
    assert transform("team.teams")["quarantined"] == []
    load(tmp_path, none)
    assert [each["value"] for each in transform("team.teams")["quarantined"]] == ["1 of 1 rows deleted"]
    assert len(table(database, "team.team")) == 30


def test_the_jobs_of_teams_and_seasons(league: Server, database: str, tmp_path: Path) -> None:
    assert ingest("team", "season=2024")["transform"]["documents"]["applied"] == 30
    league_teams = {each.id: each.name for each in league.simulator.league.teams}
    assert {row["team_id"]: row["name"] for row in table(database, "team.team")} == league_teams

    one = tmp_path / "one.yaml"
    one.write_text(
        "name: one\nsource: {endpoint: season, method: seasons, query: {seasonId: '${season_id}', sportId: '1'}}\n"
        "parameters: [{name: season_id, type: int}]\nstorage: {raw: true, transform: true}\n"
    )
    assert ingest(one, "season_id=2024")["transform"]["documents"]["applied"] == 1
    assert [row["season_id"] for row in table(database, "season.season")] == [2024]
    done = ingest("season")["transform"]["documents"]
    assert (done["applied"], len(table(database, "season.season"))) == (63, 64)
    assert run("transform", "--job", "season_transform", "--param", "season_id=2024").exit_code == 0
    assert run("transform", "--job", "team_transform", "--param", "season=2024").exit_code == 0


def test_seasons_by_either_form(league: Server, database: str, tmp_path: Path) -> None:
    """Seasons that an answer lacks stay, unless they were asked for by their year."""
    one = stub(league, "/api/v1/seasons/2024?sportId=1", 11)
    everything = stub(league, "/api/v1/seasons/all?sportId=1", 12)
    current = stub(league, "/api/v1/seasons?sportId=1", 13)
    by_year = stub(league, "/api/v1/seasons?sportId=1&season=2024", 10)
    for day, each in ((1, one), (2, everything), (3, current), (4, by_year)):
        each["response"]["seasons"][-1]["regularSeasonStartDate"] = f"2024-04-0{day}"
    shown = []
    for each in (one, everything, current, by_year):
        load(tmp_path, each)
        done = transform("season.seasons")["documents"]
        row = row_of(database, "season.season", season_id=2024)
        shown.append((done["applied"], row["regular_season_start_date"]))
    assert shown == [(1, "2024-04-01"), (64, "2024-04-02"), (1, "2024-04-03"), (0, "2024-04-03")]
    assert len(watermarks(database, "season.seasons")) == len(table(database, "season.season")) == 64

    other = stub(league, "/api/v1/seasons/2023?sportId=2", 14)
    load(tmp_path, other)
    assert transform("season.seasons")["documents"]["applied"] == 1
    keys = {(row["sport_id"], row["season_id"]) for row in table(database, "season.season")}
    assert {(1, 2023), (2, 2023)} <= keys


def test_a_roster_without_a_date_is_of_the_day_in_new_york(league: Server, database: str, tmp_path: Path) -> None:
    """The same people on the next day are another document; a past season's roster is not today's."""
    team = league.simulator.league.teams[0]
    evening, night, next_day = (stub(league, f"/api/v1/teams/{team.id}/roster/active", hour) for hour in (1, 3, 5))
    past = stub(league, f"/api/v1/teams/{team.id}/roster/active?season=2023", 6)
    by_date = stub(league, f"/api/v1/teams/{team.id}/roster?rosterType=active&date=2024-05-05", 7)
    load(tmp_path, evening, night, next_day, past, by_date)
    assert transform("team.roster")["documents"]["applied"] == 4
    days = {(row["season"], row["roster_date"]) for row in table(database, "team.roster")}
    assert days == {(2024, "2024-06-30"), (2024, "2024-07-01"), (2023, "2024-07-01"), (2024, "2024-05-05")}
    assert len(table(database, "team.roster")) == 4 * len(team.active)
    assert len(table(database, "team.rosters")) == 4, "the second answer of a day has no news"

    other = stub(league, f"/api/v1/teams/{team.id}/roster/active", 8, {"teamId": team.id + 1})
    refused = run("load", write(tmp_path / "other.json", other))
    assert "must be of the team that was asked for" in refused.output


def test_the_jobs_of_rosters_and_coaches(league: Server, database: str) -> None:
    first, second = league.simulator.league.teams[:2]
    asked = (f"team_id={first.id}", f"team_id={second.id}")
    assert ingest("roster", *asked, "season=2024", "date=2024-07-01")["transform"]["documents"]["applied"] == 2
    assert len(table(database, "team.roster")) == len(first.active) + len(second.active)
    assert ingest("roster", *asked)["transform"]["documents"]["applied"] == 2, "of today"
    assert ingest("coach", *asked)["transform"]["documents"]["applied"] == 2
    coaches = table(database, "team.coach")
    assert len(coaches) == 20
    assert {row["team_id"] for row in coaches if row["job_id"] == "MNGR"} == {first.id, second.id}
    for job in ("roster", "coach"):
        assert run("transform", "--job", f"{job}_transform", "--param", f"team_id={first.id}").exit_code == 0


def test_details_of_venues_need_all_their_hydrations(league: Server, database: str, tmp_path: Path) -> None:
    some_of_them = stub(league, "/api/v1/venues?venueIds=71001&hydrate=location,timezone", 10)
    load(tmp_path, some_of_them)
    assert transform("venue.venues")["documents"]["applied"] == 1
    assert table(database, "venue.venue_details") == []

    assert ingest("venue", "season=2024")["transform"]["documents"]["applied"] > 30
    details = row_of(database, "venue.venue_details", venue_id=71001)
    assert {"city", "capacity", "time_zone_id"} <= {name for name, value in details.items() if value is not None}
    without = stub(league, "/api/v1/venues?venueIds=71001", 23)
    load(tmp_path, without)
    transform("venue.venues")
    assert row_of(database, "venue.venue_details", venue_id=71001) == details


def test_hydrations_of_people_by_the_job(league: Server, database: str) -> None:
    asked = ",".join(str(person.id) for team in league.simulator.league.teams[:2] for person in team.active)
    done = ingest("person", f"person_ids={asked}", "hydrate=currentTeam,draft,rosterEntries,education")
    assert done["transform"]["quarantined"] == []
    number = len(asked.split(","))
    assert len(table(database, "person.person")) == len(table(database, "person.person_current_team")) == number
    for name in ("person.person_drafts", "person.person_roster_entries", "person.person_education"):
        assert len(table(database, name)) > number // 2
    kinds = {row["kind"] for row in table(database, "person.person_education")}
    assert kinds == {"highschools", "colleges"}
    before = table(database, "person.person_current_team")
    assert ingest("person", f"person_ids={asked}")["transform"]["quarantined"] == []
    assert table(database, "person.person_current_team") == before, "an answer that was not asked for teams"


def test_the_jobs_of_leagues_divisions_and_sports(database: str) -> None:
    for job, name, number in (("league", "league.league", 4), ("division", "division.division", 6)):
        assert ingest(job)["transform"]["documents"]["applied"] == number
        assert len(table(database, name)) == number
        assert run("transform", "--job", f"{job}_transform").exit_code == 0
    assert ingest("sports")["transform"]["documents"]["applied"] == len(table(database, "sports.sport")) == 3
    assert ingest("sports")["transform"]["documents"]["applied"] == 0, "nothing is new"


def row_of(dsn: str, name: str, **key: int) -> dict[str, Any]:
    [found] = [row for row in table(dsn, name) if key.items() <= row.items()]
    return found
