"""mlbgen init and mlbgen add: what they write, and what they refuse. test_projects runs what they wrote."""

import gzip
import json
from pathlib import Path

import pytest

from mlbgen import cli


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "my-shop"
    assert cli.main(["init", str(folder), "--base-url", "https://api.example.com/", "--token", "SHOP_TOKEN"]) == 0
    return folder


def stub(file: Path, **response: object) -> Path:
    """A captured response, as `mlb-etl fetch` writes one."""
    told = {"endpoint": "shop", "method": "first", "path_params": {}, "query_params": {}, "status_code": 200}
    told |= {"url": "https://api.example.com/goods", "captured_at": "2024-07-01T12:00:00Z", "response": response}
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told).encode()
    file.write_bytes(gzip.compress(text) if file.suffix == ".gz" else text)
    return file


def add(project: Path, *samples: Path, method: str = "goods") -> int:
    given = [word for each in samples for word in ("--from", str(each))]
    return cli.main(["add", "shop", method, *given, "--root", str(project)])


def generated(project: Path) -> bool:
    """Whether the mappings are right, and what is generated is what they say."""
    root, stubs = ["--root", str(project)], ["--stubs", str(project / "samples")]
    return [cli.main(["check", *root, *stubs]), cli.main(["diff", *root])] == [0, 0]


def test_a_new_project_has_no_mistakes(project: Path) -> None:
    assert generated(project)
    assert 'base_url = "https://api.example.com"' in (project / "mlb-etl.toml").read_text()
    assert "SHOP_TOKEN" in (project / "mlb-etl.toml").read_text()
    assert (project / "generated" / "my_shop" / "py.typed").exists()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["9lives"], "is not a project's name"),
        (["class"], "can't be the name of one"),
        (["json"], "is a module of Python"),
        (["pytest"], "is installed here already"),
        (["shop", "--base-url", "api.example.com"], "is not the URL of an API"),
        (["shop", "--base-url", "https://me@api.example.com"], "is not the URL of an API"),
        (["shop", "--base-url", "https://api.example.com/v2"], "is more than a server"),
        (["shop", "--token", "s3cret"], "is not the name of a variable"),
    ],
)
def test_what_can_be_no_project_is_refused(
    words: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["init", *words]) == 1
    assert why in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_files_is_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {each: each.read_bytes() for each in project.rglob("*") if each.is_file()}
    assert cli.main(["init", str(project)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert {each: each.read_bytes() for each in project.rglob("*") if each.is_file()} == before


def test_a_method_is_added_with_its_samples(project: Path, tmp_path: Path) -> None:
    """From a file, and from a folder: those that the project has under another name move."""
    own = stub(project / "samples" / "shop" / "first" / "one.json.gz", goods=[{"id": 1, "name": "A"}])
    other = stub(tmp_path / "other.json", goods=[{"id": 2, "name": "B", "price": 1.5}])
    assert add(project, own.parent, other) == 0
    assert not own.exists()
    kept = project / "samples" / "shop" / "goods"
    assert json.loads(gzip.decompress((kept / "one.json.gz").read_bytes()))["method"] == "goods"
    assert json.loads((kept / "other.json").read_text())["response"]["goods"][0]["id"] == 2
    assert other.exists()
    assert "price" in (project / "schemas" / "mappings" / "shop" / "goods.yaml").read_text()
    for command in (["generate"], ["migrate", "goods"]):
        assert cli.main([*command, "--root", str(project)]) == 0
    assert generated(project)


def test_a_method_is_added_once_and_from_samples_alone(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert add(project, tmp_path / "empty") == 1
    assert "no samples here" in capsys.readouterr().err
    sample = stub(tmp_path / "one.json", goods=[{"id": 1}])
    assert add(project, sample) == 0
    assert add(project, sample) == 1
    assert "shop.goods has a mapping: schemas/mappings/shop/goods.yaml" in capsys.readouterr().err
