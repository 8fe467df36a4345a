"""`renamed_from`: what is refused, and that the hint may stay or go after the release."""

from dataclasses import replace
from pathlib import Path

import pytest
from edits import EDITS, FILE, MAPPING, behind, edit, project, released_of

from mlbgen import ir, layout
from mlbgen.language.diagnostics import MappingErrors
from mlbgen.postgres import released
from mlbgen.postgres.released import Released
from mlbgen.project import generate, migrate
from mlbgen.project.migrate import Allowed, Migration, plan

RENAMED = EDITS["column_of_indexes_and_checks_renamed"].mappings[FILE]
HINTS = ("renamed_from: score, ", "renamed_from: speed, ")


def methods(root: Path, mapping: str) -> list[ir.Method]:
    project(root, {FILE: mapping})
    return [each.method for each in generate.read_project(root)]


def after(migration: Migration) -> Released:
    """The migrations with that one released."""
    texts = {Path(path).name: text for path, text in migration.files.items()}
    found = released.load_released(texts, layout.migrations())
    assert found is not None
    return found


def test_after_the_release_the_hint_may_stay_or_go(tmp_path: Path) -> None:
    done = after(plan(methods(tmp_path, RENAMED), released_of(tmp_path), "rename", Allowed()))
    assert "renamed_from" not in "".join(done.texts.values())
    without = RENAMED
    for hint in HINTS:
        without = without.replace(hint, "")
    assert without != RENAMED
    stays, goes = methods(tmp_path, RENAMED), methods(tmp_path, without)
    for each in (stays, goes):
        assert plan(each, done, "again", Allowed()) == Migration({}, ())
        assert migrate.unreleased(each, done) == []
    assert [each.fingerprint for each in stays] == [each.fingerprint for each in goes]


def test_a_column_can_be_renamed_again(tmp_path: Path) -> None:
    done = after(plan(methods(tmp_path, RENAMED), released_of(tmp_path), "rename", Allowed()))
    again = RENAMED.replace("name: runs, renamed_from: score", "name: points, renamed_from: runs").replace(
        "[runs", "[points"
    )
    again = again.replace("runs >", "points >").replace("runs *", "points *")
    migration = plan(methods(tmp_path, again), done, "again", Allowed())
    assert "league.games: column runs renamed to points" in migration.changes


def test_a_column_that_was_released_under_its_name_is_not_renamed(tmp_path: Path) -> None:
    """The hint would be to give a column the name of another one."""
    both = edit(behind("{name: note,", "name: label, type: text, path: $.note, description: The same."))
    done = after(plan(methods(tmp_path, both.mappings[FILE]), released_of(tmp_path), "label", Allowed()))
    one = edit(("{name: note, type", "{name: note, renamed_from: label, type"))
    migration = plan(methods(tmp_path, one.mappings[FILE]), done, "again", Allowed(drop=True))
    assert migration.changes == ("league.games: column label dropped",)


def test_a_name_that_was_never_released_is_reported_by_check_and_migrate(tmp_path: Path) -> None:
    before = released_of(tmp_path)
    typo = methods(tmp_path, MAPPING.replace("{name: note,", "{name: remark, renamed_from: nte,"))
    with pytest.raises(MappingErrors) as caught:
        plan(typo, before, "rename", Allowed(drop=True))
    wrong = next(each for each in caught.value.diagnostics if each.code == "MG114")
    assert (wrong.message, wrong.help) == (
        'league.games was released without a column "nte" to rename',
        "released, and no longer in the mapping: note",
    )
    assert wrong in migrate.unreleased(typo, before)


def test_a_hint_of_a_table_that_is_new_changes_nothing(tmp_path: Path) -> None:
    before = released_of(tmp_path)
    table = edit(("league.runners", "league.runs"), ("{name: base,", "{name: at, renamed_from: base,"), drop=True)
    migration = plan(methods(tmp_path, table.mappings[FILE]), before, "table", Allowed(drop=True))
    assert migration.changes == ("league.runs: table added", "league.runners: table dropped")


def test_relations_are_compared_without_hints(tmp_path: Path) -> None:
    table = released_of(tmp_path).schema[-1]
    hinted = replace(table, fields=tuple(replace(each, renamed_from="old") for each in table.fields))
    assert hinted == table
