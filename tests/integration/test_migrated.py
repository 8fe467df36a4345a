"""Migrations on real servers: a database that was migrated is the same as a fresh one under the new mapping."""

import importlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import catalog
import psycopg
import pytest
from checks import some
from databases import temporary_database, transform
from edits import EDITS, FILE, MAPPING, TEAM, Edit, edit, next_migration, project, released_of, response
from psycopg import sql
from samples import stores, write

from mlb_etl import registry
from mlb_etl.capture import loader
from mlb_etl.errors import EtlError
from mlb_etl.laws.counts import Counts
from mlb_etl.stores.embedded.server import Server
from mlb_etl.stores.postgres import migrate, premake, roles
from mlb_etl.stores.postgres import rebuild as rebuilding
from mlb_etl.stores.postgres.db import Connection
from mlb_etl.stores.postgres.rebuild import rebuild_tables
from mlb_etl.stores.postgres.shown import Shown
from mlbgen import layout
from mlbgen.postgres import migrations, released, scripts
from mlbgen.postgres.relation import Relation
from mlbgen.project import generate, output
from mlbgen.project.migrate import plan

TESTS = Path(__file__).parents[1]
NOT_COMPARED = {"captured_at", "ingested_at"}
GAME, OTHER_KEY = "league.gameV1", EDITS["order_of_the_key"]
Capture = tuple[str, dict[str, str], int, dict[str, Any]]
# Two captures of one game, a season without partition made ahead, a game without plays, another method.
CAPTURES: list[Capture] = [
    (GAME, {"game_pk": "1"}, 3, response(1, 2024, 4)),
    (GAME, {"game_pk": "1"}, 5, response(1, 2024, 6)),
    (GAME, {"game_pk": "2"}, 3, response(2, 2019, 5)),
    (GAME, {"game_pk": "3"}, 4, response(3, 2024, 0)),
    ("league.teamV1", {"team_id": "9"}, 4, TEAM),
]
Databases = Callable[[], Connection]


class Project:
    """A project with its own mappings, and the packages that were generated of it, each under a name of its own."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self._name, self._count = root, name, 0

    def package(self, edited: Edit | None = None, what: str = "edit") -> str:
        """The import name of the package as it is, or after an edit and its migration."""
        if edited is not None:
            project(self.root, edited.mappings)
            self.generate()
            methods = [each.method for each in self.read()]
            migration = plan(methods, generate.read_released(self.root), what, edited.allowed)
            output.write(self.root, output.changes(self.root, migration.files))
        self._count += 1
        return self._named(f"{self._name}_{self._count}")

    def read(self) -> tuple[generate.Input, ...]:
        return generate.read(self.root, generate.mappings(self.root))

    def generate(self) -> None:
        files = generate.files(self.read(), generate.read_released(self.root))
        output.write(self.root, output.changes(self.root, files, [layout.generated()]))

    def schema(self) -> released.Released:
        found = generate.read_released(self.root)
        assert found is not None
        return found

    def _named(self, name: str) -> str:
        folder = self.root / "packages" / name
        shutil.copytree(self.root / layout.generated(), folder)
        importlib.invalidate_caches()
        return name


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of the first mapping, to be copied."""
    made = Project(tmp_path_factory.mktemp("first"), "first")
    project(made.root, {FILE: MAPPING})
    made.generate()
    return made


