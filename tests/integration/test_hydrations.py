"""Hydrated facts have tables of their own: an answer that was not asked for them says nothing of them."""

import json
import os
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from databases import temporary_database
from samples import connect, write

from mlb_etl.stores.embedded.server import Server

RUN = "import sys; from mlb_etl.cli import main; sys.exit(main())"
MAPPING = """\
version: 1
source:
  endpoint: league
  method: people
  url: /api/v1/people
  query: [personIds, hydrate]
  raw_table: league.answers
  items: {person: "$.people[*]"}
  document:
    person_id: {type: integer, path: person.id, asked_by: [personIds]}
  shrink_guard: {share: 1.0, emptied_table_rows: 100}
defaults:
  columns:
    - {name: person_id, type: integer, path: person.id, nullable: false, description: The person.}
tables:
  - name: league.people
    description: One row for each person.
    primary_key: [person_id]
    columns:
      - {name: name, type: text, path: person.fullName, description: Full name.}
  - name: league.schools
    description: One row for each school of a person.
    hydrate: education
    rows: {school: "person.education.colleges[*]"}
    primary_key: [person_id, school_index]
    columns:
      - {name: school_index, type: smallint, index_of: school, nullable: false, description: Number of the school.}
      - {name: school, type: text, path: school.name, description: Name of the school.}
"""
PEOPLE = "SELECT person_id, name FROM league.people ORDER BY 1"
SCHOOLS = "SELECT person_id, school FROM league.schools ORDER BY person_id, school_index"
MARKS = "SELECT method, document ->> 'person_id', as_of::date::text FROM etl.watermark ORDER BY 1, 2"


def person(number: int, name: str, *schools: str) -> dict[str, Any]:
    education = {"education": {"colleges": [{"name": each} for each in schools]}} if schools else {}
    return {"id": number, "fullName": name} | education


def stub(day: int, hydrate: str | None, *people: dict[str, Any]) -> dict[str, Any]:
    query = {"personIds": "1,2"} | ({} if hydrate is None else {"hydrate": hydrate})
    about = {"endpoint": "league", "method": "people", "path_params": {}, "query_params": query}
    return about | {"captured_at": f"2024-07-0{day}T00:00:00Z", "response": {"people": people}}


STUBS = (
    stub(1, "education", person(1, "Ann", "East", "West"), person(2, "Bo", "North")),
    stub(2, None, person(1, "Anna"), person(2, "Bo")),
    stub(3, "team,education(all)", person(1, "Anna", "South"), person(2, "Bo", "North")),
    stub(4, "stats(type=[season],education)", person(1, "Anne"), person(2, "Bob")),
)


class Project:
    def __init__(self, root: Path, dsn: str = "") -> None:
        self.root = root
        own = {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}
        path = os.pathsep.join([str(root / "generated"), *filter(None, [own.get("PYTHONPATH")])])
        self.environment = own | {
            "MLB_ETL_DSN": dsn,
            "MLB_ETL_DATA": str(root / "data"),
            "MLB_ETL_TABLES": "league_tables",
            "PYTHONPATH": path,
        }

    def run(self, program: str, *arguments: str) -> str:
        command = ["-m", "mlbgen"] if program == "mlbgen" else ["-c", RUN]
        done = subprocess.run(
            [sys.executable, *command, *arguments],
            cwd=self.root, env=self.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def load(self, folder: Path, *stubs: dict[str, Any]) -> dict[str, Any]:
        files = [str(write(folder / f"{each['captured_at'][:10]}.json", each)) for each in stubs]
        done: dict[str, Any] = json.loads(self.run("mlb-etl", "load", *files, "--transform", "--format", "json"))
        return done


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("league")
    (made / "schemas/mappings/league").mkdir(parents=True)
    (made / "schemas/mappings/league/people.yaml").write_text(MAPPING)
    (made / "pyproject.toml").write_text('[tool.mlbgen]\npackage = "league_tables"\n')
    for number, each in enumerate(STUBS):
        (made / "samples").mkdir(exist_ok=True)
        write(made / f"samples/{number}.json", each)
    project = Project(made)
    for command in ("infer", "check"):
        project.run("mlbgen", command, "--stubs", "samples")
    project.run("mlbgen", "generate")
    return made


def test_an_answer_without_it_leaves_its_tables_as_they_are(root: Path, server: Server, tmp_path: Path) -> None:
    """Base and hydration have a watermark each; a name within another hydration is not asked for."""
    with temporary_database(server) as dsn:
        project = Project(root, dsn)
        project.run("mlb-etl", "schema", "init")
        with connect(dsn) as connection:
            seen = []
            for each in STUBS:
                project.load(tmp_path, each)
                seen.append((connection.execute(PEOPLE).fetchall(), connection.execute(SCHOOLS).fetchall()))
            assert [names for names, _ in seen] == [
                [(1, "Ann"), (2, "Bo")],
                [(1, "Anna"), (2, "Bo")],
                [(1, "Anna"), (2, "Bo")],
                [(1, "Anne"), (2, "Bob")],
            ]
            first, last = [(1, "East"), (1, "West"), (2, "North")], [(1, "South"), (2, "North")]
            assert [schools for _, schools in seen] == [first, first, last, last]
            assert connection.execute(MARKS).fetchall() == [
                ("league.people", "1", "2024-07-04"),
                ("league.people", "2", "2024-07-04"),
                ("league.people:education", "1", "2024-07-03"),
                ("league.people:education", "2", "2024-07-03"),
            ]
        status = json.loads(project.run("mlb-etl", "status", "--format", "json"))
        assert [(each["method"], each["captures"], each["documents"]) for each in status["methods"]] == [
            ("league.people", 4, 2),
            ("league.people:education", 2, 2),
        ]
        project.run("mlb-etl", "verify", "rows")


def test_any_order_ends_in_the_same_tables(root: Path, server: Server, tmp_path: Path) -> None:
    found = set()
    for order in [*permutations(STUBS)][::5]:
        with temporary_database(server) as dsn:
            project = Project(root, dsn)
            project.run("mlb-etl", "schema", "init")
            for each in (order[:2], order[2:]):
                project.load(tmp_path, *each)
            with connect(dsn) as connection:
                found.add(tuple(map(tuple, (connection.execute(query).fetchall() for query in (PEOPLE, SCHOOLS)))))
    assert found == {(((1, "Anne"), (2, "Bob")), ((1, "South"), (2, "North")))}
