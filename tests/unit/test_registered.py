"""Entry points of ours are those that importlib.metadata finds, without its import."""

import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from mlb_contracts.registered import EntryPoint, entry_points

GROUPS = ("mlb_etl.plugins", "mlb_etl.converters", "mlb_etl.checks", "mlb_etl.conventions")
POINTS = """\
# a comment
[console_scripts]
mine = mine:main

[mlb_etl.checks]
within = mine.checks : Own.within [extra]
mlb_etl.odd=mine:x

[mlb_etl.converters]
"""


def install(folder: Path, name: str, points: str) -> None:
    made = folder / name
    made.mkdir(parents=True)
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name.partition('-')[0]}\nVersion: 1.0\n")
    (made / "entry_points.txt").write_text(points)


def theirs(group: str) -> list[tuple[str, str]]:
    return sorted((each.name, each.value) for each in metadata.entry_points(group=group))


def ours(group: str) -> list[tuple[str, str]]:
    return sorted((each.name, each.value) for each in entry_points(group))


@pytest.mark.parametrize("group", GROUPS)
def test_the_installed_ones_are_found(group: str) -> None:
    assert ours(group) == theirs(group)
    assert ours(group) or group == "mlb_etl.checks"


@pytest.fixture(params=["folders", "an archive too"])
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages of which some are installed twice, or have no entry points, and what else can be on the path."""
    install(tmp_path / "first", "My.Own-1.0.dist-info", POINTS)
    install(tmp_path / "second", "my_own-0.9.dist-info", POINTS.replace("within", "hidden"))
    install(tmp_path / "second", "other-1.0.dist-info", "[mlb_etl.converters]\nmiles = other:miles\n")
    install(tmp_path / "second", "plain-1.0.dist-info", "[console_scripts]\nplain = plain:main\n")
    (tmp_path / "second" / "bare-1.0.dist-info").mkdir()
    for folder in ("second", "first", "none"):
        monkeypatch.syspath_prepend(tmp_path / folder)
    if request.param == "an archive too":
        with zipfile.ZipFile(tmp_path / "packed.zip", "w") as packed:
            packed.writestr("packed-1.0.dist-info/METADATA", "Name: packed\n")
            packed.writestr("packed-1.0.dist-info/entry_points.txt", "[mlb_etl.checks]\npacked = packed:x\n")
        monkeypatch.syspath_prepend(tmp_path / "packed.zip")
    return tmp_path


def test_what_comes_onto_the_path_is_found(site: Path) -> None:
    assert [ours(group) for group in GROUPS] == [theirs(group) for group in GROUPS]
    names = [name for name, _ in ours("mlb_etl.checks")]
    assert names == ["mlb_etl.odd", *(["packed"] if (site / "packed.zip").exists() else []), "within"]
    assert ("miles", "other:miles") in ours("mlb_etl.converters")


def test_an_object_is_loaded_as_importlib_does() -> None:
    value = "pathlib : Path.joinpath [extra]"
    assert EntryPoint("g", "n", value).load() is metadata.EntryPoint("n", value, "g").load() is Path.joinpath
    assert EntryPoint("g", "n", "pathlib").load().Path is Path
    with pytest.raises(AttributeError):
        EntryPoint("g", "n", "pathlib:Paths").load()


def test_help_needs_no_importlib_metadata() -> None:
    """Nor the facts of generated packages: it starts soon."""
    code = """
import contextlib, io, sys
from mlb_etl.cli import main
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    sys.argv = ["mlb-etl", "--help"]
    main()
print(*{"importlib.metadata", "mlb_contracts.methods", "msgspec", "psycopg", "httpx"} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
