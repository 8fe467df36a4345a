"""What an import loads, and how soon help is there: nothing that is not needed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest
import unmeasured
from checks import some
from click.testing import CliRunner

import mlb_etl
from mlb_etl.cli import cli

ROOT = Path(__file__).parents[2]
HEAVY = {
    "datamodel_code_generator", "deltalake", "duckdb", "htpy", "httpx", "jinja2", "jsonpatch", "msgspec", "obstore",
    "psycopg", "pyarrow", "pydantic", "pyrate_limiter", "pyspark", "redis", "rich", "ruff", "sqlglot", "stamina",
    "starlette", "tenacity", "uvicorn", "yaml",
}  # fmt: skip
OF_RECORDS = {"msgspec", "pydantic"}  # which generated code is made of
OF_TASKS = {"deltalake", "duckdb", "msgspec", "pyarrow"}  # what executors of Spark need besides
SOON = 0.3  # seconds of CPU for help, of which it takes a third

SHOWN = "; import sys, time; print(time.process_time(), *{name.partition('.')[0] for name in sys.modules})"
HELP = """
import atexit, sys, time
def show():
    names = {name.partition('.')[0] for name in sys.modules}
    print(time.process_time(), *names, file=sys.stderr)
atexit.register(show)
sys.argv[1:] = ['--help']
from %s import main
sys.exit(main())
"""


def run(code: str) -> tuple[str, str]:
    command, environment = [sys.executable, "-c", code], unmeasured.environment()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def told(line: str) -> tuple[float, set[str]]:
    seconds, *names = line.split()
    return float(seconds), set(names)


@pytest.mark.parametrize(
    ("code", "needed"),
    [
        ("import mlb_etl", set()),
        ("from mlb_etl import EtlError", set()),
        ("import mlb_tables", set()),
        ("import mlb_tables.game.live_game_v1.method", OF_RECORDS),
        ("import mlb_tables.game.live_game_v1.api", OF_RECORDS),
        ("import mlb_contracts.convert", {"msgspec"}),
        ("import mlb_etl.spark.fold", OF_TASKS),
        ("import mlbgen", set()),
    ],
)
def test_an_import_loads_what_it_needs(code: str, needed: set[str]) -> None:
    _, names = told(run(code + SHOWN)[0])
    assert "mlb_etl" in names or "mlb_etl" not in code
    assert names & HEAVY <= needed


@pytest.mark.parametrize("program", ["mlb_etl.cli", "mlbgen.cli"])
def test_help_is_there_soon(program: str) -> None:
    runs = [run(HELP % program) for _ in range(3)]
    for shown, last in runs:
        assert shown.startswith("Usage: ")
        assert told(last)[1] & HEAVY == set()
    assert min(told(last)[0] for _, last in runs) <= SOON


def test_each_command_is_where_it_is_said_to_be() -> None:
    context = click.Context(cli)
    assert cli.get_command(context, "no-such-command") is None
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
    for name in some(cli.list_commands(context)):
        command = cli.get_command(context, name)
        assert command is not None
        assert command.name == name
        [line] = [line for line in shown.splitlines() if line.startswith(f"  {name} ")]
        assert line.split(maxsplit=1)[1], "a line that fits is not broken"


def test_public_names_are_there() -> None:
    assert dir(mlb_etl) == sorted(mlb_etl.__all__)
    for name in mlb_etl.__all__:
        assert getattr(mlb_etl, name).__name__ == name
    with pytest.raises(AttributeError, match="no_such_name"):
        mlb_etl.no_such_name  # noqa: B018 - the access is what is tried


def test_pages_use_public_names_only() -> None:
    """What a reader copies goes on working: everything below the packages may change."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    blocks = [block for page in pages for block in re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)]
    used = [node for block in blocks for node in ast.walk(ast.parse(block))]
    modules = [alias.name for node in used if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in used if isinstance(node, ast.ImportFrom)]
    assert "mlb_etl" in modules
    assert not [name for name in modules if name.startswith(("mlb_etl.", "mlb_contracts.", "mlbgen"))]
    names = {node.attr for node in used if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "mlb_etl"}
    assert set(some(names)) <= set(mlb_etl.__all__)
