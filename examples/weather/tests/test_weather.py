"""Hours of stations from the service to tables: a day is a document, which is corrected, replayed and guarded."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from server import STATIONS, Weather, serve

DAY = "2024-07-01"
HOURS = ("ingest", "--job", "hours", "--date", DAY)


class Project:
    """The commands of the project, with a database of their own, and the service that they ask."""

    def __init__(self, data: Path, url: str) -> None:
        self.environment = {
            **os.environ,
            "MLB_ETL_BASE_URL": url,
            "MLB_ETL_DATA": str(data),
            "MLB_ETL_DSN": "",
            "MLB_ETL_RATE": "off",
        }

    def run(self, *arguments: str, code: int = 0) -> str:
        """What a command prints."""
        done = subprocess.run(
            ["mlb-etl", *arguments], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr if code else done.stdout

    def json(self, *arguments: str, code: int = 0) -> Any:
        """What a command tells as JSON."""
        said = self.run(*arguments, "--format", "json", code=code)
        return json.loads(said[said.index("{") : said.rindex("}") + 1])

    def query(self, statement: str) -> list[str]:
        """The rows of a query, their columns separated by |."""
        return self.run("db", "psql", "--", "--no-align", "--tuples-only", f"--command={statement}").splitlines()


@pytest.fixture
def weather() -> Weather:
    return Weather()


@pytest.fixture
def project(tmp_path: Path, weather: Weather) -> Iterator[Project]:
    with serve(weather) as url:
        made = Project(tmp_path, url)
        made.run("schema", "init")
        yield made
        made.run("db", "stop")


def rows(weather: Weather, station: str) -> list[str]:
    """The hours as the tables are to have them; what was not measured is nothing."""
    found = []
    for each in weather.document(station, DAY)["hours"]:
        temperature = "" if each["temperature"] == "--" else each["temperature"]
        wind = each.get("wind", {"speed": "", "direction": ""})
        conditions = ",".join(sorted(each["conditions"]))
        found.append(
            f"{each['hour']}|{temperature}|{each['pressure']}|{wind['speed']}|{wind['direction']}|{conditions}"
        )
    return found


def shown(project: Project, station: str) -> list[str]:
    return project.query(
        "SELECT hour, temperature, pressure, wind_speed, wind_direction, string_agg(condition, ',' ORDER BY condition)"
        f" FROM weather.hours JOIN weather.conditions USING (station, day, hour) WHERE station = '{station}'"
        " GROUP BY 1, 2, 3, 4, 5 ORDER BY hour"
    )


def test_hours_become_rows_are_corrected_and_replayed(project: Project, weather: Weather) -> None:
    first = project.json(*HOURS)
    assert (first["stored"], first["transform"]["documents"]["applied"]) == (2, 2)
    for station in STATIONS:
        assert shown(project, station) == rows(weather, station)

    corrected = weather.document("HAR", DAY)
    corrected["revision"] = 2
    corrected["hours"][5] |= {"temperature": "11.1", "conditions": ["snow"]}
    weather.revised["HAR", DAY] = corrected
    counts = project.json(*HOURS)["transform"]["tables"]
    assert counts["weather.hours"] == {"inserted": 0, "updated": 1, "unchanged": 23, "deleted": 0}
    assert shown(project, "HAR") == rows(weather, "HAR")

    replayed = project.json("transform", "--method", "weather.hours", "--replay")
    assert {sum(each.values()) - each["unchanged"] for each in replayed["tables"].values()} == {0}
    project.run("verify")
    partitions = "SELECT DISTINCT tableoid::regclass FROM weather.hours"
    assert project.query(partitions) == ["weather.hours_2024_07"]


def test_a_day_that_lost_its_hours_waits(project: Project, weather: Weather) -> None:
    project.run(*HOURS)
    before = shown(project, "HAR")
    cut = weather.document("HAR", DAY)
    weather.revised["HAR", DAY] = {**cut, "hours": cut["hours"][:3]}
    counts = project.json(*HOURS, code=1)["transform"]
    assert counts["documents"]["quarantined"] == 1
    assert shown(project, "HAR") == before
    assert "would delete" in project.run("quarantine", "list")
    project.run("quarantine", "drop", "--all", "--yes")
    project.run("status")


def test_an_older_answer_changes_nothing(project: Project, weather: Weather) -> None:
    """The samples were captured before."""
    revised = {station: weather.document(station, DAY) for station in STATIONS}
    for station, document in revised.items():
        weather.revised[station, DAY] = document | {"revision": 3}
    project.run(*HOURS)
    loaded = project.json("load", "samples", "--transform")["transform"]["documents"]
    assert (loaded["applied"], loaded["stale"]) == (2, 2)
    assert project.query(f"SELECT DISTINCT revision FROM weather.days WHERE day = '{DAY}'") == ["3"]


def test_what_the_service_does_not_have_is_told(project: Project) -> None:
    failed = project.json(*HOURS, "--param", "station=XXX", "--param", "station=HAR", code=1)
    assert [each["error"] for each in failed["failures"]] == ["NotFound"]
    assert project.query("SELECT station FROM weather.days") == ["HAR"]
