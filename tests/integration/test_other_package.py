"""A project of one's own, by the command line: its package has another name, and its texts try to break statements."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from samples import write

PACKAGE = "club_tables"
RUN = "import sys; from mlb_etl.cli import main; sys.exit(main())"
MAPPING = """\
version: 1
source:
  endpoint: club
  method: gameV1
  url: /api/v1/game/{game_pk}
  raw_table: club.game_v1
  document: {game_pk: {type: bigint, path: $.gamePk, description: "100%, or %s"}}
  shrink_guard: {share: 1.0, emptied_table_rows: 100}
defaults:
  columns:
    - {name: game_pk, type: bigint, path: $.gamePk, nullable: false, description: "%(game_pk)s of the game"}
tables:
  - name: club.games
    description: "One row for each game: %s, 100%"
    primary_key: [game_pk]
    indexes:
      - {columns: [note], where: "note LIKE '%s%%'"}
      - {expression: "score % 10"}
    checks:
      - {name: even, expression: home_team_id % 2 = 0, severity: warn}
      - {name: ending, expression: "note LIKE '%s'", severity: warn}
      - {name: named, expression: "note <> '%(game_pk)s %% %b'", severity: warn}
      - {name: odd, expression: away_team_id % 2 = 1, severity: error}
    columns:
      - {name: home_team_id, type: integer, path: $.home, description: Home.}
      - {name: away_team_id, type: integer, path: $.away, description: Away.}
      - {name: score, type: integer, path: $.score, description: "%"}
      - {name: note, type: text, path: $.note, default: "100%s", null_if: ["%"], description: "%%"}
      - {name: share, type: text, constant: "%(game_pk)s", description: A constant.}
  - name: club.places
    description: One row for each place.
    rows: {place: "$.places[?@.name != '%s ']"}
    primary_key: [game_pk, n]
    partition_by: {column: name, kind: list}
    foreign_keys: [{columns: [game_pk], references: club.games}]
    checks: [{name: short, expression: "name NOT LIKE '%long%'", severity: warn}]
    columns:
      - {name: n, type: smallint, index_of: place, nullable: false, description: Its number.}
      - {name: name, type: text, path: place.name, nullable: false, description: Its name.}
      - {name: rank, type: text, path: place.rank, description: Its rank.}
