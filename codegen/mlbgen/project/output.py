"""The only module that writes files: compares the generated texts with them, and shows or applies the difference."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mlbgen.language.errors import MlbgenError, unusable_files

_MARK = re.compile(rb"(?i:generated|inferred) by mlbgen")
_MARKED_WITHIN = 400  # bytes: the header stands at the top


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is out of date; `old` or `new` is None if the file does not exist before or after."""

    path: str
    kind: Literal["missing", "different", "orphaned"]
    old: str | None
    new: str | None

    def hunks(self) -> str:
        """The unified diff from the file to the generated text."""
        lines = difflib.unified_diff(
            (self.old or "").splitlines(keepends=True),
            (self.new or "").splitlines(keepends=True),
            "/dev/null" if self.old is None else f"a/{self.path}",
            "/dev/null" if self.new is None else f"b/{self.path}",
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)


@unusable_files()
def changes(root: Path, texts: Mapping[str, str], folders: Iterable[str] = ()) -> list[Change]:
    """The files to write below `root`, and generated files in `folders` that are orphans, by path.

    Raises MlbgenError for a file in the way that mlbgen did not generate, or that can't be read.
    """
    found = [each for path, text in texts.items() if (each := _change(root, path, text))]
    generated = {path for folder in folders for path in _generated(root, folder)}
    found += [Change(path, "orphaned", _text(root / path), None) for path in generated - texts.keys()]
    return sorted(found, key=lambda each: each.path)


@unusable_files()
def write(root: Path, changed: Iterable[Change]) -> None:
    """Write the changed files; remove orphans and folders that become empty.

    Raises MlbgenError for a file that can't be written.
    """
    for change in changed:
        file = root / change.path
        if change.new is None:
            file.unlink()
            _remove_empty(file.parent, root)
        else:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(change.new, encoding="utf-8", newline="\n")


def _change(root: Path, path: str, text: str) -> Change | None:
    file = root / path
    if not file.exists():
        return Change(path, "missing", None, text)
    old = _text(file)
    if old == text:
        return None
    if old and not _is_marked(file):
        raise MlbgenError(f"{path}: is in the way: mlbgen did not generate it and does not overwrite it; move it")
    return Change(path, "different", old, text)


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")


def _generated(root: Path, folder: str) -> Iterator[str]:
    for file in (root / folder).rglob("*"):
        if file.is_file() and "__pycache__" not in file.parts and _is_marked(file):
            yield file.relative_to(root).as_posix()


def _is_marked(file: Path) -> bool:
    with file.open("rb") as opened:
        return _MARK.search(opened.read(_MARKED_WITHIN)) is not None


def _remove_empty(folder: Path, root: Path) -> None:
    while folder != root and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
