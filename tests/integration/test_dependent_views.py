"""Views over tables that a migration changes: kept with all that is theirs, or nothing is applied."""

import importlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from checks import some
from databases import temporary_database
from edits import EDITS, FILE, MAPPING, project

from mlb_etl.errors import EtlError
from mlb_etl.stores.postgres import migrate
from mlb_etl.stores.postgres.db import Connection
from mlbgen import layout
from mlbgen.project import generate, output
from mlbgen.project.migrate import Allowed, plan

OURS = """\
CREATE VIEW league.best AS
SELECT g.game_pk, g.score FROM league.games AS g WHERE g.score > 0;
COMMENT ON VIEW league.best IS 'One row for each game with runs.';
"""
READER, OWNER = "view_reader", "view_owner"
# A user's views of a table, of our view, of a partition, and a materialized one with all that it can have.
THEIRS = f"""
CREATE SCHEMA mine;
CREATE VIEW mine.scores WITH (security_barrier=true) AS SELECT game_pk AS game, score, note FROM league.games;
CREATE VIEW mine.high AS SELECT * FROM league.best WHERE score > 1;
CREATE VIEW mine.part AS SELECT score FROM league.games_2024;
CREATE MATERIALIZED VIEW mine.totals WITH (fillfactor=90) AS
    SELECT s.game, sum(s.score) AS total FROM mine.scores AS s GROUP BY s.game;
CREATE UNIQUE INDEX totals_key ON mine.totals (game);
CREATE INDEX totals_total ON mine.totals (total DESC) WHERE total IS NOT NULL;
CREATE MATERIALIZED VIEW mine.later AS SELECT score FROM league.games WITH NO DATA;
CREATE RULE quiet AS ON DELETE TO mine.scores DO INSTEAD NOTHING;
COMMENT ON VIEW mine.scores IS 'It''s mine';
COMMENT ON COLUMN mine.scores.note IS 'A note';
COMMENT ON MATERIALIZED VIEW mine.totals IS 'Totals';
GRANT SELECT ON mine.scores, mine.totals, league.best, mine.high TO {READER};
GRANT SELECT (score) ON mine.part TO {READER};
GRANT UPDATE ON mine.scores TO {READER} WITH GRANT OPTION;
REVOKE DELETE ON mine.scores FROM CURRENT_USER;
GRANT ALL ON SCHEMA mine TO {OWNER};
ALTER VIEW mine.high OWNER TO {OWNER};
"""  # noqa: S608 - our own names
DROP = Allowed(drop=True)
STATE = """
SELECT c.oid::regclass::text, c.relkind::text, pg_get_viewdef(c.oid), c.reloptions, c.relacl::text, c.relispopulated,
    pg_get_userbyid(c.relowner)::text, obj_description(c.oid),
    ARRAY(SELECT (a.attname, a.attacl, col_description(c.oid, a.attnum))::text FROM pg_attribute AS a
        WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum),
    ARRAY(SELECT indexdef FROM pg_indexes WHERE schemaname = n.nspname AND tablename = c.relname ORDER BY indexname),
    ARRAY(SELECT definition FROM pg_rules WHERE schemaname = n.nspname AND tablename = c.relname ORDER BY rulename)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND n.nspname IN ('mine', 'league') ORDER BY 1
"""


class Migrating:
    """A project with one view of ours, whose migrations are applied to a database with views of a user."""

    def __init__(self, root: Path, name: str, connection: Connection) -> None:
        self.root, self._name, self._count, self.connection = root, name, 0, connection
        self.migrate(MAPPING)
        connection.execute("INSERT INTO league.games (game_pk, season, score, captured_at) VALUES (7, 2024, 3, now())")
        connection.execute(THEIRS.encode())

    def package(self, mapping: str, *, ours: str = OURS, allowed: Allowed = DROP) -> str:
        """The import name of the package after an edit and its migration."""
        project(self.root, {FILE: mapping, f"{layout.VIEWS}/best.sql": ours})
        inputs, before = generate.read_project(self.root), generate.read_released(self.root)
        views = generate.read_views(self.root, inputs)
        if before is not None:
            made = plan([each.method for each in inputs], before, "edit", allowed, views=views)
            output.write(self.root, output.changes(self.root, made.files))
        files = generate.files(inputs, generate.read_released(self.root), of_views=views)
        output.write(self.root, output.changes(self.root, files))
        self._count += 1
        name = f"{self._name}_{self._count}"
        shutil.copytree(self.root / layout.generated(), self.root / "packages" / name)
        importlib.invalidate_caches()
        return name

    def migrate(self, mapping: str, **how: Any) -> None:
        assert migrate.apply_pending(self.connection, self.package(mapping, **how))

    def state(self) -> dict[str, Any]:
        return {name: facts for name, *facts in some(self.connection.execute(STATE).fetchall())}

    def oids(self) -> list[Any]:
        return self.connection.execute(
            "SELECT oid FROM pg_class WHERE relkind IN ('v', 'm') AND oid > 16384"
        ).fetchall()


