"""Views that are written as SQL files: what they become, and which of them a migration drops and makes again."""

import json
import re
from pathlib import Path

import pytest
from checks import some
from edits import EDITS, FILE, MAPPING, project
from hypothesis import given
from hypothesis import strategies as st

from mlbgen import cli, layout
from mlbgen.postgres.view import View, dependents, in_order
from mlbgen.project import generate
from mlbgen.views import load_views

INNINGS = """\
-- Plays by game.
CREATE VIEW league.counts AS
WITH counted AS (
    SELECT p.game_pk, count(*) AS plays   -- of all kinds
    FROM league.plays AS p
    GROUP BY p.game_pk
)
SELECT g.game_pk, g.score, g.note AS remark, c.plays
FROM league.games AS g
JOIN counted AS c ON c.game_pk = g.game_pk;

COMMENT ON VIEW league.counts IS 'One row for each game with plays; it''s counted.';
COMMENT ON COLUMN league.counts.plays IS 'Number of plays.';
"""
BUSY = """\
CREATE MATERIALIZED VIEW club.busy AS
SELECT c.game_pk, c.plays FROM league.counts AS c WHERE c.plays > 3;
COMMENT ON MATERIALIZED VIEW club.busy IS 'One row for each game with more than three plays.';
CREATE UNIQUE INDEX busy_key ON club.busy (game_pk);
"""
BASES = """\
CREATE VIEW league.bases AS
SELECT DISTINCT r.base FROM league.runners AS r;
COMMENT ON VIEW league.bases IS 'One row for each base.';
"""
ROOT = Path(__file__).parents[2]
FOLDER = layout.migrations()


def run(root: Path, command: str, *arguments: str) -> int:
    return cli.main([command, *arguments, "--root", str(root)])


