"""Each diagnostic code has a mapping that shows it, and a row in docs/errors.md.

A case with `released.yaml` is about the migration from that mapping to the other; `other.yaml` is another mapping.
Views are SQL files; a case that has only these is about the tables of `views.yaml`.
"""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from checked import check_samples
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode

from mlbgen import ir
from mlbgen.language import source
from mlbgen.language.diagnostics import Diagnostic, MappingErrors
from mlbgen.language.source import with_lines
from mlbgen.lower import check_relations, grammar, load_method, lower, table_names
from mlbgen.postgres import migrations, released
from mlbgen.postgres.view import View
from mlbgen.project import migrate
from mlbgen.samples.infer import infer
from mlbgen.samples.stubs import Stub
from mlbgen.views import load_views

ROOT = Path(__file__).parents[2]
ERRORS = Path(__file__).parent / "errors"
CASES = sorted(folder.name for folder in ERRORS.iterdir() if folder.is_dir())
SAMPLES = [
    Stub(f"sample{number}.json", "league.gameV1", document)
    for number, document in enumerate(json.loads((ERRORS / "samples.json").read_text()), start=1)
]


class TextFile(SingleFileSnapshotExtension):
    _write_mode = WriteMode.TEXT
    file_extension = "txt"


def diagnostics(case: str) -> MappingErrors:
    folder = ERRORS / case
    (shape,) = infer(SAMPLES).values()
    try:
        mapping = next(each for each in (folder / "mapping.yaml", ERRORS / "views.yaml") if each.exists())
        method = lower(source.load(mapping, root=mapping.parent), shape, others(folder))
        found = list(check_samples(method, SAMPLES).diagnostics)
        if (folder / "other.yaml").exists():
            found += check_relations([method, load_method(folder / "other.yaml", root=folder, shape=shape)])
        views = load_views(sorted(folder.glob("*.sql")), migrations.relations([method]), root=folder)
        if (folder / "released.yaml").exists():
            before = load_method(folder / "released.yaml", root=folder, shape=shape)
            found = of_migration(before, method, views)
    except MappingErrors as errors:
        return MappingErrors(with_lines(errors.diagnostics, root=folder))
    return MappingErrors(with_lines(found, root=folder))


def others(folder: Path) -> dict[str, str]:
    """The tables of the mapping beside the one that is refused, where the case has one."""
    files = [each for each in [folder / "other.yaml"] if each.exists()]
    return {name: each.name for each in files for name in table_names(grammar.validate(source.load(each, root=folder)))}


def of_migration(before: ir.Method, method: ir.Method, views: Sequence[View]) -> list[Diagnostic]:
    """What is said of a mapping after a release; raises MappingErrors for what is refused."""
    texts = {Path(path).name: text for path, text in migrations.first_files([before]).items()}
    base = released.load_released(texts, "migrations")
    migrate.plan([method], base, "change", migrate.Allowed(), views=views)
    return migrate.unreleased([method], base, views)


@pytest.mark.parametrize("case", CASES)
def test_what_is_refused(case: str, snapshot: SnapshotAssertion) -> None:
    errors = diagnostics(case)

    assert case[:5] in {each.code for each in errors.diagnostics}
    assert f"{errors}\n" == snapshot(extension_class=TextFile)


def test_codes_of_the_code_the_documentation_and_the_cases_are_the_same() -> None:
    sources = (ROOT / "codegen" / "mlbgen").rglob("*.py")
    used = set().union(*(re.findall(r'"(MG\d{3})"', source.read_text()) for source in sources))
    documented = set(re.findall(r"^\| (MG\d{3}) \|", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE))
    shown = {case[:5] for case in CASES}

    assert used == documented
    assert used == shown
