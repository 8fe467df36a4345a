"""A plugin with the tables that tests of the laws use, in each store: those of the sample method and of real games."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import feeds
import pytest
from databases import temporary_folder
from delta_lake import DeltaLaws
from laws import Laws
from sample_tables.game import METHOD
from samples import PACKAGE


@pytest.fixture
def sample(sample_database: str) -> Iterator[Laws]:
    """The tables of the sample method in PostgreSQL."""
    laws = Laws(sample_database, PACKAGE, METHOD)
    with closing(laws.connection):
        yield laws


@pytest.fixture(params=["postgres", "delta"])
def either(request: pytest.FixtureRequest) -> Laws:
    """The tables of the sample method in both stores, one after the other."""
    if request.param == "delta":
        return DeltaLaws(request.getfixturevalue("tmp_path"), PACKAGE, METHOD)
    laws: Laws = request.getfixturevalue("sample")
    return laws


@pytest.fixture(scope="session")
def real_lake() -> Iterator[Path]:
    """A lake with the tables of all methods, which takes longer to make than to copy."""
    folder = temporary_folder()
    DeltaLaws(folder, feeds.PACKAGE, feeds.METHOD)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def real(database: str) -> Iterator[Laws]:
    """The tables of live feeds in PostgreSQL."""
    laws = Laws(database, feeds.PACKAGE, feeds.METHOD)
    with closing(laws.connection):
        yield laws


@pytest.fixture(params=["postgres", "delta"])
def real_either(request: pytest.FixtureRequest, tmp_path: Path) -> Laws:
    """The tables of live feeds in both stores, one after the other."""
    if request.param == "delta":
        folder = tmp_path / "lake"
        shutil.copytree(request.getfixturevalue("real_lake"), folder)
        return DeltaLaws(folder, feeds.PACKAGE, feeds.METHOD)
    laws: Laws = request.getfixturevalue("real")
    return laws
