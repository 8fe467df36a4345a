"""Converters and checks of an installed package of one's own: checked, generated, applied, changed, and missing."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from samples import write

RUN = "import sys; from mlb_etl.cli import main; sys.exit(main())"
MAPPING = """\
version: 1
source:
  endpoint: road
  method: tripV1
  url: /api/v1/trip/{trip_id}
  raw_table: road.trip_v1
  document: {trip_id: {type: bigint, path: $.id}}
  shrink_guard: {share: 1.0, emptied_table_rows: 100}
tables:
  - name: road.legs
    description: One row for each leg.
    rows: {leg: "$.legs[*]"}
    primary_key: [trip_id, n]
    checks: [{name: possible, use: within, columns: [meters], severity: error}]
    columns:
      - {name: trip_id, type: bigint, path: $.id, nullable: false, description: The trip.}
      - {name: n, type: smallint, index_of: leg, nullable: false, description: Its number.}
      - {name: meters, type: integer, path: leg.far, convert: miles, description: Its length.}
      - {name: town, type: text, path: leg.town, description: Where it ends.}
"""
EXTRAS = '''\
from mlb_etl import check, converter


@converter(fills=["integer", "bigint"], version=VERSION)
def miles(text: str) -> int:
    """`"3 mi"` -> 4828 meters."""
    if text == "boom":
        return {}["boom"]
    if text == "deep":
        return miles(text)
    if text in WRONG:
        return WRONG[text]
    number, space, unit = text.partition(" ")
    if not number.isascii() or not number.isdigit() or unit != "mi":
        raise ValueError("a number of miles is expected, such as 3 mi")
    return int(number) * METERS // 1000


WRONG = {"float": 1.5, "none": None, "true": True, "large": 1 << 40}


@check
def within(column: str) -> str:
    return f"{column} BETWEEN 0 AND 1000000"
'''
POINTS = """\
[mlb_etl.converters]
miles = road_extras:miles
unfit = road_extras:WRONG
Bad-Name = road_extras:miles

