"""The settings of [tool.mlbgen] in pyproject.toml."""

from pathlib import Path

import pytest

from mlbgen import layout
from mlbgen.language.errors import MlbgenError


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "my_tables"),
        ("[project]\nname = 'x'", "my_tables"),
        ("[tool.mlbgen]", "my_tables"),
        ("[tool.mlbgen]\npackage = 'club_tables2'", "club_tables2"),
    ],
)
def test_the_name_of_the_package(tmp_path: Path, text: str, name: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert layout.package(tmp_path) == name
    assert layout.migrations(name) == f"generated/{name}/migrations"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[tool", "is not TOML"),
        (b"\xff", "is not TOML"),
        (b"tool = 1", "is not TOML with tables"),
        (b"a = " + b"[" * 20_000, "is not TOML"),
        (b"[tool]\nmlbgen = 'x'", "only knows the keys `package` and `samples`"),
        (b"[tool.mlbgen]\npackages = 'x'", "only knows the keys `package` and `samples`"),
        *(
            (f"[tool.mlbgen]\npackage = {name}".encode(), "expected an unused name of .*, such as my_tables")
            for name in ("1", "''", "'../x'", "'a.b'", "'a-b'", "'A'", "'class'", "'mlb_etl'", f"'{'a' * 64}'", "'ä'")
        ),
    ],
)
def test_an_invalid_name_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "pyproject.toml").write_bytes(content)
    with pytest.raises(MlbgenError, match=message) as refused:
        layout.package(tmp_path)
    assert str(refused.value).startswith(f"{tmp_path / 'pyproject.toml'}: ")


def test_the_samples_are_the_projects_own_unless_it_names_folders(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text("")
    assert layout.samples(tmp_path) == ()
    (tmp_path / "schemas" / "samples").mkdir(parents=True)
    assert layout.samples(tmp_path) == (tmp_path / "schemas" / "samples",)
    (tmp_path / "more").mkdir()
    file.write_text('[tool.mlbgen]\nsamples = ["more"]')
    assert layout.samples(tmp_path) == (tmp_path / "more",)


@pytest.mark.parametrize(
    ("samples", "message"),
    [("'more'", "expected folders"), ("[1]", "expected folders"), ('["none"]', "there is no folder 'none'")],
)
def test_samples_that_are_no_folders_are_refused(tmp_path: Path, samples: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.mlbgen]\nsamples = {samples}")
    with pytest.raises(MlbgenError, match=message):
        layout.samples(tmp_path)


def test_a_file_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(MlbgenError, match=r"pyproject\.toml: can't be read: No such file"):
        layout.package(tmp_path)
