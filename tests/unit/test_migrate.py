"""Released migrations by the command line: what guards them, and when the next one is written."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from edits import EDITS, FILE, MAPPING, project

from mlbgen import cli, layout
from mlbgen.language.errors import MlbgenError
from mlbgen.postgres import migrations, released
from mlbgen.project import generate, output

FOLDER = layout.migrations()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose first migrations are released, without samples."""
    monkeypatch.delenv("MLB_STUBS", raising=False)
    project(tmp_path, {FILE: MAPPING})
    assert run(tmp_path, "generate") == 0
    return tmp_path


def run(root: Path, command: str, *arguments: str) -> int:
    return cli.main([command, *arguments, "--root", str(root)])


def folder(root: Path) -> dict[str, str]:
    return {each.name: each.read_text() for each in (root / FOLDER).iterdir()}


def test_generate_leaves_released_migrations_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = folder(root)
    project(root, EDITS["column_added"].mappings)
    assert run(root, "generate") == 0
    shown = capsys.readouterr()
    assert f"written: {layout.generated()}/league/game_v1/plays.py" in shown.out
    assert FOLDER not in shown.out
    assert "error[MG110]: no migration has this yet: league.plays: column pitcher_id added" in shown.err
    assert "mlbgen migrate" in shown.err
    assert folder(root) == before


def test_a_missing_migration_is_a_difference(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(root, EDITS["column_added"].mappings)
    run(root, "generate")
    capsys.readouterr()

    assert run(root, "check") == 1
    assert "MG110" in capsys.readouterr().err
    assert run(root, "diff") == 1
    assert "MG110" in capsys.readouterr().err
    assert run(root, "diff", "--format", "json") == 1
    assert json.loads(capsys.readouterr().out) == [{"path": FOLDER, "change": "behind"}]

    assert run(root, "migrate", "add_pitchers") == 0
    assert run(root, "check") == 0
    assert run(root, "diff") == 0


def test_migrate_writes_the_next_one(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = folder(root)
    project(root, EDITS["column_added"].mappings)
    capsys.readouterr()
    assert run(root, "migrate", "add_pitchers") == 0
    assert capsys.readouterr().out.splitlines() == [
        "league.plays: column pitcher_id added",
        f"written: {FOLDER}/V3__add_pitchers.sql",
        f"written: {FOLDER}/migrations.sum",
        f"written: {FOLDER}/schema.json",
    ]
    after = folder(root)
    assert {name: text for name, text in after.items() if name in before and name.endswith(".sql")} == {
        name: text for name, text in before.items() if name.endswith(".sql")
    }
    assert released.load_released(after, FOLDER) is not None


def test_migrate_has_nothing_to_do(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = folder(root)
    capsys.readouterr()
    assert run(root, "migrate", "nothing") == 0
    assert capsys.readouterr().out == "nothing to do: the migrations already match the mappings\n"
    assert folder(root) == before


def test_what_is_not_allowed_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = folder(root)
    project(root, EDITS["several_at_once"].mappings)
    capsys.readouterr()
    assert run(root, "migrate", "much", "--rebuild") == 1
    assert "error[MG111]" in capsys.readouterr().err
    assert run(root, "migrate", "much", "--allow-drop") == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"{FILE}:")
    assert "error[MG112]" in shown
    assert "- name: league.runners" in shown
    assert folder(root) == before
    assert run(root, "migrate", "much", "--allow-drop", "--rebuild") == 0


@pytest.mark.parametrize("what", ["Add", "a b", "../up", "add__more", ""])
def test_a_migration_is_named_in_snake_case(root: Path, what: str) -> None:
    assert run(root, "migrate", what) == 2


def test_migrate_needs_the_first_migrations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(tmp_path, {FILE: MAPPING})
    assert run(tmp_path, "migrate", "first") == 1
    assert "`mlbgen generate` writes the first ones" in capsys.readouterr().err


def test_without_the_folder_the_first_migrations_are_written_anew(root: Path) -> None:
    """As long as no database has them: CONTRIBUTING.md says when."""
    project(root, EDITS["column_added"].mappings)
    run(root, "migrate", "add_pitchers")
    for each in (root / FOLDER).iterdir():
        each.unlink()
    assert run(root, "generate") == 0
    assert sorted(folder(root)) == ["V1__raw_tables.sql", "V2__league_game_tables.sql", "migrations.sum", "schema.json"]
    assert "pitcher_id" in folder(root)["V2__league_game_tables.sql"]
    assert run(root, "diff") == 0


@pytest.mark.parametrize("command", ["check", "diff", "generate", "migrate"])
@pytest.mark.parametrize("name", ["V1__raw_tables.sql", "V2__league_game_tables.sql", "schema.json"])
def test_a_changed_file_is_named(root: Path, capsys: pytest.CaptureFixture[str], command: str, name: str) -> None:
    file = root / FOLDER / name
    file.write_text(f"{file.read_text()}\n")
    assert run(root, command, *(["more"] if command == "migrate" else [])) == 1
    assert f"{FOLDER}/{name}: does not match its hash in migrations.sum" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["V2__league_game_tables.sql", "migrations.sum", "schema.json"])
def test_a_missing_file_is_named(root: Path, name: str) -> None:
    (root / FOLDER / name).unlink()
    with pytest.raises(MlbgenError, match=rf"{FOLDER}/{name}: is missing.*git restore"):
        generate.read_released(root)


def test_a_migration_made_by_hand_is_refused(root: Path) -> None:
    (root / FOLDER / "V3__by_hand.sql").write_text("SELECT 1;\n")
    with pytest.raises(MlbgenError, match=r"V3__by_hand.sql: is not in migrations.sum: .*`mlbgen migrate`"):
        generate.read_released(root)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"tables": [{"name": "games"}]}'])
def test_an_invalid_schema_file_is_refused(text: str) -> None:
    sums = f"{sha256(text.encode()).hexdigest()}  schema.json\n"
    with pytest.raises(MlbgenError, match=r"schema.json: is not a schema file of mlbgen"):
        released.load_released({"schema.json": text, "migrations.sum": sums}, FOLDER)


def test_a_name_in_a_released_schema_is_checked(root: Path) -> None:
    text = folder(root)["schema.json"].replace('"name": "play_index"', '"name": "play index"', 1)
    sums = f"{sha256(text.encode()).hexdigest()}  schema.json\n"
    with pytest.raises(MlbgenError, match="'play index' is not a name in SQL"):
        released.load_released({"schema.json": text, "migrations.sum": sums}, FOLDER)


def test_the_schema_comes_back_as_it_was_written(root: Path) -> None:
    inputs = generate.read(root, generate.mappings(root))
    found = generate.read_released(root)
    assert found is not None
    relations = migrations.relations([each.method for each in inputs])
    assert sorted(found.schema, key=repr) == sorted(relations, key=repr)
    lines = folder(root)["schema.json"].splitlines()
    assert sum('"name": "play_index"' in each for each in lines) == 2, "a line for each column"


def test_generated_files_depend_on_nothing_else(root: Path) -> None:
    inputs, before = generate.read(root, generate.mappings(root)), generate.read_released(root)
    assert output.changes(root, generate.files(inputs, before), [layout.generated()]) == []
    assert generate.files(inputs, before) == generate.files(inputs)