@pytest.fixture
def made(first: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Project:
    root = tmp_path / "project"
    shutil.copytree(first.root, root)
    (root / "packages").mkdir()
    monkeypatch.syspath_prepend(root / "packages")
    return Project(root, re.sub(r"\W", "_", request.node.name))


def databases_of(server: Server) -> Iterator[Databases]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(
            psycopg.connect(stack.enter_context(temporary_database(server)), autocommit=True)
        )


@pytest.fixture
def fresh(server: Server) -> Iterator[Databases]:
    """Makes connections to databases without anything."""
    yield from databases_of(server)


@pytest.fixture
def fresh15(server15: Server) -> Iterator[Databases]:
    yield from databases_of(server15)


def load(connection: Connection, package: str, folder: Path, captures: Iterable[Capture] = CAPTURES) -> None:
    """Put the captures into the raw tables, those that the package has a method for."""
    files = []
    for number, (name, params, day, content) in enumerate(captures):
        if name in registry.methods(package):
            endpoint, method = name.split(".")
            at = datetime(2024, 7, day, tzinfo=UTC)
            request = {"endpoint": endpoint, "method": method, "path_params": params, "query_params": {}, "url": ""}
            stub = {**request, "status_code": 200, "captured_at": at.isoformat(), "response": content}
            files.append(write(folder / f"{number}.json", stub))
    assert not loader.load_files(stores(connection), files, package=package).refused


def transformed(connection: Connection, package: str) -> list[Counts]:
    """Apply all captures, on a connection of its own as each worker has one."""
    with psycopg.connect(connection.info.dsn, autocommit=True) as own:
        done = [transform(own, registry.method(package, name), package) for name in registry.methods(package)]
    assert not any(counts.quarantined for counts in some(done))
    return done


def loaded(connection: Connection, package: str, folder: Path) -> None:
    migrate.apply_pending(connection, package)
    load(connection, package, folder)
    transformed(connection, package)


def rows(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table of the schema but the raw ones, with all columns by name but the times of writing."""
    found = {}
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'league'::regnamespace AND relkind IN ('r', 'p')"
        " AND NOT relispartition AND relname !~ '_v1$'"
    ).fetchall()
    for (name,) in names:
        cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier("league", name)))
        columns = [each.name for each in cursor.description or ()]
        plain = [{c: v for c, v in zip(columns, row, strict=True) if c not in NOT_COMPARED} for row in cursor]
        found[name] = sorted(plain, key=lambda row: str(sorted(row.items())))
    return found


def kept(
    before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]], renamed: Mapping[str, str | None]
) -> bool:
    """Whether each row that was there before is there after, with the same values in the columns that it had."""
    names = {name: {each: renamed.get(each, each) for each in old[0]} for name, old in before.items()}
    pairs = {name: [(was, now) for was, now in its.items() if now is not None] for name, its in names.items()}
    return all(
        _values(old, [was for was, _ in pairs[name]]) == _values(after[name], [now for _, now in pairs[name]])
        for name, old in before.items()
    )


def _values(of: list[dict[str, Any]], columns: Iterable[str]) -> list[str]:
    plain = ([float(row[each]) if isinstance(row[each], Decimal) else row[each] for each in columns] for row in of)
    return sorted(map(str, plain))


def migrated(connection: Connection, package: str) -> None:
    """Bring the schema to the package's, by rebuilding where that is what it takes."""
    try:
        migrate.apply_pending(connection, package)
    except EtlError as error:
        asked = re.search(r"run `mlb-etl rebuild --table (\S+)`", str(error))
        if asked is None:
            raise
        rebuild_tables(connection, package, asked[1])


@pytest.mark.parametrize("name", EDITS)
def test_migrated_is_the_same_as_fresh(made: Project, fresh: Databases, tmp_path: Path, name: str) -> None:
    before, after = made.package(), made.package(EDITS[name])
    old, new = fresh(), fresh()
    loaded(old, before, tmp_path)
    rows_before = rows(old)
    migrated(old, after)
    assert migrate.differences(old, after) == [], "what the migrations made is noted"
    if not EDITS[name].allowed.drop:
        assert kept(rows_before, rows(old), EDITS[name].renamed), "a migration by itself loses nothing"
    loaded(old, after, tmp_path)
    loaded(new, after, tmp_path)

    assert catalog.tables(old, ["league"]) == catalog.tables(new, ["league"])
    assert rows(old) == rows(new)
    assert rows(new)["games"]


@pytest.mark.parametrize("name", EDITS)
def test_the_migrations_lead_to_the_whole_schema(
    tmp_path: Path, fresh: Databases, fresh15: Databases, name: str
) -> None:
    """By what schema.json has: exactly, on each version. By what the mapping has: but for the order of columns."""
    migration = next_migration(tmp_path, name)
    texts = {Path(path).name: text for path, text in migration.files.items()}
    after = released.load_released(texts, "migrations") or released_of(tmp_path)
    methods = [each.method for each in generate.read(tmp_path, generate.mappings(tmp_path))]
    found = described(fresh(), *after.scripts.values())

    assert found == described(fresh15(), *after.scripts.values())
    assert found == described(fresh(), scripts.create(parents_first(after.schema)))
    if name != "partitions_ahead":  # those that were made ahead before stay
        whole = described(fresh(), migrations.raw_ddl(methods), migrations.tables_ddl(methods))
        assert {each: sorted(text.splitlines()) for each, text in found.items()} == {
            each: sorted(text.splitlines()) for each, text in whole.items()
        }


def described(connection: Connection, *scripts: str) -> dict[str, str]:
    for script in scripts:
        with connection.transaction():
            connection.execute(script.encode())
    return catalog.tables(connection, ["league"])


def parents_first(tables: Iterable[Relation]) -> list[Relation]:
    done: list[Relation] = []
    left = list(tables)
    while left:
        waiting = {each.name for each in left}
        done.append(next(each for each in left if waiting.isdisjoint(key.table for key in each.foreign_keys)))
        left.remove(done[-1])
    return done


def test_a_derived_column_that_is_no_longer_derived_is_reported(made: Project, fresh: Databases) -> None:
    package, connection = made.package(), fresh()
    migrate.apply_pending(connection, package)
    assert migrate.differences(connection, package) == []
    connection.execute("ALTER TABLE league.games ALTER COLUMN doubled DROP EXPRESSION")
    (found,) = migrate.differences(connection, package)
    assert (found.table, found.object, found.state) == ("league.games", "column doubled", "changed")
    assert "generated" in (found.made or "")


def test_one_migration_after_the_other(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before = made.package()
    old, new = fresh(), fresh()
    loaded(old, before, tmp_path)
    edits = [EDITS["column_added"], EDITS["column_dropped"], EDITS["order_of_the_key"], EDITS["table_added"]]
    for number, each in enumerate(edits):
        allowed = replace(each.allowed, drop=True, rebuild=True)
        after = made.package(replace(each, allowed=allowed), what=f"edit_{number}")
        migrated(old, after)
        transformed(old, after)
    loaded(new, after, tmp_path)
    assert made.schema().version == 6
    assert catalog.tables(old, ["league"]) == catalog.tables(new, ["league"])
    assert rows(old) == rows(new)


def foreign_keys(connection: Connection) -> set[tuple[str, str]]:
    """The tables that declare foreign keys, and those that these lead to."""
    query = """
        SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint
        WHERE contype = 'f' AND conparentid = 0 AND connamespace = 'league'::regnamespace
    """
    return {(child, parent) for child, parent in connection.execute(query)}


LINKED = {("league.plays", "league.games"), ("league.runners", "league.plays")}
ORPHAN = "INSERT INTO league.plays (game_pk, play_index, season, captured_at) VALUES (77, 1, %s, now())"


def test_a_foreign_key_outlives_the_partitions_of_its_parent(made: Project, fresh: Databases, tmp_path: Path) -> None:
    """Which is partitioned no longer, and then again; it holds in partitions that no row of the parent needs too."""
    before, after = made.package(), made.package(EDITS["parent_no_longer_partitioned"], what="whole")
    again = made.package(edit(rebuild=True), what="again")
    connection = fresh()
    loaded(connection, before, tmp_path)
    premake.make(connection, before, date(2030, 1, 1), date(2030, 1, 1))
    for package in (before, after, again):
        migrated(connection, package)
        assert foreign_keys(connection) == LINKED
        for season in (2019, 2024, 2030):
            with pytest.raises(psycopg.errors.ForeignKeyViolation, match="plays_game_pk_fkey"):
                connection.execute(ORPHAN, [season])


def test_a_parent_made_anew_keeps_its_children(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before, after = made.package(), made.package(EDITS["key_of_a_parent_with_children"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    migrated(connection, after)
    assert foreign_keys(connection) == LINKED


def test_a_season_that_was_dropped_stops_no_migration(made: Project, fresh: Databases, tmp_path: Path) -> None:
    """A new table has a partition ahead whose parents are gone; rows there would have no parents."""
    before, after = made.package(), made.package(EDITS["table_added"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    for table in ("runners", "plays", "games"):
        names = sql.Identifier("league", table), sql.Identifier("league", f"{table}_2024")
        connection.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(*names))
        connection.execute(sql.SQL("DROP TABLE {}").format(names[1]))
    migrated(connection, after)
    assert foreign_keys(connection) == LINKED | {("league.pitchers", "league.plays")}


def test_rows_without_parents_stop_a_migration(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before, after = made.package(), made.package(EDITS["foreign_key_added"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    connection.execute("ALTER TABLE league.plays DROP CONSTRAINT plays_game_pk_fkey")
    connection.execute("DROP TABLE league.games_2019")
    with pytest.raises(
        EtlError, match='on table "runners_2019" violates foreign key constraint "runners_game_pk_fkey"'
    ):
        migrate.apply_pending(connection, after)
    assert foreign_keys(connection) == {("league.runners", "league.plays")}


def test_a_new_column_is_filled_from_the_raw_responses(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before, after = made.package(), made.package(EDITS["column_added"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    assert migrate.apply_pending(connection, after) == ["V3__edit.sql"]
    query = "SELECT count(*), count(pitcher_id) FROM league.plays"
    assert connection.execute(query).fetchone() == (11, 0)
    (counts,) = transformed(connection, after)
    assert connection.execute(query).fetchone() == (11, 11)
    assert counts.tables["league.plays"].updated == 11
    assert counts.tables["league.runners"].updated == 0


def test_a_migration_that_fails_leaves_the_version_before(made: Project, fresh: Databases, tmp_path: Path) -> None:
    """A check that rows break: nothing of the migration stays, and what was there works on."""
    before = made.package()
    connection = fresh()
    loaded(connection, before, tmp_path)
    found, had = catalog.tables(connection, ["league"]), rows(connection)
    added = ", {name: slow, expression: speed < 90, severity: error}]"
    after = made.package(
        edit(("speed > 0, severity: error}]", f"speed > 0, severity: error}}{added}"), ("Runs so far.", "Runs."))
    )
    with pytest.raises(EtlError, match=r'V3__edit.sql: check constraint "plays_slow_check".*nothing was applied'):
        migrate.apply_pending(connection, after)
    assert (catalog.tables(connection, ["league"]), rows(connection)) == (found, had)
    assert [each.state for each in migrate.versions(connection, after)][-2:] == ["applied", "pending"]
    transformed(connection, before)


def test_a_migration_does_not_make_others_wait_for_long(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before, after = made.package(), made.package(EDITS["column_added"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    with psycopg.connect(connection.info.dsn) as reader:
        reader.execute("SELECT FROM league.plays")
        with pytest.raises(EtlError, match=r"V3__edit.sql: another session uses a table .*: try again"):
            migrate.apply_pending(connection, after)
    assert migrate.apply_pending(connection, after) == ["V3__edit.sql"]


def test_two_processes_at_once(made: Project, fresh: Databases) -> None:
    before, after = made.package(), made.package(EDITS["several_at_once"])
    connection = fresh()
    migrate.apply_pending(connection, before)
    environment = os.environ | {
        "MLB_ETL_DSN": connection.info.dsn,
        "MLB_ETL_TABLES": after,
        "PYTHONPATH": str(made.root / "packages"),
    }
    command = [sys.executable, "-c", "from mlb_etl.cli import main; main()", "schema", "init"]
    processes = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = sorted(process.communicate(timeout=60)[0] for process in processes)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert said == ["applied V3__edit.sql\n", *["the schema is up to date\n"] * 2]


class Rebuilding:
    """A database under the first mapping, and a package whose migration makes league.runners anew."""

    def __init__(self, made: Project, connection: Connection, folder: Path, edited: Edit) -> None:
        self.folder, self.connection = folder, connection
        self.before, self.after = made.package(), made.package(edited)
        loaded(connection, self.before, folder)

    def state(self) -> object:
        return catalog.tables(self.connection, ["league"]), rows(self.connection)

    def rebuild(self, progress: rebuilding.Progress = iter) -> dict[str, int]:
        with psycopg.connect(self.connection.info.dsn, autocommit=True) as own:
            return rebuild_tables(own, self.after, "league.runners", progress).rows

    def meanwhile(self, *captures: Capture) -> None:
        """What a worker of the old version does."""
        load(self.connection, self.before, self.folder, captures)
        transformed(self.connection, self.before)


@pytest.fixture
def runners(made: Project, fresh: Databases, tmp_path: Path) -> Rebuilding:
    return Rebuilding(made, fresh(), tmp_path, OTHER_KEY)


def test_a_rebuild_is_refused_by_init_only_where_there_are_rows(runners: Rebuilding) -> None:
    with pytest.raises(
        EtlError, match=r"V3__edit.sql: league.runners has rows.* `mlb-etl rebuild --table league.runne"
    ):
        migrate.apply_pending(runners.connection, runners.after)
    runners.connection.execute("DELETE FROM league.runners")
    assert migrate.apply_pending(runners.connection, runners.after) == ["V3__edit.sql"]


def test_a_rebuild_is_recorded(runners: Rebuilding) -> None:
    had = rows(runners.connection)
    assert runners.rebuild() == {"league.runners": len(had["runners"])}
    assert rows(runners.connection) == had
    assert {each.state for each in migrate.versions(runners.connection, runners.after)} == {"applied"}
    with pytest.raises(EtlError, match=r"no pending migration rebuilds league.runners"):
        runners.rebuild()


def test_a_rebuild_keeps_the_grants(runners: Rebuilding) -> None:
    """Those of the roles that load and read, so that workers which waited go on; a reader reads the partitions, too."""
    held = "SELECT has_table_privilege(%(r)s, oid, 'SELECT'), has_table_privilege(%(r)s, oid, 'INSERT'), relispartition"
    query = f"{held}, count(*) FROM pg_class WHERE relname ~ '^runners(_2[0-9]+)?$' GROUP BY 1, 2, 3 ORDER BY 3"
    with runners.connection.transaction(force_rollback=True):
        runners.connection.execute("CREATE ROLE loads; CREATE ROLE reads")
        roles.apply(runners.connection, runners.before, "loads", "reads")
        before = [runners.connection.execute(query, {"r": role}).fetchall() for role in ("loads", "reads")]
        runners.connection.execute("DELETE FROM league.runners")
        assert migrate.apply_pending(runners.connection, runners.after) == ["V3__edit.sql"]
        after = [runners.connection.execute(query, {"r": role}).fetchall() for role in ("loads", "reads")]
    assert [row[:3] for row in before[0]] == [(True, True, False), (True, False, True)]
    assert [row[:3] for row in before[1]] == [(True, False, False), (True, False, True)]
    assert [[row[:3] for row in each] for each in after] == [[row[:3] for row in each] for each in before]


def test_a_rebuild_takes_in_what_was_written_meanwhile(runners: Rebuilding) -> None:
    """A document that changed, one that is new, while the rows of the others were made already."""

    def progress(documents: Sequence[Shown]) -> Iterator[Shown]:
        yield from documents
        if documents:
            runners.meanwhile(
                (GAME, {"game_pk": "1"}, 9, response(1, 2024, 9)), (GAME, {"game_pk": "7"}, 9, response(7, 2023, 3))
            )

    assert runners.rebuild(progress) == {"league.runners": 9 + 4 + 3}
    found = runners.connection.execute("SELECT game_pk, count(*) FROM league.runners GROUP BY 1 ORDER BY 1")
    assert found.fetchall() == [(1, 9), (2, 4), (7, 3)]
    (counts,) = transformed(runners.connection, runners.after)
    assert counts.tables["league.runners"].updated == counts.tables["league.runners"].inserted == 0


def test_while_a_rebuild_swaps_readers_read_and_writers_wait(runners: Rebuilding) -> None:
    dsn = runners.connection.info.dsn
    with psycopg.connect(dsn) as reader, ThreadPoolExecutor(1) as pool:
        reader.execute("SELECT FROM league.runners")
        work = pool.submit(runners.rebuild)
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        while runners.connection.execute(waits).fetchone() == (0,):
            assert not work.done()
        assert reader.execute("SELECT count(*) FROM league.runners").fetchone() == (10,)
        runners.connection.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            runners.connection.execute("SELECT FROM etl.watermark FOR UPDATE")
        reader.commit()
        assert work.result(timeout=30) == {"league.runners": 10}


def test_while_a_rebuild_fills_the_new_tables_everyone_reads_the_old_ones(runners: Rebuilding) -> None:
    counted = "SELECT count(*) FROM league.runners"
    seen: list[Any] = []

    def fill() -> None:
        runners.connection.execute("SET lock_timeout = '1s'")
        seen.extend(runners.connection.execute(counted).fetchall())

    with (
        psycopg.connect(runners.connection.info.dsn, autocommit=True) as own,
        migrate.rebuilding(own, runners.after, "league.runners") as pending,
    ):
        pending.apply(ready=lambda: None, fill=fill)
    assert seen == [(10,)]
    assert runners.connection.execute(counted).fetchone() == (0,), "as nothing was filled in"


WITH_BASE = edit(
    ("play_index, runner_id]", "play_index, runner_id, base]"),
    ("path: runner.base,", "path: runner.base, nullable: false,"),
    rebuild=True,
)
TOO_NARROW = edit(
    ("[game_pk, play_index, runner_id]", "[play_index, game_pk, runner_id]"),
    ("name: base, type: text, path: runner.base", 'name: base, type: "numeric(2,0)", path: runner.id'),
    rebuild=True,
)


@pytest.mark.parametrize(
    ("edited", "why"),
    [
        (WITH_BASE, r"\$\.plays\[1\]\.runners\[0\]\.base is None"),
        (TOO_NARROW, r"league\.runners: .* the database refuses the row: numeric field overflow"),
    ],
)
def test_a_document_without_rows_under_the_new_mapping_stops_a_rebuild(
    made: Project, fresh: Databases, tmp_path: Path, edited: Edit, why: str
) -> None:
    runners = Rebuilding(made, fresh(), tmp_path, edited)
    had = runners.state()
    with pytest.raises(
        EtlError, match=r'\{"game_pk": 1\} of 2024-07-05.* has no rows under the new mapping: '
    ) as error:
        runners.rebuild()
    assert re.search(why, str(error.value))
    assert runners.state() == had


def test_a_rebuild_that_fails_leaves_all_as_it_was(runners: Rebuilding) -> None:
    had = runners.state()
    with psycopg.connect(runners.connection.info.dsn) as reader:
        reader.execute("SELECT FROM league.runners")
        with pytest.raises(EtlError, match=r"V3__edit.sql: another session uses a table"):
            runners.rebuild()
    assert runners.state() == had
    runners.meanwhile((GAME, {"game_pk": "1"}, 9, response(1, 2024, 9)))
    assert runners.rebuild() == {"league.runners": 13}


def test_a_response_that_the_raw_table_lost_stops_a_rebuild(runners: Rebuilding) -> None:
    runners.connection.execute("DELETE FROM league.game_v1 WHERE path_params ->> 'game_pk' = '2'")
    had = runners.state()
    with pytest.raises(EtlError, match=r'league.game_v1 no longer has the response .* of \{"game_pk": 2\}'):
        runners.rebuild()
    assert runners.state() == had


def test_rows_of_unknown_responses_stop_a_rebuild(runners: Rebuilding) -> None:
    runners.connection.execute("""DELETE FROM etl.watermark WHERE document = '{"game_pk": 2}'""")
    had = runners.state()
    with pytest.raises(EtlError, match=r"league.runners has rows of game_pk 2, whose watermark is gone"):
        runners.rebuild()
    assert runners.state() == had


def test_migrations_before_a_rebuild_come_first(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before = made.package()
    connection = fresh()
    loaded(connection, before, tmp_path)
    made.package(EDITS["comments"], what="comments")
    after = made.package(OTHER_KEY, what="other_key")
    with pytest.raises(EtlError, match=r"V3__comments.sql comes before V4__other_key.sql: run `mlb-etl schema init`"):
        rebuild_tables(connection, after, "league.runners")
    with pytest.raises(EtlError, match=r"V4__other_key.sql: league.runners has rows"):
        migrate.apply_pending(connection, after)
    assert rebuild_tables(connection, after, "league.runners").script == "V4__other_key.sql"


def test_several_tables_are_made_of_one_reading(made: Project, fresh: Databases, tmp_path: Path) -> None:
    before, after = made.package(), made.package(EDITS["partitioned_by_month"])
    connection = fresh()
    loaded(connection, before, tmp_path)
    read: list[str] = []

    def progress(documents: Sequence[Shown]) -> Iterator[Shown]:
        read.extend(each.document for each in documents)
        yield from documents

    done = rebuild_tables(connection, after, "league.plays", progress)
    assert done.rows == {"league.games": 3, "league.plays": 11, "league.runners": 10}
    assert read == ['{"game_pk": 1}', '{"game_pk": 2}', '{"game_pk": 3}']


@pytest.mark.parametrize(
    "name", ["column_of_foreign_keys_widened", "key_of_a_parent_with_children", "partitioned_by_month"]
)
def test_rows_are_kept_on_15(made: Project, fresh15: Databases, tmp_path: Path, name: str) -> None:
    before, after = made.package(), made.package(EDITS[name])
    connection = fresh15()
    loaded(connection, before, tmp_path)
    had = rows(connection)
    migrated(connection, after)
    assert kept(had, rows(connection), {})
    invalid = "SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid"
    assert connection.execute(invalid).fetchall() == []


def test_two_rebuilds_at_once(runners: Rebuilding) -> None:
    start = threading.Barrier(2)

    def work() -> object:
        start.wait()
        try:
            return runners.rebuild()
        except EtlError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        done = [future.result() for future in [pool.submit(work) for _ in range(2)]]
    assert {"league.runners": 10} in done
    assert any("no pending migration" in str(each) for each in done)


def command(runners: Rebuilding, made: Project, *options: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "MLB_ETL_DSN": runners.connection.info.dsn,
        "MLB_ETL_TABLES": runners.after,
        "PYTHONPATH": str(made.root / "packages"),
        "TERM": "xterm",
    }
    words = [sys.executable, "-c", "from mlb_etl.cli import main; main()", "rebuild", "--table", "league.runners"]
    return subprocess.run(
        [*words, *options], env=environment, stdout=subprocess.PIPE, text=True, check=False, **streams
    )


def test_the_command_says_what_it_did(runners: Rebuilding, made: Project) -> None:
    done = command(runners, made, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "applied V3__edit.sql\nrebuilt league.runners: 10 rows\n"


def test_on_a_terminal_the_command_shows_how_far_it_is(runners: Rebuilding, made: Project) -> None:
    terminal, end = pty.openpty()
    done = command(runners, made, "--format", "json", stderr=end)
    os.close(end)
    shown = os.read(terminal, 1 << 16).decode()
    os.close(terminal)
    assert json.loads(done.stdout) == {"applied": "V3__edit.sql", "rows": {"league.runners": 10}}
    assert re.search(r"(\d+)/\1 documents read", shown)
