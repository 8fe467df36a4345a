"""Generation of a whole project by the command line: what is written, when it fails, and with which exit code."""

import json
import subprocess
import sys
from pathlib import Path

import edits
import pytest
import unmeasured

from mlbgen import cli
from mlbgen.language.diagnostics import MappingErrors
from mlbgen.language.errors import MlbgenError
from mlbgen.project import generate

ROOT = Path(__file__).parents[2]
CASE = ROOT / "tests" / "golden" / "cases" / "nested_rows"
MAPPING = "schemas/mappings/league/game_v1.yaml"
TABLE = "generated/my_tables/league/game_v1/pitches.py"
HASHES = """
import hashlib, json, sys
from pathlib import Path
from mlbgen.project import generate
root = Path(sys.argv[1])
files = generate.files(generate.read(root, generate.mappings(root)))
print(hashlib.sha256(json.dumps(files).encode()).hexdigest())
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one mapping and the shape of its stubs; nothing is generated yet."""
    (tmp_path / "pyproject.toml").touch()
    mapping = tmp_path / MAPPING
    mapping.parent.mkdir(parents=True)
    mapping.write_text((CASE / "mapping.yaml").read_text())
    assert run(tmp_path, "infer", "--stubs", str(CASE / "stubs")) == 0
    return tmp_path


def run(project: Path, command: str, *arguments: str) -> int:
    return cli.main([command, "--root", str(project), *arguments])


def edit(project: Path, old: str, new: str, path: str = MAPPING) -> None:
    file = project / path
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


def test_generate_writes_what_diff_misses(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(project, "diff") == 1
    assert f"{TABLE} is missing" in capsys.readouterr().err

    assert run(project, "generate") == 0
    assert f"written: {TABLE}" in capsys.readouterr().out

    assert run(project, "diff") == 0
    assert capsys.readouterr().out == ""
    assert run(project, "generate") == 0
    assert capsys.readouterr().out == ""


def test_diff_shows_a_changed_mapping_and_an_orphan(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "generate")
    edit(project, "league.pitches", "league.thrown")
    capsys.readouterr()

    assert run(project, "diff", "--format", "json") == 1
    changes = {each["path"]: each["change"] for each in json.loads(capsys.readouterr().out)}
    assert changes[TABLE] == "orphaned"
    assert changes[TABLE.replace("pitches", "thrown")] == "missing"
    assert changes["generated/my_tables/league/game_v1/method.py"] == "different"

    assert run(project, "diff") == 1
    assert '-    name="pitches",\n' in capsys.readouterr().out


def test_diff_shows_an_edit_of_a_generated_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "generate")
    edit(project, "event_index", "event_number", TABLE)
    capsys.readouterr()

    assert run(project, "diff") == 1
    shown = capsys.readouterr()
    assert "event_number" in shown.out
    assert shown.err == f"{TABLE} is different\n"


