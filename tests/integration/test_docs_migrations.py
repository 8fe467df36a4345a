"""What docs/migrations.md tells of a change comes true: the columns, rows and versions after each of its blocks."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import clones
import pytest

BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (clones.ROOT / "docs/migrations.md").read_text(), re.DOTALL | re.MULTILINE)


@pytest.fixture
def clone() -> Iterator[Path]:
    with clones.clone() as folder:
        yield folder


def test_commands(clone: Path) -> None:
    load, change, rebuild, restart, take_back = BLOCKS
    settings = load.splitlines()[0]
    assert settings.startswith("export MLB_ETL_DATA=")

    def run(block: str) -> str:
        command = ["sh", "-euc", f"{settings}\n{block}"]
        own = clones.environment(clone)
        done = subprocess.run(command, cwd=clone, env=own, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(text: str) -> str:
        return run(f"mlb-etl db psql -- -At --command='{text}'").strip()

    run(load)
    run(f"python tests/umpires.py link\n{change}")
    assert query("SELECT count(*), count(umpire_link) FROM game.live_game_umpires") == "4|4"
    assert "rebuilt game.live_game_umpires: 4 rows" in run(f"python tests/umpires.py partition\n{rebuild}")
    assert query("SELECT count(*), count(umpire_link) FROM game.live_game_umpires") == "4|4"
    committed = len(list((clones.ROOT / "generated/mlb_tables/migrations").glob("V*.sql")))
    assert query("SELECT count(*) FROM etl.flyway_schema_history") == str(committed + 2)
    query("UPDATE etl.flyway_schema_history SET checksum = 0")  # as in a database of before the first release
    assert "applied 1, same 0, stale 0, quarantined 0" in run(restart)
    assert query("SELECT count(*), count(umpire_link) FROM game.live_game_umpires") == "4|4"
    run(take_back)
    assert not run("git status --porcelain")
    assert not (clone / "data" / "try").exists()
