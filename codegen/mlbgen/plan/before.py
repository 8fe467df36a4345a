"""What a plan compares with: the generated package and its migrations on disk, or in a revision of git."""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from mlbgen import layout
from mlbgen.language.errors import MlbgenError, unusable_files
from mlbgen.postgres.released import Released
from mlbgen.project import generate

_GENERATED = "generated"


@dataclass(frozen=True, slots=True)
class Before:
    """The generated modules by path in their package, and the released migrations; `name` says where they stand."""

    name: str
    modules: Mapping[str, str]
    released: Released | None


def on_disk(root: Path) -> Before:
    """The project's generated package; without modules if nothing was generated yet."""
    folder = layout.generated(layout.package(root))
    with unusable_files():
        files = sorted(each for each in (root / folder).rglob("*.py") if "__pycache__" not in each.parts)
        modules = {
            each.relative_to(root / folder).as_posix(): each.read_bytes().decode(errors="replace") for each in files
        }
    return Before(folder, modules, generate.read_released(root))


def of_revision(root: Path, revision: str) -> Before:
    """The package that is committed in a revision. Raises MlbgenError if git does not know it."""
    found = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = found.decode().strip()
    parts = _git(root, "ls-tree", "--name-only", "-z", commit, "--", "pyproject.toml", _GENERATED)
    listed = parts.decode().split("\0")
    if "pyproject.toml" not in listed:
        raise MlbgenError(f"the revision {revision} has no pyproject.toml here, so it is not of this project")
    with _extracted(_git(root, "archive", "--format=zip", commit, "--", *filter(None, listed))) as folder:
        committed = on_disk(folder)
    return replace(committed, name=f"{committed.name} in {revision}")


@contextmanager
def _extracted(archive: bytes) -> Iterator[Path]:
    with TemporaryDirectory(prefix="mlbgen-") as folder, ZipFile(BytesIO(archive)) as files:
        files.extractall(folder)
        yield Path(folder)


def _git(root: Path, *arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        raise MlbgenError("--since needs git, which is not installed")
    run = subprocess.run([git, *arguments], cwd=root, capture_output=True, check=False)
    if run.returncode:
        said = run.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise MlbgenError(f"--since: git {arguments[0]} fails in {root}: {said or 'there is no such revision'}")
    return run.stdout
