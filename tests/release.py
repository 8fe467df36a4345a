"""Makes the commit of a release ready: `python tests/release.py 0.1.0`, after the last change of a migration.

The version goes into pyproject.toml and into what names an image of it, the section Unreleased of the changelog gets
its name, and tests/migrations keeps the sums of all migrations: from then on tests/unit/test_release.py fails where
one of them changes. Nothing is committed.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from mlb_contracts import migrations

ROOT = Path(__file__).resolve().parents[1]
TRACKS = ("generated/mlb_tables/migrations", "runtime/mlb_etl/stores/postgres/sql")
SUMS = "tests/migrations"
PLUGIN = "baseball/pyproject.toml"  # which has the same version, and needs just this one
DEPLOYED = ("helm/mlb-data-platform/Chart.yaml", "workflows/mlb-etl.yaml")  # they name images by version
UNRELEASED = "## Unreleased"
_VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)
_RELEASED = re.compile(r"^## (\d+\.\d+\.\d+), \d{4}-\d\d-\d\d$", re.MULTILINE)


def release(root: Path, version: str, day: date) -> None:
    """Change the files; ends the program where that can't be right."""
    sums, changelog, project = root / SUMS / f"{version}.sum", root / "CHANGELOG.md", root / "pyproject.toml"
    if sums.exists():
        sys.exit(f"{version} is released already: {sums.relative_to(root)} is there")
    if changed := list(changes(root)):
        sys.exit(f"a released migration never changes: {', '.join(changed)}")
    news = changelog.read_text()
    if f"\n{UNRELEASED}\n" not in news:
        sys.exit(f"CHANGELOG.md has no section {UNRELEASED}: what does {version} bring?")
    changelog.write_text(news.replace(UNRELEASED, f"## {version}, {day}", 1))
    [before] = _VERSION.findall(project.read_text())
    plugin = root / PLUGIN
    plugin.write_text(plugin.read_text().replace(before, version))
    for name in DEPLOYED:
        file = root / name
        file.write_text(file.read_text().replace(before, version))
    text = _VERSION.sub(f'version = "{version}"', project.read_text(), count=1)
    project.write_text(text.replace(f"mlb-etl-baseball=={before}", f"mlb-etl-baseball=={version}"))
    sums.write_text(migrations.format_sums(scripts(root)))


def scripts(root: Path) -> dict[str, bytes]:
    """The migrations of both tracks, by their paths."""
    found = (file for track in TRACKS for file in sorted((root / track).iterdir()))
    return {str(file.relative_to(root)): file.read_bytes() for file in found if migrations.SCRIPT.fullmatch(file.name)}


def changes(root: Path) -> Iterator[str]:
    """The released migrations that are gone, or not as they were released, each with its version."""
    now = {name: migrations.digest(text) for name, text in scripts(root).items()}
    for sums in sorted((root / SUMS).glob("*.sum")):
        for name, digest in migrations.parse_sums(sums.read_text()).items():
            if now.get(name) != digest:
                yield f"{name} of {sums.stem}"


def version(root: Path) -> str:
    """That of the project."""
    return _VERSION.findall((root / "pyproject.toml").read_text())[0]


def released(root: Path) -> list[str]:
    """The versions in the changelog, newest first."""
    return _RELEASED.findall((root / "CHANGELOG.md").read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the commit of a release ready.")
    parser.add_argument("version", help="such as 0.1.0")
    asked = parser.parse_args()
    if not re.fullmatch(r"\d+\.\d+\.\d+", asked.version):
        parser.error(f"{asked.version} is not a version such as 0.1.0")
    release(ROOT, asked.version, datetime.now(UTC).date())


if __name__ == "__main__":
    main()
