"""Migrations on real servers: a database that was migrated is the same as a fresh one under the new mapping."""

import importlib
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import catalog
import psycopg
import pytest
from databases import temporary_database
from edits import EDITS, FILE, MAPPING, TEAM, Edit, project, response
from psycopg import sql
from samples import write

from mlb_etl import ingest, migrate, registry
from mlb_etl.db import Connection
from mlb_etl.embedded import Server
from mlb_etl.errors import EtlError
from mlb_etl.rebuild import rebuild
from mlb_etl.transform import transform
from mlbgen import generate, output
from mlbgen.migrate import plan

ROOT = Path(__file__).parents[2]
NOT_COMPARED = {"captured_at", "ingested_at"}
# Two captures of one game, a season without partition made ahead, a game without plays.
CAPTURES = [
    ("league", "gameV1", {"game_pk": "1"}, 3, response(1, 2024, 4)),
    ("league", "gameV1", {"game_pk": "1"}, 5, response(1, 2024, 6)),
    ("league", "gameV1", {"game_pk": "2"}, 3, response(2, 2019, 5)),
    ("league", "gameV1", {"game_pk": "3"}, 4, response(3, 2024, 0)),
    ("league", "teamV1", {"team_id": "9"}, 4, TEAM),
]


class Project:
    """A project with its own mappings, and the package that was generated of them last, under a name of its own."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self._name, self._versions = root, name, 0

    def generate(self, edit: Edit | None = None) -> str:
        """The import name of the package under the first mapping, or after an edit and its migration."""
        project(self.root, {FILE: MAPPING} if edit is None else edit.mappings)
        inputs = generate.read(self.root, generate.mappings(self.root))
        before = generate.read_released(self.root)
        output.write(self.root, output.changes(self.root, generate.files(inputs, before), [generate.GENERATED]))
        if edit is not None:
            migration = plan([each.method for each in inputs], before, "edit", edit.allowed)
            output.write(self.root, output.changes(self.root, migration.files))
        self._versions += 1
        return self._package(f"{self._name}_{self._versions}")

    def _package(self, name: str) -> str:
        folder = self.root / "packages" / name
        shutil.copytree(self.root / generate.GENERATED, folder)
        init = folder / "__init__.py"
        init.write_text(init.read_text().replace('"mlb_tables.', f'"{name}.'))
        importlib.invalidate_caches()
        return name


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Project:
    monkeypatch.syspath_prepend(tmp_path / "packages")
    return Project(tmp_path, re.sub(r"\W", "_", f"migrated_{request.node.name}"))


@pytest.fixture(params=["server", "server15"])
def databases(request: pytest.FixtureRequest) -> Iterator[Callable[[], Connection]]:
    yield from _databases(request.getfixturevalue(request.param))


@pytest.fixture
def fresh(server: Server) -> Iterator[Callable[[], Connection]]:
    """Makes connections to databases without anything."""
    yield from _databases(server)


def _databases(server: Server) -> Iterator[Callable[[], Connection]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            psycopg.connect(stack.enter_context(temporary_database(server)), autocommit=True)
        )


def load(connection: Connection, package: str, folder: Path) -> None:
    """Put those captures into the raw tables that the package has a method for."""
    files = []
    for number, (endpoint, method, params, day, content) in enumerate(CAPTURES):
        if f"{endpoint}.{method}" in registry.methods(package):
            at = datetime(2024, 7, day, tzinfo=UTC)
            request = {"endpoint": endpoint, "method": method, "path_params": params, "query_params": {}, "url": ""}
            stub = {**request, "status_code": 200, "captured_at": at.isoformat(), "response": content}
            files.append(write(folder / f"{number}.json", stub))
    assert not ingest.load_files(connection, files, package=package).refused


def transformed(connection: Connection, package: str) -> None:
    for name in registry.methods(package):
        with psycopg.connect(connection.info.dsn, autocommit=True) as own:
            counts = transform(own, registry.method(package, name), {})
        assert counts.quarantined == ()


def rows(connection: Connection) -> dict[str, Any]:
    """The rows of every table of the schema, with all columns by name but the times of writing."""
    found = {}
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'league'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition"
    ).fetchall()
    for (name,) in names:
        cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("league", name)))
        columns = [each.name for each in cursor.description or ()]
        plain = [{c: str(v) for c, v in zip(columns, row, strict=True) if c not in NOT_COMPARED} for row in cursor]
        found[name] = sorted(plain, key=lambda row: sorted(row.items()))
    return found


def migrated(connection: Connection, package: str) -> None:
    """Bring the schema to the package's, by rebuilding where that is what it takes."""
    try:
        migrate.init(connection, package)
    except EtlError as error:
        asked = re.search(r"run `mlb-etl rebuild --table (\S+)`", str(error))
        if asked is None:
            raise
        rebuild(connection, package, asked[1])


@pytest.mark.parametrize("name", EDITS)
def test_migrated_is_the_same_as_fresh(
    made: Project, fresh: Callable[[], Connection], tmp_path: Path, name: str
) -> None:
    before, after = made.generate(), made.generate(EDITS[name])
    old, new = fresh(), fresh()
    migrate.init(old, before)
    load(old, before, tmp_path)
    transformed(old, before)
    migrated(old, after)
    load(old, after, tmp_path)
    transformed(old, after)

    migrate.init(new, after)
    load(new, after, tmp_path)
    transformed(new, after)

    assert catalog.tables(old, ["league"]) == catalog.tables(new, ["league"])
    assert rows(old) == rows(new)
    assert rows(new)["games"]
