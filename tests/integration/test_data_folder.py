"""Which data folder is used: the project's, from wherever below it; and it is told when a database is made."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import clones
import pytest
from databases import temporary_folder

PROGRAM = Path(sys.executable).parent / "mlb-etl"


@pytest.fixture
def folder() -> Iterator[Path]:
    path = temporary_folder()
    yield path
    for lock in path.rglob("postgres/lock"):
        clones.stop(lock.parent.parent)
    shutil.rmtree(path)


def url(here: Path, **settings: str) -> tuple[str, str]:
    """What `mlb-etl db url` prints there, and what it says on standard error."""
    own = clones.environment() | settings
    done = subprocess.run([PROGRAM, "db", "url"], cwd=here, env=own, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_one_database_for_a_project(folder: Path) -> None:
    project, deep = folder / "project", folder / "project" / "docs" / "deep"
    deep.mkdir(parents=True)
    made, told = url(project)
    assert f"creating one in {project}/data/postgres; MLB_ETL_DATA or MLB_ETL_DSN selects another" in told
    assert url(deep) == (made, "")
    other, told = url(deep, MLB_ETL_DATA="own")
    assert other != made
    assert f"creating one in {deep}/own/postgres;" in told
    assert {*folder.rglob("postgres")} == {deep / "own" / "postgres", project / "data" / "postgres"}
