"""The migration that each edit of a mapping becomes."""

import subprocess
import sys
from pathlib import Path

import pytest
from edits import EDITS, next_migration
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlbgen import layout

ROOT = Path(__file__).parents[2]
SCRIPT = f"{layout.migrations()}/V3__edit.sql"


class SqlFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "sql"


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The script of each edit, with its changes in words ahead."""
    made = {}
    for name in EDITS:
        migration = next_migration(tmp_path_factory.mktemp(name), name)
        words = "".join(f"-- {change}\n" for change in migration.changes)
        made[name] = f"{words}\n{migration.files[SCRIPT]}" if migration.files else "no migration\n"
    return made


@pytest.mark.parametrize("name", EDITS)
def test_migration(scripts: dict[str, str], name: str, snapshot: SnapshotAssertion) -> None:
    assert scripts[name] == snapshot(extension_class=SqlFile)


def test_squawk_passes(scripts: dict[str, str], tmp_path: Path) -> None:
    for name, text in scripts.items():
        (tmp_path / f"{name}.sql").write_text(text if name != "default_of_absent_values" else "")
    squawk = Path(sys.executable).with_name("squawk")
    command = [squawk, "--config", ROOT / ".squawk.toml", *sorted(tmp_path.glob("*.sql"))]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
