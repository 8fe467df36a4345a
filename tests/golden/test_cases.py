"""Small mappings and all that comes of them: the generated code, and the rows that it makes of synthetic responses.

A case is a folder with a mapping, stubs and `expected`; a new one is a new folder, filled by `just goldens`.
"""

import importlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import unmeasured
from checks import some
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlb_contracts import Capture, Method
from mlb_etl.cli.sql import as_script
from mlb_etl.errors import Rejected
from mlb_etl.stores.postgres.statements import compose_statements
from mlbgen import layout, lower
from mlbgen.language import source
from mlbgen.project import generate
from mlbgen.samples import sample, stubs, whole
from mlbgen.samples.infer import infer

ROOT = Path(__file__).parents[2]
CASES = Path(__file__).parent / "cases"
NAMES = sorted(folder.name for folder in CASES.iterdir())
FOLDER = f"{layout.generated()}/league/game_v1"
LEFT_OUT = object()  # what an item becomes that is no document of the mapping
CAPTURED_AT = datetime(2024, 7, 13, 4, 19, 9, tzinfo=UTC)
# What a case shows besides the structs and the tables.
METHODS = (
    "accept_rules",
    "forms",
    "hydrations",
    "items",
    "items_at_root",
    "list_at_root",
    "only_for",
    "request_parameters",
    "unreadable",
)
ALSO = {
    **{case: {f"{FOLDER}/method.py": "method.py"} for case in METHODS},
    "hydrations": {
        f"{FOLDER}/method.py": "method.py",
        f"{layout.generated()}/__init__.py": "package.py",
        **{f"{FOLDER}_education/{name}.py": f"education_{name}.py" for name in ("document", "method", "schools")},
    },
    **{
        case: {f"{layout.generated()}/migrations/V2__league_game_tables.sql": "tables.sql"}
        for case in NAMES
        if "partition" in case or "indexes" in case
    },
}


class CaseFile(SingleFileSnapshotExtension):
    """A golden file in the folder of its case, called `case/file`, as it would be on its own."""

    _write_mode = WriteMode.TEXT

    @classmethod
    def get_location(cls, *, index: object, **_test: object) -> str:
        case, _, file = str(index).partition("/")
        return str(CASES / case / "expected" / file)

    @classmethod
    def matches_test_location(cls, *, snapshot_location: str, **_test: object) -> bool:
        return snapshot_location.startswith(str(CASES))

    @classmethod
    def dirname(cls, **_test: object) -> str:
        return str(CASES / "none")  # the files are told stale by a test, not by what syrupy finds


def lowered(case: str) -> generate.Input:
    """The case's mapping, against the shape of its stubs."""
    (shape,) = infer(stubs.find_stubs(CASES / case / "stubs")).values()
    text = source.load(CASES / case / "mapping.yaml", root=CASES / case)
    return generate.Input(lower.lower(text, shape), shape)


def shown(case: str, files: Mapping[str, str]) -> dict[str, str]:
    """The files of a case by their names in `expected`."""
    also = ALSO.get(case, {})
    left_out = {"__init__.py", "api.py", "method.py"}
    own = {path: Path(path).name for path in files if path.startswith(f"{FOLDER}/") and Path(path).name not in left_out}
    return {name: files[path] for path, name in {**own, **also}.items()}


def written(case: str, files: Mapping[str, str], folder: Path) -> Method:
    """The method of a case, of a package of its own."""
    for path, text in files.items():
        if path.startswith(f"{FOLDER}/") and not path.endswith("api.py"):
            module = folder / f"golden_{case}" / Path(path).name
            module.parent.mkdir(exist_ok=True)
            module.write_text(text)
    method: Method = importlib.import_module(f"golden_{case}.method").METHOD
    return method


