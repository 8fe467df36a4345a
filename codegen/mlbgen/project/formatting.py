"""Formats generated Python in the project's style, whatever ruff's settings are where mlbgen runs."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

_SETTINGS = ("--isolated", "--no-cache", "--quiet", "--target-version=py311", "--line-length=120")
_PRUNE_AND_SORT_IMPORTS = (
    *("check", "--fix", "--select=F401,I001"),
    '--config=lint.isort.known-first-party=["mlb_contracts"]',
)


def formatted(modules: Mapping[str, str]) -> dict[str, str]:
    """The modules, by path, formatted and with only the imports they use, sorted."""
    with TemporaryDirectory(prefix="mlbgen-") as folder:
        root = Path(folder)
        for path, text in modules.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        _ruff(*_PRUNE_AND_SORT_IMPORTS, folder=root)
        _ruff("format", folder=root)
        return {path: (root / path).read_text(encoding="utf-8") for path in modules}


def _ruff(*arguments: str, folder: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, *_SETTINGS, "."],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"ruff does not accept what was generated:\n{run.stdout}{run.stderr}")