def put(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        file = root / layout.VIEWS / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def script(root: Path, name: str) -> str:
    return (root / FOLDER / name).read_text()


def statements(text: str) -> list[str]:
    """How each statement starts, but those about comments and constraints."""
    found = re.findall(r"^((?:DROP|CREATE|ALTER) .*?)(?: AS$| \(.*|;$|$)", text, re.MULTILINE)
    return [each for each in found if "CONSTRAINT" not in each]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with three views, whose first migrations are released."""
    monkeypatch.delenv("MLB_STUBS", raising=False)
    project(tmp_path, {FILE: MAPPING})
    put(tmp_path, counts=INNINGS, busy=BUSY, bases=BASES)
    assert run(tmp_path, "generate") == 0
    return tmp_path


def test_a_view_arrives_as_it_was_written(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = script(root, "V3__views.sql")
    query = INNINGS[INNINGS.index("WITH") : INNINGS.index(";")]
    assert f'\nCREATE VIEW "league"."counts" AS\n{query};\n' in text
    assert 'CREATE UNIQUE INDEX "busy_key" ON "club"."busy" ("game_pk");' in text
    assert "COMMENT ON VIEW \"league\".\"counts\" IS 'One row for each game with plays; it''s counted.';" in text
    assert text.index('"league"."counts" AS') < text.index('"club"."busy" AS'), "each after those that it reads"
    assert 'CREATE SCHEMA IF NOT EXISTS "club";' in text, "a schema in which only views are"
    assert "schemas/views/counts.sql" in text.splitlines()[0]

    assert run(root, "ddl") == 0
    assert capsys.readouterr().out.endswith(text[text.index("CREATE SCHEMA") :])
    assert [run(root, each) for each in ("check", "diff")] == [0, 0]


def test_a_column_that_repeats_another_has_its_comment(root: Path) -> None:
    text = script(root, "V3__views.sql")
    for view, column, comment in [
        ("counts", "remark", "What is said of it."),
        ("counts", "plays", "Number of plays."),
        ("bases", "base", "Where he ended."),
    ]:
        assert f'COMMENT ON COLUMN "league"."{view}"."{column}" IS \'{comment}\';' in text
    assert 'COMMENT ON COLUMN "club"."busy"."plays" IS \'Number of plays.\';' in text, "of a view, too"


def test_a_changed_view_and_those_that_read_it_are_made_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(root, counts=INNINGS.replace("count(*)", "count(p.speed)"))
    assert run(root, "diff") == 1
    shown = capsys.readouterr().err
    assert (
        "schemas/views/counts.sql:2:13: error[MG110]: no migration has this yet: league.counts: view changed" in shown
    )
    assert "club.busy: view made again, since something that it reads changes" in shown

    assert [run(root, *each) for each in (("generate",), ("migrate", "counts"))] == [0, 0]
    assert statements(script(root, "V4__counts.sql")) == [
        'DROP MATERIALIZED VIEW IF EXISTS "club"."busy"',
        'DROP VIEW IF EXISTS "league"."counts"',
        'CREATE VIEW "league"."counts"',
        'CREATE MATERIALIZED VIEW "club"."busy"',
        'CREATE UNIQUE INDEX "busy_key" ON "club"."busy"',
    ]
    assert "SET LOCAL lock_timeout" in script(root, "V4__counts.sql")
    assert [run(root, each) for each in ("check", "diff")] == [0, 0]


def test_views_give_way_to_a_table_that_they_read(root: Path) -> None:
    """PostgreSQL changes no type of a column that a view reads; another new column does no harm."""
    project(root, EDITS["column_added"].mappings)
    assert run(root, "migrate", "added") == 0
    assert not any("VIEW" in each for each in some(statements(script(root, "V4__added.sql"))))
    project(root, EDITS["column_widened"].mappings)
    run(root, "migrate", "widened", "--allow-drop")
    assert [each for each in statements(script(root, "V5__widened.sql")) if "doubled" in each or "VIEW" in each] == [
        'DROP MATERIALIZED VIEW IF EXISTS "club"."busy"',
        'DROP VIEW IF EXISTS "league"."counts"',
        'ALTER TABLE "league"."games" DROP COLUMN "doubled"',
        'CREATE VIEW "league"."counts"',
        'CREATE MATERIALIZED VIEW "club"."busy"',
    ]


def test_another_comment_changes_nothing_else(root: Path) -> None:
    """Also that of a table's column, which the view's column has."""
    put(root, bases=BASES.replace("One row", "A row"))
    project(root, {FILE: MAPPING.replace("Where he ended", "Base where he ended")})
    assert run(root, "migrate", "words") == 0
    text = script(root, "V4__words.sql")
    assert statements(text) == []
    assert 'COMMENT ON VIEW "league"."bases" IS \'A row for each base.\';' in text
    assert 'COMMENT ON COLUMN "league"."bases"."base" IS \'Base where he ended.\';' in text


def test_a_view_without_a_file_is_dropped(root: Path) -> None:
    (root / layout.VIEWS / "busy.sql").unlink()
    assert run(root, "migrate", "less") == 0
    text = script(root, "V4__less.sql")
    assert statements(text) == ['DROP MATERIALIZED VIEW IF EXISTS "club"."busy"']
    views = json.loads((root / FOLDER / "schema.json").read_text())["views"]
    assert [each["name"] for each in views] == ["bases", "counts"]
    assert "position" not in views[0]


def test_a_view_of_a_column_that_is_gone_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project(root, EDITS["column_dropped"].mappings)
    assert run(root, "migrate", "no_note", "--allow-drop") == 1
    assert 'schemas/views/counts.sql:8:28: error[MG123]: league.games has no column "note"' in capsys.readouterr().err
    assert run(root, "check") == 1
    assert "MG123" in capsys.readouterr().err


def test_the_example_of_the_page_is_a_view(tmp_path: Path) -> None:
    released = generate.read_released(ROOT)
    assert released is not None
    (example,) = re.findall(r"^```sql\n(.*?)^```$", (ROOT / "docs/views.md").read_text(), re.MULTILINE | re.DOTALL)
    file = tmp_path / "strikeouts.sql"
    file.write_text(example)
    (view,) = load_views([file], released.schema, root=tmp_path)
    assert (view.qualified_name, view.materialized, view.key) == ("game.strikeouts", True, ("season", "pitcher_id"))
    assert view.reads == ("game.live_game_plays",)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda each: each[0] < each[1]), max_size=12))
def test_each_view_comes_after_those_that_it_reads(pairs: list[tuple[int, int]]) -> None:
    views = [
        View("v", f"v{number}", "", (), "", tuple(f"v.v{read}" for read, by in pairs if by == number))
        for number in reversed(range(8))
    ]
    order = [each.qualified_name for each in in_order(views)]
    assert sorted(order) == [f"v.v{number}" for number in range(8)]
    assert all(order.index(f"v.v{read}") < order.index(f"v.v{by}") for read, by in pairs)
    reached = {"v.v0"}
    for _ in views:
        reached |= {f"v.v{by}" for read, by in pairs if f"v.v{read}" in reached}
    assert dependents(views, ["v.v0"]) == reached