def made_of(method: Method, stub: Path) -> object:
    """What each document of the response becomes, or the one; or why the response is refused."""
    content = json.loads(stub.read_bytes())
    capture = Capture(CAPTURED_AT, content.get("query_params", {}) | content["path_params"])
    capture = method.complete(capture)
    body = json.dumps(content["response"]).encode()
    if method.items is None:
        return made_of_document(method, body, capture)
    try:
        answer = method.items.decode(body)
        method.items.accept(answer, capture)
        made = (made_of_document(method, bytes(each), capture) for each in method.items.each(answer))
        return [each for each in made if each is not LEFT_OUT]
    except Rejected as error:
        return f"refused: response: {error}"


def made_of_document(method: Method, body: bytes, capture: Capture) -> object:
    """The rows of each table by name, or why the document is refused."""
    table = None
    try:
        document = method.decode(body)
        method.accept(document, capture)
        rows = {}
        keys = {key.name: key.read(document, capture) for key in method.document if key.parameter is None}
        if any(key.values and keys[key.name] not in key.values for key in method.document):
            return LEFT_OUT
        capture = method.about(keys, capture)
        for each in method.tables:
            table = each.qualified_name
            names = [column.name for column in each.columns]
            found = each.extract(document, capture) if each.takes(keys) else []
            rows[table] = [dict(zip(names, row, strict=True)) for row in found]
    except Rejected as error:
        return f"refused: {table or 'response'}: {error}"
    return rows


@pytest.mark.parametrize("case", NAMES)
def test_case(
    case: str,
    snapshot: SnapshotAssertion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    given = lowered(case)
    files = generate.files([given])
    method = written(case, files, tmp_path)
    made = {stub.name: made_of(method, stub) for stub in sorted((CASES / case / "stubs").iterdir())}
    golden = {
        **shown(case, files),
        "rows.json": json.dumps(made, indent=1, default=str, ensure_ascii=False) + "\n",
        "statements.sql": "\n".join(as_script(compose_statements(each, method.document)) for each in method.tables),
    }

    for name, text in golden.items():
        assert text == snapshot(name=f"{case}/{name}", extension_class=CaseFile)
    stale = {path for path in (CASES / case / "expected").iterdir() if path.name not in golden}
    if request.config.getoption("update_snapshots"):
        for path in stale:
            path.unlink()
    else:
        assert not stale
    base, *_ = lower.split_by_hydration(given.method)
    for table, mapped in some(zip(method.tables, base.tables, strict=True)):
        for stub in stubs.find_stubs(CASES / case / "stubs"):
            rows = made[Path(stub.file).name]
            asked = replace(stub, captured_at=CAPTURED_AT)
            documents = whole.documents(given.method, whole.completed(given.method, asked))
            for document, each in zip(documents, rows if isinstance(rows, list) else [rows], strict=False):
                if isinstance(each, dict):
                    alone = sample.sample_rows(mapped, document)
                    assert each[table.qualified_name] == [{**row, "captured_at": CAPTURED_AT} for row in alone]


def test_goldens_pass_the_linter() -> None:
    """Files named one by one are checked although the folder is left out of `ruff check .`."""
    goldens = sorted(str(file.relative_to(ROOT)) for file in CASES.glob("*/expected/*.py"))
    ruff = [sys.executable, "-m", "ruff"]

    checked = subprocess.run(
        [*ruff, "check", "--no-cache", *goldens], cwd=ROOT, capture_output=True, text=True, check=False
    )
    format_check = [*ruff, "format", "--check", "--no-cache", *goldens]
    formatted = subprocess.run(format_check, cwd=ROOT, capture_output=True, text=True, check=False)

    assert goldens
    assert checked.returncode == 0, checked.stdout
    assert formatted.returncode == 0, formatted.stdout


def test_goldens_pass_the_type_checker(tmp_path: Path) -> None:
    for case in NAMES:
        files = generate.files([lowered(case)])
        for path, text in files.items():
            if path.startswith(f"{FOLDER}/") and not path.endswith("api.py"):
                module = tmp_path / f"golden_{case}" / Path(path).name
                module.parent.mkdir(exist_ok=True)
                module.write_text(text)
    packages = [argument for case in NAMES for argument in ("-p", f"golden_{case}")]

    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *packages],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**unmeasured.environment(), "MYPYPATH": str(tmp_path)},
    )

    assert run.returncode == 0, run.stdout