@pytest.fixture(params=["server"])
def migrating(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Migrating]:
    monkeypatch.syspath_prepend(tmp_path / "packages")
    with (
        temporary_database(request.getfixturevalue(request.param)) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        for role in (READER, OWNER):
            connection.execute(f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN END $$".encode())
        yield Migrating(tmp_path, re.sub(r"\W", "_", request.node.name), connection)


@pytest.mark.parametrize("migrating", ["server", "server15"], indirect=True)
def test_views_are_as_they_were_after_a_type_changed_below_them(migrating: Migrating) -> None:
    """With options, rules, indexes, comments, owners and grants; what is read has the new type."""
    before = migrating.state()
    assert before.keys() == {"league.best", *(f"mine.{name}" for name in ("scores", "high", "part", "totals", "later"))}
    assert f"{READER}=rw*/" in before["mine.scores"][3]
    migrating.migrate(EDITS["column_widened"].mappings[FILE])
    assert migrating.state() == before
    assert migrating.connection.execute("SELECT total FROM mine.totals").fetchall() == [(3,)]
    for view in ("league.best", "mine.scores", "mine.part"):
        found = migrating.connection.execute(f"SELECT pg_typeof(score)::text FROM {view}".encode()).fetchall()  # noqa: S608
        assert found == [("bigint",)], view


def test_a_view_of_ours_that_changes_keeps_its_grants_and_what_reads_it(migrating: Migrating) -> None:
    before = migrating.state()
    migrating.migrate(MAPPING, ours=OURS.replace("> 0", "> 1").replace("g.score FROM", "g.score, g.note FROM"))
    after = migrating.state()
    assert "> 1" in after["league.best"][1]
    assert after["league.best"][3] == before["league.best"][3], "grants"
    for name in some(before.keys() - {"league.best"}):
        assert after[name] == before[name]


def test_without_need_no_view_is_made_again(migrating: Migrating) -> None:
    before = migrating.oids()
    migrating.migrate(EDITS["column_added"].mappings[FILE])
    assert migrating.oids() == before


def test_a_renamed_column_leaves_views_alone(migrating: Migrating) -> None:
    before, oids = migrating.state(), migrating.oids()
    migrating.migrate(MAPPING.replace("{name: note,", "{name: remark, renamed_from: note,"))
    after = migrating.state()
    assert migrating.oids() == oids
    assert "remark AS note" in after["mine.scores"][1]
    assert after["mine.totals"] == before["mine.totals"]


def test_a_rebuilt_table_has_its_views_again(migrating: Migrating) -> None:
    before = migrating.state()
    mapping = MAPPING.replace("    primary_key: [game_pk]\n", "    primary_key: [game_pk]\n    partition_by: none\n", 1)
    migrating.connection.execute("DELETE FROM league.games; DROP VIEW mine.part")
    package = migrating.package(mapping, allowed=Allowed(drop=True, rebuild=True))
    assert migrate.apply_pending(migrating.connection, package) == ["V4__edit.sql"]
    del before["mine.part"]
    assert migrating.state() == before


@pytest.mark.parametrize(
    ("mapping", "ours", "view", "why"),
    [
        (EDITS["column_dropped"].mappings[FILE], OURS, "mine.scores", 'column "note" does not exist'),
        (MAPPING, OURS.replace("best", "good"), "mine.high", 'relation "league.best" does not exist'),
    ],
    ids=["column", "view"],
)
def test_a_view_that_can_not_be_made_again_stops_all(
    migrating: Migrating, mapping: str, ours: str, view: str, why: str
) -> None:
    """Its column is gone, or the view of ours that it reads; the message names it, and nothing is applied."""
    before, oids = migrating.state(), migrating.oids()
    package = migrating.package(mapping, ours=ours)
    words = (
        rf"V4__edit.sql: the view {view} reads what this changes, and can't be made again after it: {why}; nothing was"
    )
    with pytest.raises(EtlError, match=words):
        migrate.apply_pending(migrating.connection, package)
    assert (migrating.state(), migrating.oids()) == (before, oids)
    assert migrate.versions(migrating.connection, package)[-1].state == "pending"
    migrating.connection.execute(f"DROP VIEW {view} CASCADE".encode())
    assert migrate.apply_pending(migrating.connection, package) == ["V4__edit.sql"]