[mlb_etl.checks]
within = road_extras:within
"""


class Project:
    """A project, with a package beside it that is installed as pip does it: a module, and its metadata."""

    def __init__(self, root: Path, dsn: str) -> None:
        self.root = root
        own = {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}
        self.environment = own | {
            "MLB_ETL_DSN": dsn,
            "MLB_ETL_DATA": str(root / "data"),
            "MLB_ETL_TABLES": "road_tables",
        }
        (root / "samples").mkdir()
        self.install()
        (root / "schemas/mappings/road").mkdir(parents=True)
        (root / "schemas/mappings/road/trip.yaml").write_text(MAPPING)
        (root / "pyproject.toml").write_text('[tool.mlbgen]\npackage = "road_tables"\n')

    def install(self, *, version: int = 1, meters: int = 1_609_344) -> None:
        metadata = self.root / "site/road_extras-1.0.dist-info"
        metadata.mkdir(parents=True, exist_ok=True)
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: road-extras\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(POINTS)
        text = EXTRAS.replace("VERSION", str(version)).replace("METERS", str(meters))
        (self.root / "site/road_extras.py").write_text(text)

    def save(self, trip: int, *legs: str) -> None:
        document = {"id": trip, "legs": [{"far": far, "town": f"town {far}"} for far in legs]}
        request = {"endpoint": "road", "method": "tripV1", "path_params": {"trip_id": str(trip)}, "query_params": {}}
        stub = request | {"captured_at": "2024-07-01T00:00:00Z", "response": document}
        write(self.root / f"samples/{trip}.json", stub)

    def run(self, *command: str, code: int = 0, installed: bool = True) -> subprocess.CompletedProcess[str]:
        program = ["-m", "mlbgen"] if command[0] == "mlbgen" else ["-c", RUN]
        path = [str(self.root / "generated"), *([str(self.root / "site")] if installed else [])]
        environment = self.environment | {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *program, *command[1:]],
            cwd=self.root, env=environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def apply(self, code: int = 0) -> dict[str, Any]:
        done = self.run("mlb-etl", "load", "samples", "--transform", "--format", "json", code=code)
        found: dict[str, Any] = json.loads(done.stdout)["transform"]
        return found

    def meters(self) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.environment["MLB_ETL_DSN"]) as connection:
            return connection.execute("SELECT trip_id, n, meters, town FROM road.legs ORDER BY 1, 2").fetchall()


@pytest.fixture
def project(tmp_path: Path, empty_database: str) -> Project:
    made = Project(tmp_path, empty_database)
    made.save(1, "3 mi", "0 mi")
    for command in ("infer", "check"):
        made.run("mlbgen", command, "--stubs", "samples")
    made.run("mlbgen", "generate")
    made.run("mlbgen", "diff")
    made.run("mlb-etl", "schema", "init")
    return made


def test_a_converter_from_mapping_to_rows(project: Project) -> None:
    """An error costs its value only, whatever it is, as does what the column's type can't hold."""
    offered = json.loads((project.root / "schemas/mapping.schema.json").read_text())["$defs"]
    assert {"miles", "unfit", "innings_to_outs"} <= {*offered["Column"]["properties"]["convert"]["enum"]}
    assert "Bad-Name" not in offered["Column"]["properties"]["convert"]["enum"]
    assert offered["Check"]["properties"]["use"]["enum"] == ["within", None]
    code = (project.root / "generated/road_tables/road/trip_v1/legs.py").read_text()
    assert 'convert.own("miles", "integer")(leg.far, "$.legs[*].far", capture.unreadable)' in " ".join(code.split())

    wrong = ["three mi", "boom", "deep", "float", "none", "true", "large"]
    project.save(2, "1 mi", *wrong, "2 mi")
    project.save(3, "9999 mi")
    done = project.apply(code=1)
    rows = project.meters()
    assert rows[:3] == [(1, 0, 4828, "town 3 mi"), (1, 1, 0, "town 0 mi"), (2, 0, 1609, "town 1 mi")]
    assert rows[3:] == [*((2, n, None, f"town {far}") for n, far in enumerate(wrong, 1)), (2, 8, 3218, "town 2 mi")]
    (unreadable,) = done["unreadable"]
    assert (unreadable["path"], unreadable["number"], unreadable["value"]) == ("$.legs[*].far", 7, "'three mi'")
    assert unreadable["reason"] == "a number of miles is expected, such as 3 mi"
    assert done["documents"]["quarantined"] == 1  # trip 3, by the check
    assert "legs_possible_check" in done["quarantined"][0]["reason"]

    sent = project.run("mlb-etl", "transform", "--method", "road.tripV1", "--replay", installed=False, code=1)
    assert sent.stderr.startswith(
        "Error: the converter 'miles' is not installed: install the package that registers it"
    )
    assert project.meters() == rows


def test_a_changed_converter_applies_captures_again(project: Project) -> None:
    project.apply()
    assert [meters for _, _, meters, _ in project.meters()] == [4828, 0]
    project.install(version=1, meters=1_852_000)  # sea miles: its text tells, even if nobody raises its version
    assert "fingerprint" in project.run("mlbgen", "diff", code=1).stdout
    project.run("mlbgen", "generate")
    done = json.loads(project.run("mlb-etl", "transform", "--method", "road.tripV1", "--format", "json").stdout)
    assert done["documents"]["applied"] == 1
    assert [meters for _, _, meters, _ in project.meters()] == [5556, 0]
    project.install(version=2, meters=1_852_000)
    project.run("mlbgen", "diff", code=1)


def test_what_cannot_be_used_is_told(project: Project) -> None:
    mapping = project.root / "schemas/mappings/road/trip.yaml"

    def told(old: str, new: str, *, installed: bool = True) -> str:
        mapping.write_text(MAPPING.replace(old, new))
        return project.run("mlbgen", "check", "--stubs", "samples", code=1, installed=installed).stderr

    assert 'error[MG041]: unknown converter "mils"' in (found := told("convert: miles", "convert: mils"))
    assert 'did you mean "miles"?' in found
    assert "the converter unfit is not one: decorate it with @converter(fills=[...])" in told(": miles", ": unfit")
    assert "types it can fill: bigint, integer" in told("type: integer", "type: smallint")
    assert 'error[MG041]: unknown check "witin"' in told("use: within", "use: witin")
    assert 'error[MG050]: unknown column "metres"' in told("columns: [meters]", "columns: [metres]")
    assert "the check within does not take 2 columns" in told("columns: [meters]", "columns: [meters, n]")
    assert "columns belong to use, which needs them" in told(", columns: [meters]", "")
    found = told("", "", installed=False)
    assert 'error[MG041]: unknown converter "miles"' in found
    assert 'error[MG041]: unknown check "within"' in found
