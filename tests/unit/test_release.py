"""What was released stays as it was: each version of the changelog keeps the sums of its migrations."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import release
from checks import some

DAY = date(2026, 11, 28)
FIRST = "generated/mlb_tables/migrations/V1__raw_tables.sql"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What a release reads and changes, before the first one."""
    for track in release.TRACKS:
        shutil.copytree(release.ROOT / track, tmp_path / track)
    (tmp_path / release.SUMS).mkdir(parents=True)
    for name in release.DEPLOYED:
        (tmp_path / name).parent.mkdir(parents=True)
        text = (release.ROOT / name).read_text()
        (tmp_path / name).write_text(text.replace(release.version(release.ROOT), "0.0.9"))
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "mlb"\nversion = "0.0.9"\n')
    (tmp_path / release.PLUGIN).parent.mkdir()
    (tmp_path / release.PLUGIN).write_text('version = "0.0.9"\ndependencies = ["mlb-etl==0.0.9"]\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- All of it.\n")
    return tmp_path


def test_no_released_migration_has_changed() -> None:
    assert list(release.changes(release.ROOT)) == []


def test_what_is_deployed_names_the_version() -> None:
    version, plugin = release.version(release.ROOT), (release.ROOT / release.PLUGIN).read_text()
    assert f'version = "{version}"' in plugin
    assert f'"mlb-etl=={version}"' in plugin
    assert f'"mlb-etl-baseball=={version}"' in (release.ROOT / "pyproject.toml").read_text()
    for name in release.DEPLOYED:
        assert release.version(release.ROOT) in (release.ROOT / name).read_text(), name


def test_each_version_of_the_changelog_keeps_its_sums() -> None:
    versions = release.released(release.ROOT)
    assert sorted(versions) == sorted(each.stem for each in (release.ROOT / release.SUMS).glob("*.sum"))
    assert versions[:1] in ([], [release.version(release.ROOT)])


def test_a_release_names_its_version_and_keeps_the_sums_of_both_tracks(project: Path) -> None:
    release.release(project, "0.1.0", DAY)
    assert release.version(project) == "0.1.0"
    assert release.released(project) == ["0.1.0"]
    for name in release.DEPLOYED:
        assert "0.0.9" not in (project / name).read_text()
        assert "0.1.0" in (project / name).read_text()
    assert (project / release.PLUGIN).read_text() == 'version = "0.1.0"\ndependencies = ["mlb-etl==0.1.0"]\n'
    assert (project / "CHANGELOG.md").read_text() == "# Changelog\n\n## 0.1.0, 2026-11-28\n\n- All of it.\n"
    sums = (project / release.SUMS / "0.1.0.sum").read_text()
    assert {line.split("  ")[1].rpartition("/")[0] for line in some(sums.splitlines())} == set(release.TRACKS)
    assert list(release.changes(project)) == []


@pytest.mark.parametrize("name", [FIRST, "runtime/mlb_etl/stores/postgres/sql/V1__control_tables.sql"])
def test_a_released_migration_that_changes_or_goes_is_found(project: Path, name: str) -> None:
    release.release(project, "0.1.0", DAY)
    script = project / name
    script.write_text(script.read_text() + "\n")
    assert list(release.changes(project)) == [f"{name} of 0.1.0"]
    script.unlink()
    assert list(release.changes(project)) == [f"{name} of 0.1.0"]


def test_migrations_follow_a_release(project: Path) -> None:
    release.release(project, "0.1.0", DAY)
    (project / FIRST).with_name("V9__more.sql").write_text("SELECT 1;\n")
    (project / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- More.\n\n## 0.1.0, 2026-11-28\n")
    release.release(project, "0.2.0", DAY)
    assert release.released(project) == ["0.2.0", "0.1.0"]
    assert list(release.changes(project)) == []


def test_what_can_not_be_right_is_no_release(project: Path) -> None:
    release.release(project, "0.1.0", DAY)
    with pytest.raises(SystemExit, match="released already"):
        release.release(project, "0.1.0", DAY)
    with pytest.raises(SystemExit, match="no section"):
        release.release(project, "0.2.0", DAY)
    (project / FIRST).unlink()
    with pytest.raises(SystemExit, match="never changes"):
        release.release(project, "0.2.0", DAY)
    assert release.version(project) == "0.1.0"