"""


def game(game_pk: int, *places: str, **members: Any) -> dict[str, Any]:
    listed = [{"name": name, "rank": "1"} for name in places]
    return {"gamePk": game_pk, "home": 2, "away": 1, "score": 7, "note": "x%s", "places": listed} | members


class Project:
    """The project in a folder, with samples, and what its commands say of a database and of captures in a folder."""

    def __init__(self, root: Path, dsn: str = "", captures: Path | None = None) -> None:
        self.root, self.captures = root, captures or root / "samples"
        own = {name: value for name, value in os.environ.items() if not name.startswith("MLB_")}
        self.environment = own | {
            "MLB_ETL_DSN": dsn,
            "MLB_ETL_DATA": str(root / "data"),
            "MLB_ETL_TABLES": PACKAGE,
            "PYTHONPATH": os.pathsep.join([str(root / "generated"), *filter(None, [own.get("PYTHONPATH")])]),
        }

    def save(self, *documents: dict[str, Any], day: int = 1) -> None:
        for document in documents:
            name = str(document["gamePk"])
            request = {"endpoint": "club", "method": "gameV1", "path_params": {"game_pk": name}, "query_params": {}}
            stub = request | {"captured_at": f"2024-07-0{day}T00:00:00Z", "response": document}
            write(self.captures / f"{day}_{name}.json", stub)

    def run(self, *command: str, code: int = 0) -> str:
        program = ["-m", "mlbgen"] if command[0] == "mlbgen" else ["-c", RUN]
        done = subprocess.run(
            [sys.executable, *program, *command[1:]],
            cwd=self.root, env=self.environment, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def apply(self, *documents: dict[str, Any], day: int = 1, code: int = 0) -> dict[str, Any]:
        """What `load --transform` reports of the documents, captured on that day."""
        self.save(*documents, day=day)
        said: dict[str, Any] = json.loads(
            self.run("mlb-etl", "load", str(self.captures), "--transform", "--format", "json", code=code)
        )
        return said


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("club")
    for folder in ("schemas/mappings/club", "samples"):
        (root / folder).mkdir(parents=True)
    (root / "schemas/mappings/club/game.yaml").write_text(MAPPING)
    (root / "pyproject.toml").write_text(f'[tool.mlbgen]\npackage = "{PACKAGE}"\n')
    made = Project(root)
    made.save(game(1, "a"), game(2, note="%"))
    for command in ("infer", "check"):
        made.run("mlbgen", command, "--stubs", "samples")
    for command in ("generate", "diff"):
        made.run("mlbgen", command)
    return made


@pytest.fixture
def project(generated: Project, tmp_path: Path, empty_database: str) -> Project:
    made = Project(generated.root, empty_database, tmp_path)
    made.run("mlb-etl", "schema", "init")
    return made


def query(project: Project, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(project.environment["MLB_ETL_DSN"]) as connection:
        return connection.execute(statement.encode()).fetchall()


def warned(report: dict[str, Any]) -> set[tuple[int, str, int]]:
    """Game, check and rows of each warning."""
    return {(each["document"]["game_pk"], each["check"], each["rows"]) for each in report["transform"]["warnings"]}


def test_percent_signs_are_texts(project: Project) -> None:
    """Of new documents, of known ones, and of rows that a check refuses."""
    first = project.apply(game(1, "a", "b"), game(2, "very long", "%", note="%", home=3), game(3, note=None))
    assert first["transform"]["documents"] == {"applied": 3, "same": 0, "stale": 0, "quarantined": 0}
    assert warned(first) == {(2, "games_even_check", 1), (2, "places_short_check", 1)}
    notes = query(project, "SELECT game_pk, note, share FROM club.games ORDER BY game_pk")
    assert notes == [(number, note, "%(game_pk)s") for number, note in ((1, "x%s"), (2, "100%s"), (3, "100%s"))]

    second = project.apply(
        game(1, "a", note="%(game_pk)s %% %b"), game(2, away=2), game(3, "long", "longer"), day=2, code=1
    )
    assert warned(second) == {(1, "games_ending_check", 1), (1, "games_named_check", 1), (3, "places_short_check", 2)}
    assert second["transform"]["tables"]["club.places"] == {"inserted": 2, "updated": 0, "unchanged": 1, "deleted": 1}
    (refused,) = second["transform"]["quarantined"]
    assert (refused["table"], refused["path"], refused["value"]) == ("club.games", "$.away", "2")
    assert project.run("mlb-etl", "verify", "rows")
    assert project.run("mlb-etl", "status", code=1)


LONGEST = "".join(map(chr, range(0x100, 0x100 + 250)))  # 500 bytes that do not compress well
HOSTILE = [
    *("it's", "'", '"', "\\", "E'\\n'", "%s", "%(game_pk)s", "%", "", " ", "a\nb", "a\tb", "\x01", "{}", "$$", "--"),
    *("NULL", "null", "DEFAULT", "a') TO ('b", "); DROP TABLE club.games; --", "A", "a", "2024", "a" * 9, "a" * 10),
    *("Ärger", "é", "e\u0301", "\u202e", "\U0001f600", LONGEST),
    *(hashlib.sha256(b"it's").hexdigest()[:8], f"_{hashlib.sha256(b'A').hexdigest()[:8]}"),
]


def test_values_of_a_list_partition_are_kept_as_they_are(project: Project) -> None:
    report = project.apply(game(1, *HOSTILE), game(2, "b"))
    assert report["transform"]["tables"]["club.places"]["inserted"] == len(HOSTILE) + 1
    assert [name for (name,) in query(project, "SELECT name FROM club.places WHERE game_pk = 1 ORDER BY n")] == HOSTILE
    own = "SELECT count(DISTINCT tableoid), count(DISTINCT name), count(*) FROM club.places"
    assert query(project, own) == [(len(HOSTILE) + 1, len(HOSTILE) + 1, len(HOSTILE) + 1)]
    again = project.apply()
    assert again["transform"]["documents"] == {"applied": 0, "same": 2, "stale": 0, "quarantined": 0}
    moved = project.apply(game(1, *HOSTILE[1:]), game(2, "it's"), day=2)
    assert moved["transform"]["documents"]["applied"] == 2
    assert [name for (name,) in query(project, "SELECT name FROM club.places WHERE game_pk = 2")] == ["it's"]
    project.run("mlb-etl", "verify", "rows")


@pytest.mark.parametrize("value", ["x" * 10_000, f"{LONGEST}x", "\0"])
def test_a_value_that_no_partition_can_have_puts_its_document_aside(project: Project, value: str) -> None:
    report = project.apply(game(1, "a"), game(2, "b", value), game(3, "c"), code=1)
    assert report["transform"]["documents"] == {"applied": 2, "same": 0, "stale": 0, "quarantined": 1}
    (refused,) = report["transform"]["quarantined"]
    assert (refused["table"], refused["path"]) == ("club.places", "$.places[*].name")
    assert "partitioned by this value" in refused["reason"]
