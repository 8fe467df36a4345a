"""The statements of the shipped tables, as `mlb-etl sql` prints them, which needs no database."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from checks import some
from click.testing import CliRunner, Result
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlb_etl import registry
from mlb_etl.cli import cli
from mlb_etl.stores.postgres.statements import compose_statements

PACKAGE = "mlb_tables"
METHODS = [registry.method(PACKAGE, each) for each in registry.methods(PACKAGE)]
TABLES = {table.qualified_name: (table, method.document) for method in METHODS for table in method.tables}


class SqlFile(SingleFileSnapshotExtension):
    """A golden file for each table."""

    _write_mode = WriteMode.TEXT
    file_extension = "sql"


@pytest.fixture(autouse=True)
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLB_ETL_DSN", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.delenv("MLB_ETL_TABLES", raising=False)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["sql", *arguments])


@pytest.mark.parametrize("name", TABLES)
def test_the_statements_of(name: str, snapshot: SnapshotAssertion) -> None:
    told = run(name)
    assert told.exit_code == 0
    assert told.output == snapshot(extension_class=SqlFile)


def test_the_name_alone_is_enough_where_one_table_has_it() -> None:
    assert run("live_game_plays").output == run("game.live_game_plays").output


def test_as_json() -> None:
    for name, (table, document) in some(TABLES.items()):
        assert json.loads(run(name, "--format", "json").output) == {
            "table": name,
            **asdict(compose_statements(table, document)),
        }


def test_an_unknown_name_is_told_with_those_there_are() -> None:
    told = run("live_game_play")
    assert told.exit_code == 1
    assert "no table 'live_game_play'; mlb_tables has config." in told.output
    assert all(each in told.output for each in some(TABLES))


def test_a_name_of_two_tables_is_no_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "twice"
    package.mkdir()
    method = "game.liveGameV1"
    (package / "__init__.py").write_text(
        f"METHODS = {{'a': 'twice.a', '{method}': 'mlb_tables.game.live_game_v1.method'}}"
    )
    (package / "a.py").write_text(
        "from dataclasses import replace\n"
        "from mlb_tables.game.live_game_v1.method import METHOD as FIRST\n"
        "METHOD = replace(FIRST, tables=(replace(FIRST.tables[0], schema='other'),))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("MLB_ETL_TABLES", "twice")
    told = run("live_game_metadata")
    assert told.exit_code == 1
    assert "choose other.live_game_metadata or game.live_game_metadata" in told.output
    assert run("other.live_game_metadata").exit_code == 0
