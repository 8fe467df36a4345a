"""What mypy knows of the rows that extractors make: the type of each column, by the table's model."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import get_args

from checks import some
from pydantic import BaseModel

import mlb_tables
from mlb_contracts import Method

ROOT = Path(__file__).parents[2]
MODULE = Path(mlb_tables.__file__).parent / "game" / "live_game_v1"
# What becomes what, in which file.
WRONG = {
    "declared": ("live_game_linescore.py", "    int, int, int, str | None, ", "    int, int, int, int | None, "),
    "decoded": ("document.py", "    ordinal_num: str | None", "    ordinal_num: Int2 | None"),
    "too_few": ("live_game_linescore.py", "                line.ordinal_num,  # inning_ordinal\n", ""),
    "may_be_none": ("live_game_linescore.py", 'required(line.num, "$.liveData.linescore.innings[*].num")', "line.num"),
    "right": ("live_game_linescore.py", "inning = ", "inning = "),
}


def tables() -> Iterator[tuple[ModuleType, type[BaseModel]]]:
    """Each table's module and its model."""
    for name in mlb_tables.METHODS.values():
        method: Method = importlib.import_module(name).METHOD
        for table in method.tables:
            module = importlib.import_module(table.extract.__module__)
            models = (each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BaseModel))
            yield module, next(each for each in models if each.__module__ == module.__name__)


def test_a_row_has_the_types_of_its_models_fields() -> None:
    for module, model in some(tables()):
        assert get_args(module.Row) == tuple(field.annotation for field in model.model_fields.values())


def test_mypy_refuses_what_does_not_fit_its_column(tmp_path: Path) -> None:
    for case, (file, text, instead) in WRONG.items():
        package = tmp_path / case
        package.mkdir()
        for each in ("__init__.py", "document.py", "live_game_linescore.py"):
            shutil.copy(MODULE / each, package)
        before = (package / file).read_text()
        assert before.count(text) == 1
        (package / file).write_text(before.replace(text, instead))

    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *_packages()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "MYPYPATH": str(tmp_path)},
    )

    refused = {line.partition("/")[0] for line in run.stdout.splitlines() if "live_game_linescore.py" in line}
    assert refused == WRONG.keys() - {"right"}, run.stdout + run.stderr


def _packages() -> list[str]:
    return [argument for case in WRONG for argument in ("-p", case)]
