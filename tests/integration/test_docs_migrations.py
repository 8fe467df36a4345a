"""What docs/migrations.md tells: its commands run, in a copy of the repository, on a server of its own."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from databases import temporary_folder

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "migrations.md").read_text(), re.DOTALL | re.MULTILINE)
MAPPING = "schemas/mappings/game/live_game_v1.yaml"
LINK = "      - {name: umpire_link, type: text, path: umpire.official.link, description: Where the API tells of him.}\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of what git tracks or would track, with this environment as its .venv."""
    target = tmp_path / "clone"
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in listed.stdout.rstrip("\0").split("\0"):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    (target / ".venv").symlink_to(sys.prefix)
    for command in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return target


@pytest.fixture
def environment(clone: Path, stubs_dir: Path) -> Iterator[dict[str, str]]:
    """An embedded server for the commands, and the clone's tables; nothing of the developer's own settings."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("MLB_")}
    data = temporary_folder()
    own |= {"MLB_ETL_DATA": str(data), "MLB_STUBS": str(stubs_dir), "PYTHONPATH": str(clone / "generated")}
    own["PATH"] = f"{clone / '.venv' / 'bin'}:{own['PATH']}"
    yield own
    subprocess.run(["mlb-etl", "db", "stop"], cwd=clone, env=own, check=True)
    shutil.rmtree(data)


def umpires(clone: Path, edit: tuple[str, str]) -> None:
    """Edit what the mapping says of the umpires."""
    file = clone / MAPPING
    text = file.read_text()
    at = text.index("- name: game.live_game_umpires")
    assert edit[0] in text[at:]
    file.write_text(text[:at] + text[at:].replace(*edit, 1))


def test_commands(clone: Path, environment: dict[str, str]) -> None:
    def run(block: str) -> str:
        command = ["sh", "-euc", block]
        done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(text: str) -> str:
        return run(f"mlb-etl db psql -- -At --command='{text}'").strip()

    run("mlb-etl schema init; mlb-etl test load-stub --game-pk 747175")
    run("mlb-etl transform --job config/jobs/game_live_transform.yaml")
    change, rebuild = BLOCKS

    first = re.search(r"^      - \{name: official_name.*\n", (clone / MAPPING).read_text(), re.MULTILINE)
    assert first
    umpires(clone, (first[0], first[0] + LINK))
    run(change)
    assert query("SELECT count(*), count(umpire_link) FROM game.live_game_umpires") == "4|4"

    umpires(clone, ("    duplicates: first\n", "    duplicates: first\n    partition_by: none\n"))
    assert "made game.live_game_umpires anew: 4 rows" in run(rebuild)
    assert query("SELECT count(*), count(umpire_link) FROM game.live_game_umpires") == "4|4"
    assert query("SELECT count(*) FROM etl.flyway_schema_history") == "5"
