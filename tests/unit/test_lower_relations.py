"""`refers_to`: what a column refers to is in some mapping of the project, fits, and changes no row."""

import json
from pathlib import Path

import pytest
from lowering import DEFAULTS, GAMES, HEAD, SAMPLES, method, table

from mlbgen import cli, ir

PLAYS = """\
  - name: league.plays
    description: One row for each play.
    rows: {{play: "$.plays[*]"}}
    primary_key: [game_pk, at_bat_index]
    columns:
      - {{name: at_bat_index, type: smallint, path: play.about.atBatIndex, nullable: false, description: Its number.{}}}
"""
REFERRING = ", refers_to: league.teams.team_id"
OTHER = """\
version: 1
source:
  endpoint: league
  method: teamV1
  url: /api/v1/team
  raw_table: league.team_v1
  document: {team_id: {type: integer, path: $.id}}
tables:
  - name: league.teams
    description: One row for each team.
    primary_key: [team_id]
    columns:
      - {name: team_id, type: integer, path: $.id, nullable: false, description: The team.}
"""


def plays(more: str = "") -> str:
    return PLAYS.format(more)


def test_what_a_column_refers_to_is_in_the_ir() -> None:
    column = next(each for each in table(plays(REFERRING), "plays").columns if each.name == "at_bat_index")
    assert column.refers_to is not None
    assert (column.refers_to.table, column.refers_to.column) == ("league.teams", "team_id")
    assert isinstance(column.value, ir.PathValue)


def test_it_changes_no_row_so_the_fingerprint_stays() -> None:
    assert method(plays(REFERRING)).fingerprint == method(plays()).fingerprint


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two methods, whose plays refer to the teams of the other."""
    for number, (name, content) in enumerate(
        [*(("gameV1", each) for each in json.loads(SAMPLES.read_text())), ("teamV1", {"id": 7})]
    ):
        stub = tmp_path / "stubs" / f"{number}.json"
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(json.dumps({"endpoint": "league", "method": name, "response": content}))
    (tmp_path / "pyproject.toml").touch()
    mappings = tmp_path / "schemas/mappings/league"
    mappings.mkdir(parents=True)
    (mappings / "game_v1.yaml").write_text(f"{HEAD}{DEFAULTS}tables:\n{GAMES}{plays(REFERRING)}")
    (mappings / "team_v1.yaml").write_text(OTHER)
    assert cli.main(["infer", "--root", str(tmp_path), "--stubs", str(tmp_path / "stubs")]) == 0
    return tmp_path


def test_the_table_may_be_in_another_mapping(root: Path) -> None:
    assert cli.main(["generate", "--root", str(root)]) == 0
    generated = (root / "generated/my_tables/league/game_v1/plays.py").read_text()
    assert 'ColumnReference("league.teams", "team_id")' in generated
    migrations = root / "generated/my_tables/migrations"
    assert "REFERENCES" not in "".join(each.read_text() for each in migrations.glob("*.sql"))


@pytest.mark.parametrize("command", ["check", "generate", "diff", "coverage"])
def test_every_command_reports_one_that_is_in_none(
    root: Path, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLB_STUBS", raising=False)
    (root / "schemas/mappings/league/team_v1.yaml").write_text(OTHER.replace("league.teams", "league.clubs"))
    assert cli.main([command, "--root", str(root)]) == 1
    said = capsys.readouterr().err
    assert 'game_v1.yaml:26:129: error[MG067]: unknown table "league.teams"' in said
    assert REFERRING in said
    assert cli.main(["ddl", "--root", str(root), "--mapping", str(root / "schemas/mappings/league/game_v1.yaml")]) == 0