def test_check_tells_all_errors_of_all_mappings(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = project / MAPPING.replace("game_v1", "other")
    other.write_text((project / MAPPING).read_text().replace("smallint", "intt"))
    edit(project, "play.about.index", "play.about.indexx")
    capsys.readouterr()

    assert run(project, "check", "--format", "json") == 1
    found = [(each["file"], each["code"]) for each in json.loads(capsys.readouterr().out)]
    assert (MAPPING, "MG031") in found
    assert (MAPPING.replace("game_v1", "other"), "MG012") in found

    assert run(project, "check") == 1
    shown = capsys.readouterr()
    assert f"{MAPPING}:" in shown.err
    assert " ^" in shown.err
    assert shown.out == ""
    with pytest.raises(MappingErrors):
        generate.read(project, generate.mappings(project))


def test_a_foreign_key_to_a_table_of_another_mapping(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever file comes first."""
    to_games, to_teams = ("references: league.games}", "references: league.teams}")
    edits.project(tmp_path, {edits.FILE: edits.MAPPING.replace(to_games, to_teams), **edits.OTHER})
    (tmp_path / edits.FILE).rename(tmp_path / edits.FILE.replace("game_v1", "z"))
    for name in ("z", "a"):
        assert cli.main(["check", "--root", str(tmp_path)]) == 1
        shown = capsys.readouterr().err
        assert 'error[MG065]: "league.teams" is a table of another mapping' in shown
        assert "schemas/mappings/league/team_v1.yaml" in shown
        (tmp_path / f"schemas/mappings/league/{name}.yaml").rename(tmp_path / "schemas/mappings/league/a.yaml")


def test_check_looks_at_samples(project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    stubs = tmp_path / "captured"
    stubs.mkdir()
    stub = json.loads((CASE / "stubs" / "1.json").read_text())
    del stub["response"]["live"]["plays"][0]["about"]
    (stubs / "1.json").write_text(json.dumps(stub))

    assert run(project, "check", "--stubs", str(CASE / "stubs")) == 0
    assert run(project, "check", "--stubs", str(stubs)) == 1
    assert "error[MG102]" in capsys.readouterr().err


def test_ddl_and_coverage_and_schema_are_printed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(project, "generate")
    capsys.readouterr()

    assert run(project, "ddl", "--mapping", str(project / MAPPING)) == 0
    migration = project / "generated/my_tables/migrations/V2__league_game_tables.sql"
    assert capsys.readouterr().out == migration.read_text()
    assert run(project, "coverage", "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["mappings"][0]["mapping"] == "league.gameV1"
    assert cli.main(["schema"]) == 0
    assert capsys.readouterr().out == (project / "schemas/mapping.schema.json").read_text()


def test_infer_rewrites_only_what_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(project, "infer", "--stubs", str(CASE / "stubs")) == 0
    assert capsys.readouterr().out == ""


def test_wrong_usage_is_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "diff") == 2
    assert "is not a project" in capsys.readouterr().err
    assert cli.main(["generate", "--no-such-option"]) == 2
    assert cli.main(["no-such-command"]) == 2


def test_what_a_user_can_mend_is_1(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "schemas/api/league/game_v1.json").unlink()

    assert run(project, "generate") == 1
    assert "run mlbgen infer" in capsys.readouterr().err
    with pytest.raises(MlbgenError, match="no mappings here"):
        generate.mappings(project / "generated")


def test_a_bug_is_70(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_inputs: object) -> dict[str, str]:
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr(generate, "files", broken)
    monkeypatch.delenv("MLBGEN_DEBUG", raising=False)

    assert run(project, "generate") == 70
    shown = capsys.readouterr().err
    assert "please report it: ZeroDivisionError: a slip" in shown
    assert "Traceback" not in shown
    assert cli.main(["--debug", "generate", "--root", str(project)]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_members_that_can_not_be_decoded_are_refused(
    project: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    stub = (CASE / "stubs" / "1.json").read_text().replace('"startSpeed"', '"start\\"Speed"')
    (tmp_path / "captured").mkdir()
    (tmp_path / "captured" / "1.json").write_text(stub)
    run(project, "infer", "--stubs", str(tmp_path / "captured"))
    edit(project, "event.data.startSpeed", "'event.data[''start\\\"Speed'']'")

    assert run(project, "generate") == 1
    assert "msgspec can't decode it" in capsys.readouterr().err


def test_the_project_is_generated_alike_under_any_hash_seed() -> None:
    found = [
        subprocess.Popen(
            [sys.executable, "-c", HASHES, str(ROOT)],
            env={**unmeasured.environment(), "PYTHONHASHSEED": seed},
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed in ("0", "1", "4242")
    ]
    hashes = {process.communicate()[0] for process in found}

    assert [process.returncode for process in found] == [0, 0, 0]
    assert len(hashes) == 1


@pytest.mark.parametrize(("missing", "said"), [("jinja2", "pip install 'mlb-etl[codegen]'"), ("surprise", None)])
def test_a_package_that_is_not_installed(
    missing: str, said: str | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the generator's own extra it is told how it gets there; any other is passed on."""

    def lack(*_: object, **__: object) -> None:
        raise ModuleNotFoundError(f"No module named {missing!r}", name=missing)

    monkeypatch.setattr(cli.commands, "main", lack)
    if said is None:
        with pytest.raises(ModuleNotFoundError, match=missing):
            cli.main(["generate"])
        return
    assert cli.main(["generate"]) == 1
    assert said in capsys.readouterr().err
